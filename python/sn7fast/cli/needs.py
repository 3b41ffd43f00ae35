"""What each task needs beyond numpy: packages, and the extra of sn7fast that brings them."""

from __future__ import annotations

from typing import NamedTuple

BASE = ("numpy", "click", "pydantic", "pyyaml", "rasterio", "tqdm")
"""Packages that are installed with sn7fast itself."""


class Task(NamedTuple):
    """Something to do with sn7fast.

    Attributes:
        name: Commands and functions.
        packages: Names of the distributions it needs beside BASE.
        extra: What brings them.
    """

    name: str
    packages: tuple[str, ...]
    extra: str


TASKS = (
    Task("demo, pipeline, predict", ("onnxruntime",), "onnx"),
    Task("predict with other weights than ONNX", ("torch", "safetensors"), "torch"),
    Task("train", ("torch", "safetensors"), "torch"),
    Task("export", ("torch", "safetensors", "onnx", "onnxscript"), "torch"),
    Task(
        "networks of segmentation-models-pytorch",
        ("torch", "safetensors", "segmentation-models-pytorch"),
        "smp",
    ),
    Task("search", ("optuna",), "search"),
    Task("cubes kept as zarr", ("zarr",), "zarr"),
    Task("GeoParquet and Arrow", ("pyarrow",), "vector"),
    Task("GeoPackage and FlatGeobuf", ("pyarrow", "pyogrio"), "vector"),
    Task("STAC items", ("pystac",), "vector"),
    Task("to_shapely, to_geopandas", ("shapely", "geopandas"), "vector"),
    Task(
        "sn7fast.compat",
        ("shapely", "geopandas", "pandas", "pyogrio", "pyproj"),
        "vector",
    ),
    Task("download", ("obstore",), "s3"),
    Task("pipeline on a Dask cluster", ("distributed",), "dask"),
    Task("plot()", ("matplotlib",), "plot"),
)

# The same module under the names of other builds.
_OTHER_BUILDS = {
    "onnxruntime": ("onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino"),
}


def installed_version(package: str) -> str | None:
    """Version of an installed distribution, with its name if another build; None if absent."""
    from importlib import metadata

    for name in (package, *_OTHER_BUILDS.get(package, ())):
        try:
            version = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
        return version if name == package else f"{version} ({name})"
    return None


def install_command(extras: set[str]) -> str:
    """The one command that brings these extras."""
    return f"pip install 'sn7fast[{','.join(sorted(extras))}]'" if extras else "pip install sn7fast"
