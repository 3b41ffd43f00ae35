"""What sn7fast costs to install and to start: ``install.py WHEEL [--large] [--record]``.

Each extra goes into a fresh virtual environment, packages from the registry without a cache. Sizes
are those of all files of the environment's packages, pip's own left out. ``--large`` adds the
extras that bring torch, which takes several gigabytes and as many minutes.
"""

import argparse
import datetime
import json
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
LARGE = ("torch", "smp", "all")
STARTS = 11
QUIET_PIP = {"PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def environment():
    """That of this process, less what would let a checkout shine through or hide compiled files."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | QUIET_PIP


def extras_of(wheel):
    """Names of the extras, as the wheel tells them."""
    import zipfile

    with zipfile.ZipFile(wheel) as archive:
        (name,) = [one for one in archive.namelist() if one.endswith(".dist-info/METADATA")]
        return re.findall(r"^Provides-Extra: (\S+)$", archive.read(name).decode(), re.MULTILINE)


def size_of(folder):
    """Bytes of all files below."""
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def install(wheel, extra, folder):
    """Seconds, megabytes and number of packages of an installation, and its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    before = size_of(folder)
    wanted = f"{wheel}[{extra}]" if extra else str(wheel)
    command = [python, "-m", "pip", "install", "--quiet", "--no-cache-dir", wanted]
    start = perf_counter()
    subprocess.run(command, check=True, env=environment())
    seconds = perf_counter() - start
    listed = subprocess.run(
        [python, "-m", "pip", "list", "--format", "json"],
        check=True,
        capture_output=True,
        env=environment(),
    )
    packages = {one["name"] for one in json.loads(listed.stdout)} - {"pip", "setuptools"}
    row = {
        "extra": extra or "base",
        "seconds": round(seconds, 1),
        "megabytes": round((size_of(folder) - before) / 1e6),
        "packages": len(packages),
    }
    return row, python


def started(command, folder, runs=STARTS):
    """Milliseconds of a process: median and least on the clock, least on the processor."""
    times, busy = [], []
    for _ in range(runs + 1):
        before, start = processor_seconds(), perf_counter()
        subprocess.run(
            command, check=True, stdout=subprocess.DEVNULL, env=environment(), cwd=folder
        )
        times.append(perf_counter() - start)
        busy.append(processor_seconds() - before)
    # The first reads the files from the disk.
    return {
        "median": statistics.median(times[1:]) * 1e3,
        "least": min(times[1:]) * 1e3,
        "processor": min(busy[1:]) * 1e3,
    }


def processor_seconds():
    """Of all processes that were started and have ended."""
    try:
        import resource
    except ImportError:  # Windows, which does not tell
        return float("nan")
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def starts_of(python, folder):
    """How long each kind of start takes."""
    script = python.with_name("sn7fast.exe" if os.name == "nt" else "sn7fast")
    return {
        "python -c pass": started([python, "-c", "pass"], folder),
        "import numpy": started([python, "-c", "import numpy"], folder),
        "import sn7fast": started([python, "-c", "import sn7fast"], folder),
        "sn7fast --help": started([script, "--help"], folder),
        "sn7fast doctor": started([script, "doctor"], folder),
    }


def demo_of(python, folder):
    """Seconds of the demo, and its SCOT."""
    start = perf_counter()
    subprocess.run(
        [python, "-m", "sn7fast.run", "demo", "--quiet"], check=True, env=environment(), cwd=folder
    )
    seconds = perf_counter() - start
    scores = json.loads((folder / "demo-output" / "scores.json").read_text())
    return {"seconds": round(seconds, 1), "scot": scores["scot"]["score"]}


def measure(wheel, extras):
    """All rows, and starts and demo of those that have them."""
    report = {"rows": []}
    for extra in (None, *extras):
        folder = Path(tempfile.mkdtemp(prefix="sn7fast-install-"))
        try:
            row, python = install(wheel, extra, folder / "venv")
            report["rows"].append(row)
            print(json.dumps(row), flush=True)
            if extra is None:
                report["starts"] = starts_of(python, folder)
            if extra == "onnx":
                report["demo"] = demo_of(python, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    return report


def processor():
    """Name of the processor."""
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    found = re.search(r"^model name\s*: (.*)$", text, re.MULTILINE)
    return found[1] if found else platform.machine()


def rendered(report, wheel):
    """As Markdown."""
    lines = [
        "# What it costs to install and to start",
        "",
        f"{wheel.name}, {wheel.stat().st_size / 1e6:.1f} MB; {report['date']}; "
        f"{report['machine']}; Python {platform.python_version()}.",
        f"Load of the machine at the start: {report['load']:.1f}"
        + (", which makes times too long." if report["load"] > 0.3 * os.cpu_count() else "."),
        "",
        "## Installation into a fresh environment",
        "",
        "Without pip's cache; the time depends on the network.",
        "",
        "| extra | s | MB on disk | packages |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {row['extra']} | {row['seconds']} | {row['megabytes']:,} | {row['packages']} |"
            for row in report["rows"]
        ),
        "",
        "## Start",
        "",
        f"Time of a process, {STARTS} runs after a first one. That of the processor depends less "
        "on what else the machine does.",
        "",
        "| what | median, ms | least, ms | processor, ms |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| `{what}` | {times['median']:.0f} | {times['least']:.0f} | "
            f"{times['processor']:.0f} |"
            for what, times in report["starts"].items()
        ),
        "",
    ]
    if "demo" in report:
        demo = report["demo"]
        lines += [f"`sn7fast demo`: {demo['seconds']} s, SCOT {demo['scot']:.4f}.", ""]
    return "\n".join(lines)


def main(arguments):
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What sn7fast costs to install and to start.")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("--extras", help="only these, with commas between")
    parser.add_argument("--large", action="store_true", help="also what brings torch")
    parser.add_argument("--record", action="store_true", help="write into benches/record, too")
    options = parser.parse_args(arguments)
    wheel = options.wheel.resolve()
    extras = extras_of(wheel)
    if options.extras is not None:
        wanted = [one for one in options.extras.split(",") if one]
        unknown = set(wanted) - set(extras)
        if unknown:
            parser.error(f"--extras: no {', '.join(sorted(unknown))} among {', '.join(extras)}")
        extras = wanted
    elif not options.large:
        extras = [one for one in extras if one not in LARGE]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    date = datetime.datetime.now(tz=datetime.UTC).date().isoformat()
    report = measure(wheel, extras)
    report |= {"load": load, "date": date, "machine": f"{processor()}, {os.cpu_count()} cores"}
    text = rendered(report, wheel)
    print(text)
    if options.record:
        (ROOT / "benches" / "record" / f"install-{date}.md").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
