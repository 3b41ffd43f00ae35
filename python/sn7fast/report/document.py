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
    "elements", "unpack", "model", "verdicts", "dates", "ground", "state", "colours", "spans", "layers",
    "view", "draw", "pick", "timeline", "charts", "score", "legend", "building", "lists", "export",
    "link", "keys", "main",
)  # fmt: skip
"""Files of ``page/`` in the order in which they are joined."""

_PLACE = re.compile(r"\{\{(\w+)\}\}")


def document(content: Content, backgrounds: Backgrounds) -> str:
    """The page. Nothing in it is taken from elsewhere, and its policy forbids that too."""
    script = joined_script()
    style = "\n".join(_read(f"{name}.css") for name in STYLES)
    policy = {
        "default-src": "'none'",
        "script-src": _hash(script),
        "style-src": _hash(style),
        "img-src": "blob: data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    parts = {
        "title": html.escape(content.title),
        "generator": html.escape(content.header["generator"]),
        "policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "style": style,
        "script": script,
        "content": content.text(),
        "images": "\n".join(
            _data_block(f"image-{content.header['months'].index(month)}", data)
            for month, data in backgrounds.files.items()
        ),
    }
    return filled("page.html", parts)


def filled(template: str, parts: dict[str, str]) -> str:
    """A template of ``page/`` with its places filled, in one pass: what is filled in stays as it is."""
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
