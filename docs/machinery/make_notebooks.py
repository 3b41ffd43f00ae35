"""Make the notebooks from their sources: ``python docs/machinery/make_notebooks.py``.

A source is a Python file whose cells start with ``# %%``, or ``# %% [markdown]`` for text in
comments. Notebooks are kept without outputs.
"""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def notebook_of(source: Path) -> str:
    """The notebook of a source, as the text of its file; the same source gives the same text."""
    notebook = jupytext.read(source, fmt="py:percent")
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number}"
        cell["metadata"] = {}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    return nbformat.writes(notebook) + "\n"


if __name__ == "__main__":
    for source in sorted(NOTEBOOKS.glob("*.py")):
        source.with_suffix(".ipynb").write_text(notebook_of(source), encoding="utf-8")
