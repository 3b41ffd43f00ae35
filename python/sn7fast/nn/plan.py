"""In what pieces an image is read, predicted and written, so that memory stays within bounds.

A large image is cut into blocks of columns, each of which goes down the image: a chunk of rows is
read, its tiles are predicted from left to right, and rows that no later tile touches are written.
Blocks start at pixels that start a block of the file, too. Tiles on the border of two blocks are
predicted for both; the numbers do not depend on the blocks. An image that fits into memory is one
chunk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sn7fast.nn.tiles import Axis

ALIGN = 256
"""Rows and columns of the blocks of the files we write."""

_BYTES = 4
# Of the memory, for the rows being stitched; the rest is for chunks being read.
_STITCH_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Block:
    """Columns of an image that are stitched together.

    Attributes:
        columns: [first, last) column that it writes.
        tiles: Tiles of the columns' axis that touch these.
    """

    columns: tuple[int, int]
    tiles: range


@dataclass(frozen=True, slots=True)
class Chunk:
    """What is read at once.

    Attributes:
        block: Of which it is a part.
        tile_rows: Tiles of the rows' axis in it.
        rows: [first, last) row to read.
        columns: [first, last) column to read.
        is_last: True for the last of its image.
    """

    block: Block
    tile_rows: range
    rows: tuple[int, int]
    columns: tuple[int, int]
    is_last: bool


def chunks(
    rows: Axis, columns: Axis, *, bands: int, outputs: int, scale: int, memory_mb: int, ahead: int
) -> Iterator[Chunk]:
    """The chunks of an image, in order.

    Args:
        rows: Tiles along the rows.
        columns: Tiles along the columns.
        bands: Of the image.
        outputs: Of the network.
        scale: Pixels of the answer along one of the image.
        memory_mb: See `PredictSettings`.
        ahead: Chunks that may be in memory at once.
    """
    budget = memory_mb * 2**20
    stitched = min(rows.size, rows.tile + ALIGN) * scale * scale * outputs * _BYTES
    read = bands * _BYTES + 1
    to_stitch, to_read = budget * _STITCH_SHARE, budget * (1 - _STITCH_SHARE) / ahead
    width = int(min(to_stitch / stitched, to_read / (read * rows.tile)))
    width = max(ALIGN, width // ALIGN * ALIGN)
    blocks = [
        Block((low, high), columns.touching(low, high))
        for low in range(0, columns.size, width)
        for high in [min(low + width, columns.size)]
    ]
    for block in blocks:
        left = columns.starts[block.tiles[0]]
        right = columns.starts[block.tiles[-1]] + columns.tile
        most = to_read / (read * (right - left))
        first = 0
        while first < len(rows.starts):
            last = first + 1
            while (
                last < len(rows.starts)
                and rows.starts[last] + rows.tile - rows.starts[first] <= most
            ):
                last += 1
            yield Chunk(
                block,
                range(first, last),
                (rows.starts[first], rows.starts[last - 1] + rows.tile),
                (left, right),
                block is blocks[-1] and last == len(rows.starts),
            )
            first = last
