"""Notebooks as pages: run anew, with what they print and draw."""

from __future__ import annotations

import base64
import tempfile
from typing import TYPE_CHECKING

import nbformat
from nbclient import NotebookClient
from traitlets.config import Config

if TYPE_CHECKING:
    from pathlib import Path


def notebook_page(path: Path) -> tuple[str, dict[str, bytes]]:
    """Markdown of a notebook, and its pictures by file name.

    Raises:
        CellExecutionError: A cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        # Pipes and no ports; what a notebook writes goes with the folder.
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{folder}/kernel"}})
        resources = {"metadata": {"path": folder}}
        NotebookClient(notebook, config=config, timeout=120, resources=resources).execute()
    parts = [
        f"*This page is the notebook `docs/notebooks/{path.name}`, run when the site was made.*\n"
    ]
    pictures: dict[str, bytes] = {}
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(cell.source)
            continue
        parts.append(f"```python\n{cell.source}\n```")
        printed = "".join(out.text for out in cell.outputs if out.output_type == "stream")
        if printed:
            parts.append(f"```text\n{printed.rstrip()}\n```")
        for output in cell.outputs:
            if output.output_type != "stream":
                parts.append(_shown(output.data, path.stem, pictures))
    title, *rest = parts[1:]
    return "\n\n".join([title, parts[0], *rest]) + "\n", pictures


def _shown(data: dict[str, str], stem: str, pictures: dict[str, bytes]) -> str:
    """The best of the forms in which a cell shows its value."""
    if "image/png" in data:
        name = f"{stem}-{len(pictures) + 1}.png"
        pictures[name] = base64.b64decode(data["image/png"])
        return f"![]({name})"
    if "text/html" in data:
        return data["text/html"]
    return f"```text\n{data['text/plain']}\n```"
