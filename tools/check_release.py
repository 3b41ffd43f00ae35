"""Checks the wheels and source distributions of a folder before they are published.

    python tools/check_release.py dist

Names what is wrong, a line each; the exit status is 1 if anything is. Needs auditwheel and
abi3audit (``pip install --group release``).
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from check_tag import version

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_MB = 8

# What a wheel must have, by patterns of paths; {info} is its folder of metadata.
WANTED = (
    r"sn7fast/__init__\.py",
    r"sn7fast/_core(\.abi3)?\.(so|pyd)",
    r"sn7fast/_core\.pyi",
    r"sn7fast/py\.typed",
    r"sn7fast/run\.py",
    r"sn7fast/nn/default/default\.onnx",
    r"{info}/METADATA",
    r"{info}/entry_points\.txt",
    r"{info}/licenses/LICENSE",
    r"{info}/licenses/THIRD-PARTY\.md",
    r"{info}/sboms/[\w.-]+\.cyclonedx\.json",
)
# What none may have.
UNWANTED = (
    r"^(benches|training|docs|tools|conformance)/",
    r"(^|/)tests?/",
    r"(^|/)test_[^/]*\.py$",
    r"\.(pdb|dSYM|dwp|pyc|orig|rej|pt|pth)$",
    r"(^|/)__pycache__/",
    r"(^|/)\.",
)
# Files of the package that are no code: all of them are in the wheel.
DATA = ("*.onnx", "*.html", "*.css", "*.js", "*.json", "*.typed", "*.pyi")

SDIST_WANTED = (
    "Cargo.lock",
    "Cargo.toml",
    "LICENSE",
    "PKG-INFO",
    "README.md",
    "THIRD-PARTY.md",
    "pyproject.toml",
    "python/sn7fast/__init__.py",
    "python/sn7fast/nn/default/default.onnx",
    "rust/sn7fast-core/src/lib.rs",
    "rust/sn7fast-py/src/lib.rs",
)
# Licensed by others, or of no use to who builds.
SDIST_UNWANTED = (r"^python/.*\.(so|pyd|pyc)$", r"^(benches|training|docs)/", r"(^|/)\.git/")

MANYLINUX = re.compile(r"manylinux_2_(\d+)_(x86_64|aarch64)")


def named(names: Iterable[str], wanted: Iterable[str], unwanted: Iterable[str]) -> list[str]:
    """What is missing and what should not be there."""
    names = list(names)
    return [
        *(f"lacks {one}" for one in wanted if not any(re.fullmatch(one, name) for name in names)),
        *(f"has {name}" for name in names if any(re.search(one, name) for one in unwanted)),
    ]


def wheel_problems(path: Path, package: Path | None = None) -> list[str]:
    """What is wrong with a wheel.

    Args:
        path: The file.
        package: The folder of the package's sources, whose data files all have to be in it.
    """
    _, its_version, python, abi, platform = path.stem.split("-")
    problems = []
    if its_version != version():
        problems.append(f"is version {its_version}, but Cargo.toml has {version()}")
    if (python, abi) != ("cp311", "abi3"):
        problems.append(f"is for {python}-{abi}, wanted the stable ABI of 3.11: cp311-abi3")
    if platform.startswith("linux") or ("linux" in platform and not MANYLINUX.search(platform)):
        problems.append(f"is for {platform}, wanted manylinux")
    info = f"sn7fast-{its_version}.dist-info"
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        wanted = [pattern.replace("{info}", re.escape(info)) for pattern in WANTED]
        problems += named(names, wanted, UNWANTED)
        if package is not None:
            data = {one for pattern in DATA for one in package.rglob(pattern)}
            there = {f"sn7fast/{one.relative_to(package).as_posix()}" for one in data}
            problems += [f"lacks {name}" for name in sorted(there - set(names))]
        if f"{info}/METADATA" in names:
            metadata = archive.read(f"{info}/METADATA").decode()
            problems += metadata_problems(metadata, its_version)
        for name in names:
            if "/sboms/" in name:
                problems += sbom_problems(archive.read(name))
    size = path.stat().st_size / 1e6
    if size > MAX_MB:
        problems.append(f"has {size:.1f} MB, more than {MAX_MB}")
    return problems


def metadata_problems(text: str, its_version: str) -> list[str]:
    """What is wrong with the METADATA of a wheel or the PKG-INFO of a source distribution."""
    head = text.partition("\n\n")[0].splitlines()
    wanted = (
        "Name: sn7fast",
        f"Version: {its_version}",
        "License-Expression: Apache-2.0",
        "Requires-Python: >=3.11",
        "License-File: LICENSE",
        "License-File: THIRD-PARTY.md",
    )
    problems = [f"metadata lack {line!r}" for line in wanted if line not in head]
    if not any(line.startswith("Project-URL: ") for line in head):
        problems.append("metadata lack a Project-URL")
    return problems


def sbom_problems(data: bytes) -> list[str]:
    """What is wrong with the list of what is in the extension."""
    try:
        bill = json.loads(data)
    except ValueError as error:
        return [f"its SBOM is no JSON: {error}"]
    if bill.get("bomFormat") != "CycloneDX":
        return ["its SBOM is not of CycloneDX"]
    listed = {(one["name"], one["version"]) for one in bill.get("components", [])}
    lacking = {"pyo3", "numpy", "rayon", "sn7fast-core"} - {name for name, _ in listed}
    unlicensed = [one["name"] for one in bill.get("components", []) if not one.get("licenses")]
    return [
        *(f"its SBOM lacks {name}" for name in sorted(lacking)),
        *(f"its SBOM has no licence of {name}" for name in unlicensed),
    ]


def audit_problems(path: Path) -> list[str]:
    """What auditwheel and abi3audit say of a wheel."""
    problems = []
    platform = path.stem.split("-")[-1]
    if MANYLINUX.search(platform):
        done = ran("auditwheel", "show", str(path))
        found = re.search(r"following platform tag:\s+\"(\w+)\"", done.stdout)
        tag = found[1] if found else "none"
        print(f"{path.name}: auditwheel: {tag}")
        if tag not in platform.split("."):
            problems.append(f"auditwheel finds {tag}, the name says {platform}")
    done = ran("abi3audit", "--strict", "--report", str(path))
    if done.returncode:
        said = " ".join((done.stdout + done.stderr).split())[:300]
        problems.append(f"abi3audit: {said or f'exit status {done.returncode}'}")
    else:
        print(f"{path.name}: abi3audit: no violations")
    return problems


def ran(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A tool of this Python's environment."""
    return subprocess.run(
        [sys.executable, "-m", tool, *arguments], capture_output=True, text=True, check=False
    )


def sdist_problems(path: Path) -> list[str]:
    """What is wrong with a source distribution."""
    root = f"sn7fast-{version()}/"
    with tarfile.open(path) as archive:
        members = archive.getnames()
        names = [name.removeprefix(root) for name in members]
        problems = named(names, map(re.escape, SDIST_WANTED), SDIST_UNWANTED)
        if path.name != f"sn7fast-{version()}.tar.gz":
            problems.append(f"is not called sn7fast-{version()}.tar.gz")
        problems += [
            f"has {name} outside of {root}"
            for name in members
            if not f"{name}/".startswith(root) or ".." in name.split("/")
        ]
        info = archive.extractfile(f"{root}PKG-INFO") if f"{root}PKG-INFO" in members else None
        if info is not None:
            problems += metadata_problems(info.read().decode(), version())
    return problems


def main(folder: Path) -> int:
    """Check all of a folder."""
    wheels, sdists = sorted(folder.glob("*.whl")), sorted(folder.glob("*.tar.gz"))
    if not wheels and not sdists:
        print(f"error: {folder}: neither wheels nor source distributions", file=sys.stderr)
        return 1
    package = Path(__file__).resolve().parents[1] / "python" / "sn7fast"
    failed = 0
    for path in (*wheels, *sdists):
        if path.suffix == ".whl":
            problems = wheel_problems(path, package) + audit_problems(path)
        else:
            problems = sdist_problems(path)
        failed += len(problems)
        for problem in problems:
            print(f"error: {path.name}: {problem}", file=sys.stderr)
        if not problems:
            print(f"{path.name}: ok, {path.stat().st_size / 1e6:.1f} MB")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "dist")))
