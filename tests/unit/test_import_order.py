"""Imports go one way, as DESIGN.md has it."""

import ast
from pathlib import Path

import pytest

import sn7fast

ROOT = Path(sn7fast.__file__).parent
# Each may import those before it; what stands together does not know each other.
ORDER = (
    {"io"},
    {"data", "download"},
    {"nn", "attribution", "plotting"},
    {"postprocess"},
    {"windows", "search"},
    {"report"},
    {"pipeline"},
    {"cli", "compat"},
)
LEVEL = {name: level for level, names in enumerate(ORDER) for name in names}
# The methods plot() of scores are drawn there.
DRAWN = {("attribution", "plotting")}


def imported(path):
    """Packages of ours that a module imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        else:
            continue
        yield from (name.split(".")[1] for name in names if name.startswith("sn7fast."))


def test_every_package_has_a_place():
    assert {path.parent.name for path in ROOT.glob("*/__init__.py")} == set(LEVEL)


@pytest.mark.parametrize("package", sorted(LEVEL))
def test_imports_go_one_way(package):
    wrong = {
        (path.relative_to(ROOT).as_posix(), other)
        for path in (ROOT / package).rglob("*.py")
        for other in imported(path)
        if other in LEVEL
        and other != package
        and LEVEL[other] >= LEVEL[package]
        and (package, other) not in DRAWN
    }
    assert wrong == set()
