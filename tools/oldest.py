"""Prints the oldest packages that pyproject.toml allows, as constraints for pip.

python tools/oldest.py [EXTRA ...] > oldest.txt
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def oldest(extras: list[str]) -> list[str]:
    """``name==version`` of what sn7fast and these extras need."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    pins = []
    for requirement in wanted:
        found = re.fullmatch(r"([\w.-]+)(?:\[.*\])?>=([\d.]+)(?:,.*)?", requirement)
        if found:
            pins.append(f"{found[1]}=={found[2]}.*")
        elif not requirement.startswith("sn7fast["):
            sys.exit(f"error: {requirement}: wanted NAME>=VERSION")
    return pins


if __name__ == "__main__":
    print("\n".join(oldest(sys.argv[1:])))
