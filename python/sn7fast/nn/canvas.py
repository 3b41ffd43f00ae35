"""Canvas: the answers of tiles become rows of one raster, and leave as soon as they are whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from sn7fast.nn.plan import ALIGN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.nn.plan import Block
    from sn7fast.nn.tiles import Axis


class Sink(Protocol):
    """What takes finished rows."""

    def write(
        self, row: int, column: int, values: NDArray[np.float32], valid: NDArray[np.bool_]
    ) -> None:
        """Take a part of the answer.

        Args:
            row: First row, in pixels of the answer.
            column: First column, likewise.
            values: (outputs, rows, columns); it is used again afterwards.
            valid: (rows, columns) of the image below it.
        """
        ...


class Canvas:
    """Stitches the tiles of one image, block after block.

    Args:
        rows: Tiles along the rows.
        columns: Tiles along the columns.
        outputs: Of the network.
        scale: Pixels of the answer along one of the image.
        sink: Takes the finished rows.
    """

    def __init__(self, rows: Axis, columns: Axis, outputs: int, scale: int, sink: Sink) -> None:
        self._rows, self._columns = rows, columns
        self._outputs, self._scale, self._sink = outputs, scale, sink
        self._block: Block | None = None
        # A row of tiles may begin just before rows are cut off at a multiple of ALIGN.
        self._height = min(rows.size, rows.tile + ALIGN)

    def begin_row(self, block: Block, tile_row: int, valid: NDArray[np.bool_], column: int) -> None:
        """The next tiles are of this row.

        Args:
            block: Of the tiles.
            tile_row: Index of the row of tiles.
            valid: bool (tile, columns), of the image.
            column: Of the image, at which ``valid`` begins.
        """
        low, high = block.columns
        if block is not self._block:
            self._block, self._top, self._left = block, 0, low
            shape = (self._height * self._scale, (high - low) * self._scale)
            self._sum = np.zeros((self._outputs, *shape), np.float32)
            self._valid = np.zeros((self._height, high - low), bool)
        row = self._rows.starts[tile_row] - self._top
        self._valid[row : row + len(valid)] = valid[:, low - column : high - column]

    def add(self, tile_row: int, tile_column: int, values: NDArray[np.float32] | None) -> None:
        """One tile: (outputs, tile * scale, tile * scale), or None if no pixel of it is valid."""
        if values is None:
            return
        scale = self._scale
        top = (self._rows.starts[tile_row] - self._top) * scale
        left = (self._columns.starts[tile_column] - self._left) * scale
        # Of a tile on the border of two blocks, the part in this one.
        cut = max(0, -left)
        width = self._sum.shape[2]
        part = values[:, :, cut : width - left]
        target = self._sum[:, top : top + part.shape[1], left + cut : left + cut + part.shape[2]]
        across = self._columns.weights[tile_column][cut : width - left]
        down = self._rows.weights[tile_row]
        if (down == 1).all() and (across == 1).all():
            target += part
        else:
            target += part * (down[:, None] * across)

    def end_row(self, tile_row: int) -> None:
        """All tiles of the block in this row are there: hand on the rows that are whole."""
        is_last = tile_row + 1 == len(self._rows.starts)
        end = self._rows.size if is_last else self._rows.starts[tile_row + 1] // ALIGN * ALIGN
        count = end - self._top
        if count <= 0:
            return
        scale = self._scale
        self._sink.write(
            self._top * scale,
            self._left * scale,
            self._sum[:, : count * scale],
            self._valid[:count],
        )
        for buffer, rows in ((self._sum, count * scale), (self._valid[None], count)):
            kept = buffer.shape[1] - rows
            buffer[:, :kept] = buffer[:, rows:]
            buffer[:, kept:] = 0
        self._top = end
