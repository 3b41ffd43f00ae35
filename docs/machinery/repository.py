"""Files at the top of the repository as pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What these files link to, as the site has it; what it has not is plain text there.
_TARGETS = {"README.md": "index.md", "DESIGN.md": "design.md", "CHANGELOG.md": "changelog.md"}
_LINK = re.compile(r"\[([^\]]+)\]\((?!https?:)([^)#]+)(#[^)]*)?\)")


def repository_page(path: Path) -> str:
    """The text of a file with its links to other files mended."""

    def mended(link: re.Match[str]) -> str:
        text, target, anchor = link[1], link[2], link[3] or ""
        return f"[{text}]({_TARGETS[target]}{anchor})" if target in _TARGETS else text

    return _LINK.sub(mended, path.read_text(encoding="utf-8"))
