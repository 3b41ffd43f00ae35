"""One HTML document of the template, the styles and the scripts in ``page/``."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sn7fast.report.backgrounds import Backgrounds
    from sn7fast.report.content import Content

STYLES = ("base", "layout", "map", "panel", "small")
SCRIPTS = (
    "elements", "unpack", "model", "verdicts", "dates", "ground", "state", "colours", "spans",
    "layers", "view", "draw", "pick", "timeline", "charts", "score", "legend", "building", "lists",
    "export", "link", "keys", "main",
)  # fmt: skip
"""Files of ``page/`` in the order in which they are joined."""

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def document(content: Content, backgrounds: Backgrounds) -> str:
    """The page. Nothing in it is taken from elsewhere, and its policy forbids that too."""
    script, style = joined_script(), styles(*STYLES)
    parts = {
        "title": html.escape(content.title),
        "generator": html.escape(content.header["generator"]),
        "policy": policy(style=style, script=script),
        "style": style,
        "script": script,
        "content": content.text(),
        "images": "\n".join(
            _data_block(f"image-{content.header['months'].index(month)}", data)
            for month, data in backgrounds.files.items()
        ),
    }
    return filled("page.html", parts)


def policy(*, style: str, script: str | None = None) -> str:
    """A Content-Security-Policy that allows this style and script and nothing else."""
    parts = {
        "default-src": "'none'",
        "script-src": "'none'" if script is None else _hash(script),
        "style-src": _hash(style),
        # The icon of the page, which is empty.
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in parts.items())


def styles(*names: str) -> str:
    """Styles of ``page/``, joined."""
    return "\n".join(_read(f"{name}.css") for name in names)


def filled(template: str, parts: dict[str, str]) -> str:
    """A template of ``page/`` with its places filled, in one pass: what goes in stays as it is."""
    return _PLACE.sub(lambda match: parts[match[1]], _read(template))


def joined_script() -> str:
    """All scripts in one function, so that they share names and leave none behind."""
    body = "\n".join(_read(f"{name}.js") for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{body}\n}})();'


def _data_block(name: str, data: bytes) -> str:
    # A type that no browser runs; base64 has no character that could end the element.
    text = base64.b64encode(data).decode("ascii")
    return f'<script type="application/base64" id="{name}">{text}</script>'


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def _read(name: str) -> str:
    return (files("sn7fast.report") / "page" / name).read_text(encoding="utf-8").strip("\n")
