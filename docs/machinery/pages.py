"""Pages that are made from what stands elsewhere: commands, notebooks, DESIGN and CHANGELOG."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

sys.path.insert(0, str(Path(__file__).parent))

from commands import command_pages
from notebooks import notebook_page
from repository import repository_page


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to those in ``docs``."""
    docs = Path(config.docs_dir)
    made = {
        "design.md": repository_page(docs.parent / "DESIGN.md"),
        "changelog.md": repository_page(docs.parent / "CHANGELOG.md"),
        "cli.md": command_pages(),
        "network.md": repository_page(docs.parent / "training" / "CARD.md"),
    }
    for path in sorted((docs / "notebooks").glob("*.ipynb")):
        page, pictures = notebook_page(path)
        made[f"notebooks/{path.stem}.md"] = page
        made |= {f"notebooks/{name}": content for name, content in pictures.items()}
    for path, content in made.items():
        files.append(File.generated(config, path, content=content))
    return files
