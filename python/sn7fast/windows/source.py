"""Cubes larger than memory: the probabilities of all months, band of rows by band of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sn7fast.cube import Cube
from sn7fast.data.beside import rasters_beside, without_hidden
from sn7fast.errors import StackError
from sn7fast.io.bands import little_cache
from sn7fast.io.rasters import opened
from sn7fast.windows.lazy import LazyFrames

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sn7fast.data.discover import Frame
    from sn7fast.data.images import ImageEntry
    from sn7fast.grid import Grid

# For rows of a month of a lazy cube that are read at a time, unless those of a block take more.
_WINDOW_BYTES = 48 * 2**20


class CubeBands(Protocol):
    """What gives the rows of a cube.

    Attributes:
        shape_yx: Rows and columns of its frames.
        months: T labels.
        scale: As in `sn7fast.Cube`.
        grid: As in `sn7fast.Cube`.
        is_uint8: False for float32.
        block_rows: Rows that are best read together.
    """

    shape_yx: tuple[int, int]
    months: tuple[str, ...]
    scale: int
    grid: Grid | None
    is_uint8: bool
    block_rows: int

    def read(self, first: int, end: int, columns: tuple[int, int] | None = None) -> Cube:
        """Rows, and columns, of the frames of all months, as a cube without a grid."""
        ...


class ArrayBands:
    """The bands of a cube whose arrays give slices: arrays in memory, or memory maps."""

    def __init__(self, cube: Cube) -> None:
        self._cube = cube
        self.shape_yx = (cube.prob.shape[1], cube.prob.shape[2])
        self.months = cube.months
        self.scale, self.grid = cube.scale, cube.grid
        self.is_uint8 = cube.prob.dtype == np.uint8
        self.block_rows = cube.scale

    def read(self, first: int, end: int, columns: tuple[int, int] | None = None) -> Cube:
        """See `CubeBands`."""
        cube = self._cube
        left, right = columns or (0, self.shape_yx[1])
        prob = self._part(cube.prob, np.s_[:, first:end, left:right])
        valid: Any = cube.valid
        if valid is not None:
            by = 1 if valid.shape == cube.prob.shape else cube.scale
            window = np.s_[:, first // by : -(-end // by), left // by : -(-right // by)]
            valid = self._part(valid, window)
        return Cube(prob, cube.months, valid, cube.scale)

    def lazy_cube(self) -> Cube:
        """The cube for those who only look at some rows of a month at a time."""
        return self._cube

    def _part(self, array: Any, where: Any) -> NDArray[Any]:  # noqa: ANN401 - gives slices
        part: NDArray[Any] = array[where]
        return part


@dataclass
class FrameBands:
    """The bands of monthly rasters: those of ``sn7fast predict``, or others.

    Reading gives the rows of what `sn7fast.nn.cubes.load_cube` (in uint8) or, for other rasters,
    `sn7fast.data.cubes.load_cube` gives.

    Args:
        frames: Raster files of one AOI in time order, at least one.
        output: Which output of the network, for those of ``sn7fast predict``.
        at_scale: Pixels of the rasters along one of the image, where they do not tell.
        beside: One for each frame, whose rasters beside it (``valid``, ``udm``) tell what is
            hidden; none if there are no such rasters.

    Raises:
        RasterError: A file cannot be read.
        StackError: Files differ in shape, type or place, or do not fit the scale; or there are not
            as many ``beside`` as frames.
        MissingDependencyError: rasterio is not installed.
    """

    frames: Sequence[Frame]
    output: str = "footprint"
    at_scale: int = 1
    beside: Sequence[ImageEntry] = ()
    shape_yx: tuple[int, int] = field(init=False)
    months: tuple[str, ...] = field(init=False)
    scale: int = field(init=False)
    grid: Grid | None = field(init=False)
    is_uint8: bool = field(init=False)
    block_rows: int = field(init=False)
    _block_columns: int = field(init=False)
    _window_px: int = field(init=False)

    def __post_init__(self) -> None:
        from sn7fast.data.cubes import MonthlyRasters
        from sn7fast.nn.cubes import MonthlyPredictions
        from sn7fast.nn.outputs import TAG

        if not self.frames:
            raise StackError("frames: got none, wanted at least one raster")
        if len(self.beside) not in (0, len(self.frames)):
            raise StackError(
                f"beside: got {len(self.beside)} for {len(self.frames)} frames, wanted one for "
                "each or none"
            )
        blocks, wide, count = set(), 1, 1
        for frame in self.frames:
            with opened(frame.path) as dataset:
                blocks.add(int(dataset.block_shapes[0][0]))
                wide = max(wide, int(dataset.block_shapes[0][1]))
                count = max(count, int(dataset.count))
                is_prediction = TAG in dataset.tags()
        self._files: Any = (
            MonthlyPredictions(self.frames, self.output)
            if is_prediction
            else MonthlyRasters(self.frames, self.at_scale)
        )
        self.months = tuple(frame.month for frame in self.frames)
        self.grid, self.scale = self._files.grid, self._files.scale
        rows, columns = self.grid.shape_yx
        self.shape_yx = (rows * self.scale, columns * self.scale)
        self.is_uint8 = self._files.is_uint8
        coarse = 1
        for path in rasters_beside(self.beside):
            with opened(path) as dataset:
                coarse = max(coarse, int(dataset.block_shapes[0][0]) * self.scale)
        self.block_rows = rows_together([*blocks, self.scale], coarse, self.shape_yx[0])
        # Predictions are decoded to two float32 an output, and what is wanted of them to two more.
        px_bytes = 8 * count + 8 if is_prediction else 3 if self.is_uint8 else 12
        self._block_columns, self._window_px = wide, _WINDOW_BYTES // px_bytes

    def lazy_cube(self) -> Cube:
        """A cube for those who only look at some rows of a month at a time: these are then read.

        Its frames have a shape and a type and give arrays for slices of rows, nothing else.
        """
        shape = (len(self.months), *self.shape_yx)

        def prob(month: int, first: int, end: int) -> NDArray[Any]:
            return self._put_together(month, (first, end), lambda part: part.prob)

        def valid(month: int, first: int, end: int) -> NDArray[np.bool_]:
            def of(part: Cube) -> NDArray[np.bool_]:
                pixels = part.valid_pixels()
                return np.ones(part.prob.shape, bool) if pixels is None else pixels

            return self._put_together(month, (first, end), of)

        pixels = np.uint8 if self.is_uint8 else np.float32
        frames: Any = LazyFrames(shape, pixels, prob, self.block_rows)
        masks: Any = LazyFrames(shape, bool, valid, self.block_rows)
        return Cube(frames, self.months, masks, self.scale, self.grid)

    def _put_together(
        self, month: int, rows: tuple[int, int], of: Callable[[Cube], NDArray[Any]]
    ) -> NDArray[Any]:
        """What there is of rows of a month; some columns are read at a time.

        Reading takes many times the memory of what is wanted of it.
        """
        blocks = max(1, self._window_px // max(1, (rows[1] - rows[0]) * self._block_columns))
        width = blocks * self._block_columns
        parts = [
            of(self.read_month(month, *rows, (left, min(left + width, self.shape_yx[1]))))[0]
            for left in range(0, self.shape_yx[1], width)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def read_month(
        self, month: int, first: int, end: int, columns: tuple[int, int] | None = None
    ) -> Cube:
        """Rows, and columns, of one month, by its position, as a cube of that month."""
        beside = self.beside[month : month + 1]
        return self._read(self._files.only(month), beside, first, end, columns)

    def read(self, first: int, end: int, columns: tuple[int, int] | None = None) -> Cube:
        """See `CubeBands`."""
        return self._read(self._files, self.beside, first, end, columns)

    def _read(
        self,
        files: Any,  # noqa: ANN401 - monthly rasters or predictions
        beside: Sequence[ImageEntry],
        first: int,
        end: int,
        columns: tuple[int, int] | None = None,
    ) -> Cube:
        window = ((first, end), columns or (0, self.shape_yx[1]))
        with little_cache():
            return without_hidden(files.read(window), beside, window, self.grid)


def rows_together(blocks: Sequence[int], coarse: int, rows: int) -> int:
    """Rows that are best read together.

    Args:
        blocks: Rows of the blocks of files, and others that bands must not cut.
        coarse: Rows of blocks of further files, of which some may be read twice.
        rows: Of the whole.
    """
    least = int(np.lcm.reduce([*blocks]))
    together = -(-coarse // least) * least
    return together if together <= max(*blocks, rows) else rows
