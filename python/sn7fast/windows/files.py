"""The bands of cubes in one file; `sn7fast.postprocess.cubes` tells what such a file holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.io.npz_maps import unpacked
from sn7fast.postprocess.cubes import cube_head, open_zarr, reading_zarr
from sn7fast.windows.lazy import LazyFrames
from sn7fast.windows.source import ArrayBands, rows_together

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

    from sn7fast.cube import Cube


class _OnDisk(ArrayBands):
    """The bands of a cube whose arrays lie on disk."""

    def lazy_cube(self) -> Cube:
        """A cube for those who only look at some rows of a month at a time: these are then read.

        Its frames have a shape and a type and give arrays for slices of rows, nothing else.
        """
        cube = self._cube
        valid = None if cube.valid is None else self._lazy(cube.valid)
        return replace(cube, prob=self._lazy(cube.prob), valid=valid)

    def _lazy(self, array: Any) -> Any:  # noqa: ANN401 - gives slices, as what it makes does
        def read(month: int, first: int, end: int) -> NDArray[Any]:
            return self._part(array, np.s_[month, first:end])

        return LazyFrames(array.shape, array.dtype, read, self.block_rows)


class ZarrBands(_OnDisk):
    """The bands of a cube in a zarr group, read chunk by chunk.

    Args:
        path: The group.

    Raises:
        FormatError: There is no such group; or, as it is read, a chunk is damaged.
        InputError: Its arrays do not make a cube.
        MissingDependencyError: zarr is not installed.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        cube: Any = open_zarr(path)
        super().__init__(cube)
        coarse = 1
        if cube.valid is not None:
            by = 1 if cube.valid.shape == cube.prob.shape else cube.scale
            coarse = cube.valid.chunks[1] * by
        blocks = [cube.prob.chunks[1], cube.scale]
        self.block_rows = rows_together(blocks, coarse, self.shape_yx[0])

    def _part(self, array: Any, where: Any) -> NDArray[Any]:  # noqa: ANN401 - gives slices
        with reading_zarr(self.path):
            return super()._part(array, where)


class NpzBands(_OnDisk):
    """The bands of a cube in an npz file.

    No row of such a file can be read alone. So its arrays are unpacked onto disk when the first is
    wanted; they are gone with this object, or with the process.

    Args:
        path: The file.
        folder: Where there is room for a byte or four, and one for what is valid, of each pixel and
            month; None means the system's folder for temporary files.

    Raises:
        FormatError: The file is none; or, as it is unpacked, a damaged one.
        InputError: Its arrays do not make a cube.
        OSError: As it is unpacked: the disk is full.
    """

    def __init__(
        self, path: str | os.PathLike[str], folder: str | os.PathLike[str] | None = None
    ) -> None:
        self.path, self._folder = Path(path), folder
        self._is_unpacked = False
        super().__init__(cube_head(path))

    def read(self, first: int, end: int, columns: tuple[int, int] | None = None) -> Cube:
        """See `CubeBands`."""
        self._unpack()
        return super().read(first, end, columns)

    def lazy_cube(self) -> Cube:
        """As for other cubes on disk; all is unpacked at once."""
        self._unpack()
        return super().lazy_cube()

    def _unpack(self) -> None:
        if self._is_unpacked:
            return
        cube = self._cube
        prob: Any = unpacked(self.path, "prob", self._folder)
        valid: Any = None
        if cube.valid is not None:
            valid = unpacked(self.path, "valid", self._folder)
        self._cube, self._is_unpacked = replace(cube, prob=prob, valid=valid), True
