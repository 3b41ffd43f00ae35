"""The code blocks of a Markdown page, and what is said about them beside the text.

A comment above a block says what a reader need not see::

    <!-- not run: needs a cluster -->       only read: its commands and options must exist
    <!-- run with: --set epochs=1 -->       its commands of sn7fast get these arguments, too
    <!-- roughly: networks differ -->       numbers of the output may differ by a few percent

A block of CSV, YAML, JSON or Python with a title is that file: it is written before what follows
runs. A block of text with the title "output" is what the block before it prints; ``...`` stands for
anything.
"""

import re
from dataclasses import dataclass, field, replace

_FENCE = re.compile(r"^( *)```+(.*)$")
_MARK = re.compile(r"^ *<!-- (not run|run with|roughly): (.*?) -->$")
_TITLE = re.compile(r'title="([^"]*)"')


@dataclass(frozen=True)
class Block:
    """One fenced block."""

    page: str
    line: int
    language: str
    title: str
    code: str
    marks: dict = field(default_factory=dict)

    @property
    def place(self):
        return f"{self.page}:{self.line}"


def read_blocks(path, page=None):
    """All blocks of a file, in order."""
    blocks, marks, block, indent = [], {}, None, 0
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        fence = _FENCE.match(line)
        if block is not None:
            if fence and not fence[2].strip():
                blocks.append(block)
                block, marks = None, {}
            else:
                block = replace(block, code=f"{block.code}{line[indent:]}\n")
        elif fence:
            language, _, about = fence[2].strip().partition(" ")
            title, indent = _TITLE.search(about), len(fence[1])
            block = Block(page or path.name, number, language, title[1] if title else "", "", marks)
        elif mark := _MARK.match(line):
            marks = {**marks, mark[1]: mark[2]}
        elif line.strip():
            assert not marks, f"{path}:{number}: a mark above something else than a block"
    assert block is None, f"{path}: a block is not closed"
    return blocks
