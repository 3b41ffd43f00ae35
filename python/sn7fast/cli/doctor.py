"""``sn7fast doctor``: what is installed, and what is missing."""

from __future__ import annotations

from typing import Any

import click

from sn7fast import __version__, get_num_threads
from sn7fast._core import debug_build

# Package, what it is for, what brings it.
_PACKAGES = (
    ("numpy", "everything", "numpy"),
    ("click", "the command line", "click"),
    ("rasterio", "rasters", "rasterio"),
    ("tqdm", "progress bars", "tqdm"),
    ("pydantic", "pipeline, train, search: settings", "pydantic"),
    ("pyyaml", "pipeline, train, search: settings", "pyyaml"),
    ("onnxruntime", "demo, pipeline, predict", "'sn7fast[onnx]'"),
    ("torch", "train; predict with weights that are no ONNX", "'sn7fast[torch]'"),
    ("safetensors", "files of weights", "'sn7fast[torch]'"),
    ("onnx", "export", "'sn7fast[torch]'"),
    ("onnxscript", "export", "'sn7fast[torch]'"),
    ("optuna", "search", "'sn7fast[search]'"),
    ("obstore", "download", "'sn7fast[s3]'"),
    ("zarr", "search, collapse: cubes kept as zarr", "'sn7fast[zarr]'"),
    ("shapely", "Footprints.to_shapely, sn7fast.compat", "'sn7fast[vector]'"),
    ("geopandas", "Footprints.to_geopandas, sn7fast.compat", "'sn7fast[vector]'"),
    ("pandas", "sn7fast.compat", "'sn7fast[vector]'"),
    ("pyogrio", "GeoPackage, FlatGeobuf, sn7fast.compat", "'sn7fast[vector]'"),
    ("pyarrow", "GeoParquet, Arrow", "'sn7fast[vector]'"),
    ("pystac", "STAC items", "'sn7fast[vector]'"),
)


@click.command(
    "doctor",
    short_help="Show versions, threads and missing packages.",
    epilog="Example: sn7fast doctor --json",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(as_json: bool) -> None:
    """Show versions, the native core, threads, and which packages are there or missing."""
    import json

    from sn7fast.cli.table import align

    facts = _facts()
    if as_json:
        click.echo(json.dumps(facts, indent=1))
        return
    core = facts["core"]
    lines = [
        ["sn7fast", facts["sn7fast"]],
        ["native core", f"{core['build']} build"],
        ["threads", f"{core['threads']} of {facts['cpus']} CPUs"],
        ["Python", facts["python"]],
        ["platform", facts["platform"]],
        ["GDAL", facts["gdal"] or "none"],
        ["GPU", ", ".join(facts["gpus"]) or "none"],
    ]
    for name, value in lines:
        click.echo(f"{name:<12} {value}")
    click.echo()
    rows = [["package", "version", "needed for", "to install"]]
    for name, package in facts["packages"].items():
        missing = package["version"] is None
        install = package["install"] if missing else ""
        rows.append([name, package["version"] or "MISSING", package["needed_for"], install])
    click.echo(align(rows, rules=(1,), left=True))
    if core["build"] == "debug":
        click.echo("\nwarning: the native core is a debug build, many times slower", err=True)


def _gpus() -> list[str]:
    """Names of the GPUs that torch sees; none without torch."""
    from importlib.util import find_spec

    if find_spec("torch") is None:
        return []
    import torch

    return [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]


def _facts() -> dict[str, Any]:
    import os
    import platform
    from importlib import metadata

    try:
        import rasterio

        gdal = rasterio.__gdal_version__
    except ImportError:
        gdal = None
    packages = {}
    for name, needed_for, install in _PACKAGES:
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = None
        packages[name] = {
            "version": version,
            "needed_for": needed_for,
            "install": f"pip install {install}",
        }
    return {
        "sn7fast": __version__,
        "core": {
            "build": "debug" if debug_build else "release",
            "threads": get_num_threads(),
        },
        "cpus": os.cpu_count(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "gdal": gdal,
        "gpus": _gpus(),
        "packages": packages,
    }
