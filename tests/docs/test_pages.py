"""Every block of README and docs runs, and prints what the page says."""

import shutil

import matplotlib as mpl
import pytest

from doc_blocks import Block, read_blocks
from doc_runner import ROOT, Page, check_line
from doc_world import make_world
from sn7fast.cli.group import commands

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
@pytest.mark.timeout(400)
@pytest.mark.parametrize("name", [n for n, path in PAGES.items() if read_blocks(path)])
def test_blocks(name, world, tmp_path):
    folder = tmp_path / "here"
    shutil.copytree(world, folder)
    page = Page(folder)
    with mpl.rc_context({"backend": "Agg"}):
        for block in read_blocks(PAGES[name], name):
            page.run(block)


def test_the_examples_of_the_commands_have_options_that_exist():
    """They make up most of the page of the command line."""
    examples = 0
    for name in commands.list_commands(None):
        command = commands.get_command(None, name)
        label, _, example = (command.epilog or "").partition(": ")
        if label == "Example":
            check_line(Block(f"{name} --help", 0, "sh", "", example), example)
            examples += 1
    assert examples > 10
