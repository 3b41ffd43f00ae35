"""Rows of text in columns, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def align(rows: Sequence[Sequence[str]], *, rules: Sequence[int] = (), left: bool = False) -> str:
    """Rows as text: the first column to the left, the others to the right.

    Args:
        rows: Cells, as many in each row.
        rules: Rows before which a line is drawn.
        left: All columns to the left.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for index, row in enumerate(rows):
        if index in rules:
            lines.append("-" * (sum(widths) + 2 * (len(widths) - 1)))
        first, *others = (
            cell.ljust(width) if left or place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *others]).rstrip())
    return "\n".join(lines)
