"""Installs what is to be published as its users will, and runs the minimal tests on it.

    python tools/try_install.py dist [--python PYTHON ...]

Each wheel for this platform goes into a fresh environment of each Python, the source distribution
is built in one of the first. The tests run outside of the checkout.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests" / "test_minimal.py"


def fresh(folder: Path, python: str) -> Path:
    """The interpreter of a new environment in a folder."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def outside() -> dict[str, str]:
    """The environment of this process less what would let the checkout shine through."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def attempt(path: Path, python: str) -> bool:
    """Install one file and run the tests; True if all went well."""
    start = perf_counter()
    with tempfile.TemporaryDirectory(prefix="sn7fast-try-") as name:
        folder = Path(name)
        interpreter = fresh(folder / "venv", python)
        from_source = [] if path.suffix == ".whl" else ["--no-binary", "sn7fast"]
        install = [interpreter, "-m", "pip", "install", "--quiet", *from_source, path.resolve()]
        installed = subprocess.run(install, cwd=folder, env=outside(), check=False)
        if installed.returncode:
            return False
        shutil.copy(TESTS, folder)
        tests = [interpreter, folder / TESTS.name]
        done = subprocess.run(
            tests, cwd=folder, env=outside(), capture_output=True, text=True, check=False
        )
        last = done.stdout.strip().splitlines()[-1:] or ["nothing"]
        print(f"{path.name} on {python}: {last[0]}, {perf_counter() - start:.0f} s", flush=True)
        if done.returncode:
            print(done.stdout + done.stderr, file=sys.stderr)
    return done.returncode == 0


def main() -> int:
    """Try all; the exit status is 1 if anything failed."""
    parser = argparse.ArgumentParser(description="Install wheels and source distributions.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--python", action="append", metavar="PYTHON")
    arguments = parser.parse_args()
    pythons = arguments.python or [sys.executable]
    wheels = sorted(arguments.folder.glob("*.whl"))
    sdists = sorted(arguments.folder.glob("*.tar.gz"))
    if not wheels and not sdists:
        print(f"error: nothing to try in {arguments.folder}", file=sys.stderr)
        return 1
    todo = [(path, python) for python in pythons for path in wheels]
    todo += [(path, pythons[0]) for path in sdists]
    good = [attempt(path, python) for path, python in todo]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
