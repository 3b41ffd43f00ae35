"""Docstrings as Markdown: names become links, and literal blocks lose their double colon."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import griffe

if TYPE_CHECKING:
    from griffe import Object

_PACKAGE = "sn7fast"
_NAME = re.compile(r"(?<![`\w])`([A-Za-z_][\w.]*)`(?![`\w])")


class Docstrings(griffe.Extension):
    """Rewrites every docstring once all of the package is loaded."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:  # noqa: ANN401 - griffe's own
        """Rewrite the docstrings of the package and all that is in it."""
        self._visit(pkg, {str(name): _path(pkg, str(name)) for name in pkg.exports or ()})

    def _visit(self, thing: Object, public: dict[str, str]) -> None:
        if thing.docstring is not None:
            thing.docstring.value = _as_markdown(thing.docstring.value, public)
        for member in thing.members.values():
            if not member.is_alias:
                self._visit(member, public)  # type: ignore[arg-type]


def _path(package: griffe.Module, name: str) -> str:
    """Where a public name is defined."""
    member = package.members[name]
    if isinstance(member, griffe.Alias):
        return member.target_path
    # A module that has the name of its function hides it from a reader of sources.
    return f"{member.path}.{name}" if member.is_module else member.path


def _as_markdown(text: str, public: dict[str, str]) -> str:
    """Names as links, but for those in literal blocks, which a double colon announces."""

    def linked(name: re.Match[str]) -> str:
        path = public.get(name[1].removeprefix(f"{_PACKAGE}."))
        return name[0] if path is None else f"[`{name[1]}`][{path}]"

    lines: list[str] = []
    literal_from: int | None = None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        if literal_from is not None and line.strip() and indent <= literal_from:
            literal_from = None
        if literal_from is not None:
            lines.append(line)
            continue
        if line.endswith("::"):
            literal_from = indent
            line = line[:-1] if line.strip() != "::" else ""
        lines.append(_NAME.sub(linked, line))
    return "\n".join(lines)
