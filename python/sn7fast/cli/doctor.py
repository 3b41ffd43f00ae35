"""``sn7fast doctor``: what is installed, what is missing for what, and the fix."""

from __future__ import annotations

from typing import Any

import click

from sn7fast import __version__, get_num_threads
from sn7fast._core import debug_build
from sn7fast.cli.needs import BASE, TASKS, install_command, installed_version


@click.command(
    "doctor",
    short_help="Show what is installed, what is missing for what, and the fix.",
    epilog="Example: sn7fast doctor --json",
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
def command(as_json: bool) -> int:
    """Show the machine, the packages, what is ready, what is missing, and how to get it.

    The exit status is 3 if sn7fast itself is not whole: a package that it always needs or the
    network that comes with it is missing. Missing extras are no error.
    """
    import json

    from sn7fast.cli.status import BAD_INPUT, OK

    facts = _facts()
    if as_json:
        click.echo(json.dumps(facts, indent=1))
    else:
        _print(facts)
    for problem in facts["problems"]:
        click.echo(f"warning: {problem}", err=True)
    return OK if facts["whole"] else BAD_INPUT


def _print(facts: dict[str, Any]) -> None:
    from sn7fast._aligned import align

    core, gpu = facts["core"], facts["gpu"]
    simd = f" with {', '.join(facts['cpu']['simd'])}" if facts["cpu"]["simd"] else ""
    cards = [f"{card['name']}, {card['memory']}, driver {card['driver']}" for card in gpu["nvidia"]]
    network = facts["network"]
    for name, value in (
        ("sn7fast", facts["sn7fast"]),
        ("native core", f"{core['build']} build"),
        ("threads", f"{core['threads']} on {facts['cpu']['count']} CPUs"),
        ("CPU", f"{facts['cpu']['machine']}{simd}"),
        ("GPU", "; ".join(cards) or "none"),
        ("torch", _torch_line(gpu["torch"])),
        ("onnxruntime", _onnxruntime_line(gpu["onnxruntime"])),
        (
            "network",
            f"{network['file']}, {network['bytes'] / 1e6:.1f} MB" if network else "MISSING",
        ),
        ("Python", f"{facts['python']} on {facts['platform']}"),
        ("GDAL", facts["gdal"] or "none"),
    ):
        click.echo(f"{name:<12} {value}")
    click.echo()
    rows = [["for", "ready", "missing", "to install"]]
    for task, state in facts["tasks"].items():
        rows.append(
            [
                task,
                "yes" if state["ready"] else "NO",
                ", ".join(state["missing"]),
                state["install"] or "",
            ]
        )
    click.echo(align(rows, rules=(1,), left=True))
    click.echo()
    versions = [["package", "version", "from"]]
    for name, package in facts["packages"].items():
        versions.append([name, package["version"] or "MISSING", package["from"]])
    click.echo(align(versions, rules=(1,), left=True))
    click.echo()
    click.echo(f"For all of it: {facts['fix']}" if facts["fix"] else "Nothing is missing.")


def _torch_line(torch: dict[str, Any] | None) -> str:
    if torch is None:
        return "not installed"
    if "error" in torch:
        return "broken"
    built = f"CUDA {torch['cuda']}" if torch["cuda"] else "CPUs"
    return f"{torch['version']}, built for {built}, sees {', '.join(torch['gpus']) or 'no GPU'}"


def _onnxruntime_line(runtime: dict[str, Any] | None) -> str:
    if runtime is None:
        return "not installed"
    if "error" in runtime:
        return "broken"
    return f"{runtime['version']}, {', '.join(runtime['providers'])}"


def _facts() -> dict[str, Any]:
    import platform

    from sn7fast.cli.machine import gpus, processors

    versions = {name: installed_version(name) for name in BASE}
    sources = dict.fromkeys(BASE, "sn7fast")
    for task in TASKS:
        for name in task.packages:
            versions.setdefault(name, installed_version(name))
            # The smallest extra of those that bring it stands first.
            sources.setdefault(name, f"sn7fast[{task.extra}]")
    tasks = {}
    for task in TASKS:
        missing = [name for name in task.packages if versions[name] is None]
        tasks[task.name] = {
            "ready": not missing,
            "missing": missing,
            "install": install_command({task.extra}) if missing else None,
        }
    lacking = {task.extra for task in TASKS if tasks[task.name]["missing"]}
    lost = [name for name in BASE if versions[name] is None]
    network, gpu = _network(), gpus()
    problems = list(gpu.pop("problems"))
    if debug_build:
        problems.append("the native core is a debug build, many times slower")
    if lost:
        problems.append(f"sn7fast itself needs {', '.join(lost)}, which is not installed")
    if network is None:
        problems.append(
            "the network that comes with sn7fast is missing: "
            "pip install --force-reinstall --no-deps sn7fast"
        )
    return {
        "sn7fast": __version__,
        "whole": not lost and network is not None,
        "core": {
            "build": "debug" if debug_build else "release",
            "threads": get_num_threads(),
        },
        "cpu": processors(),
        "gpu": gpu,
        "network": network,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "gdal": _gdal(),
        "tasks": tasks,
        "packages": {
            name: {"version": version, "from": sources[name]} for name, version in versions.items()
        },
        "fix": install_command(lacking) if lacking or lost else None,
        "problems": problems,
    }


def _network() -> dict[str, Any] | None:
    """Name and size of the embedded network."""
    from sn7fast.errors import InputError
    from sn7fast.nn.model import default_model

    try:
        path = default_model()
    except InputError:
        return None
    return {"file": path.name, "bytes": path.stat().st_size}


def _gdal() -> str | None:
    try:
        import rasterio
    except ImportError:
        return None
    version: str = rasterio.__gdal_version__
    return version
