"""Checks that a tag may be released: ``python tools/check_tag.py v0.2.0 [--notes]``.

The tag is ``v`` and the version in Cargo.toml, and CHANGELOG.md has a dated part for it. With
--notes that part is printed, as the notes of the release.
"""

from __future__ import annotations

import argparse
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def version() -> str:
    """The version of the sources; this is the only place that has it."""
    return tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]


def notes(changelog: str, wanted: str) -> str | None:
    """The part of a changelog that is about a version; None if it has no dated one."""
    part = rf"^## {re.escape(wanted)} - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)"
    found = re.search(part, changelog, re.MULTILINE | re.DOTALL)
    return found[1].strip() + "\n" if found else None


def main() -> int:
    """Check; the exit status is 1 if the tag may not be released."""
    parser = argparse.ArgumentParser(description="Check a tag.")
    parser.add_argument("tag")
    parser.add_argument("--notes", action="store_true", help="print what the changelog says")
    arguments = parser.parse_args()
    if arguments.tag != f"v{version()}":
        print(f"error: tag {arguments.tag}, but Cargo.toml has {version()}", file=sys.stderr)
        return 1
    text = notes((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), version())
    if text is None:
        print(f'error: CHANGELOG.md has no part "## {version()} - DATE"', file=sys.stderr)
        return 1
    if arguments.notes:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
