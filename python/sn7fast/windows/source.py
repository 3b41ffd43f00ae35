"""Cubes larger than memory: the probabilities of all months, band of rows by band of rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from sn7fast.cube import Cube
from sn7fast.errors import StackError
from sn7fast.io.bands import little_cache
from sn7fast.io.rasters import opened

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.data.discover import Frame
    from sn7fast.grid import Grid


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
    """The bands of a cube that is there, such as one of memory maps."""

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
        valid = cube.valid
        if valid is not None:
            by = 1 if valid.shape == cube.prob.shape else cube.scale
            valid = valid[:, first // by : -(-end // by), left // by : -(-right // by)]
        return Cube(cube.prob[:, first:end, left:right], cube.months, valid, cube.scale)


@dataclass
class FrameBands:
    """The bands of monthly rasters: those of ``sn7fast predict``, or others.

    Reading gives the rows of what `sn7fast.nn.cubes.load_cube` (in uint8) or, for other rasters,
    `sn7fast.data.cubes.load_cube` gives.

    Args:
        frames: Raster files of one AOI in time order, at least one.
        output: Which output of the network, for those of ``sn7fast predict``.
        at_scale: Pixels of the rasters along one of the image, where they do not tell.

    Raises:
        RasterError: A file cannot be read.
        StackError: Files differ in shape, type or place, or do not fit the scale.
        MissingDependencyError: rasterio is not installed.
    """

    frames: Sequence[Frame]
    output: str = "footprint"
    at_scale: int = 1
    shape_yx: tuple[int, int] = field(init=False)
    months: tuple[str, ...] = field(init=False)
    scale: int = field(init=False)
    grid: Grid | None = field(init=False)
    is_uint8: bool = field(init=False)
    block_rows: int = field(init=False)

    def __post_init__(self) -> None:
        from sn7fast.data.cubes import MonthlyRasters
        from sn7fast.nn.cubes import MonthlyPredictions
        from sn7fast.nn.outputs import TAG

        if not self.frames:
            raise StackError("frames: got none, wanted at least one raster")
        blocks = set()
        for frame in self.frames:
            with opened(frame.path) as dataset:
                blocks.add(int(dataset.block_shapes[0][0]))
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
        self.block_rows = int(np.lcm.reduce([*blocks, self.scale]))
        if self.block_rows > max(*blocks, self.shape_yx[0]):
            self.block_rows = self.shape_yx[0]

    def lazy_cube(self) -> Cube:
        """A cube for those who only look at some rows of a month at a time: these are then read.

        Its frames have a shape and a type and give arrays for slices of rows, nothing else.
        """
        prob, valid = (_Lazy(self, name) for name in ("prob", "valid"))
        return Cube(prob, self.months, valid, self.scale, self.grid)  # type: ignore[arg-type]

    def read_month(self, month: int, first: int, end: int) -> Cube:
        """Rows of one month, by its position, as a cube of that month."""
        with little_cache():
            cube: Cube = self._files.only(month).read(((first, end), (0, self.shape_yx[1])))
        return cube

    def read(self, first: int, end: int, columns: tuple[int, int] | None = None) -> Cube:
        """See `CubeBands`."""
        with little_cache():
            cube: Cube = self._files.read(((first, end), columns or (0, self.shape_yx[1])))
        return cube


class _Lazy:
    """``prob`` or ``valid`` of a cube whose rows are read when they are asked for."""

    ndim = 3

    def __init__(self, source: FrameBands, name: Literal["prob", "valid"]) -> None:
        self.source, self.name = source, name
        self.shape = (len(source.months), *source.shape_yx)
        pixels = np.uint8 if source.is_uint8 else np.float32
        self.dtype = np.dtype(pixels if name == "prob" else bool)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, month: int) -> _LazyFrame:
        return _LazyFrame(self, range(len(self))[month])


class _LazyFrame:
    ndim = 2

    def __init__(self, cube: _Lazy, month: int) -> None:
        self._cube, self._month = cube, month
        self.shape, self.dtype = cube.shape[1:], cube.dtype

    def __getitem__(self, rows: slice) -> NDArray[Any]:
        first, end, _ = rows.indices(self.shape[0])
        found = self._cube.source.read_month(self._month, first, end)
        values: NDArray[Any] | None = found.prob
        if self._cube.name == "valid":
            values = found.valid_pixels()
        if values is None:
            return np.ones(found.prob.shape[1:], bool)
        frame: NDArray[Any] = values[0]
        return frame
