"""Every block of README and docs runs, and prints what the page says."""

import shutil

import matplotlib as mpl
import pytest

from doc_blocks import read_blocks
from doc_runner import ROOT, Page
from doc_world import make_world

DOCS = ROOT / "docs"
PAGES = {"README.md": ROOT / "README.md"} | {
    str(path.relative_to(DOCS)): path for path in sorted(DOCS.rglob("*.md"))
}


@pytest.fixture(scope="session")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    make_world(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n, path in PAGES.items() if read_blocks(path)])
def test_blocks(name, world, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(world, folder)
    page = Page(folder)
    with mpl.rc_context({"backend": "Agg"}):
        for block in read_blocks(PAGES[name], name):
            page.run(block)
