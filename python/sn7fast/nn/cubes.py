"""Files of predictions as cubes: the months of one AOI, ready to be collapsed or polygonized."""

from __future__ import annotations

import copy
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._core import get_num_threads
from sn7fast.cube import Cube
from sn7fast.data.alike import check_same_ground
from sn7fast.data.discover import discover
from sn7fast.errors import StackError
from sn7fast.nn.ensemble import converted
from sn7fast.nn.outputs import read_prediction

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sn7fast.data.discover import Frame
    from sn7fast.grid import Grid
    from sn7fast.io.rasters import Window
    from sn7fast.nn.outputs import Prediction


def cube_loaders(
    folder: str | os.PathLike[str], *, output: str = "footprint", dtype: str = "float32"
) -> dict[str, Callable[[], Cube]]:
    """For each AOI of a folder that `predict` wrote, what loads its cube.

    Args:
        folder: Of `predict`; the months are taken from the names of the files.
        output: Which output of the network.
        dtype: ``float32`` (0 to 1) or ``uint8`` (0 to 255) of the cube, whatever the files have.

    Raises:
        InputError: Nothing is there; see `discover`.
    """
    groups = discover(folder, kinds=["masks"]).by_aoi()
    return {
        aoi: partial(load_cube, frames, output=output, dtype=dtype)
        for aoi, frames in groups.items()
    }


def load_cube(
    frames: Sequence[Frame], *, output: str = "footprint", dtype: str = "float32"
) -> Cube:
    """The predictions of one AOI.

    Args:
        frames: Files that `predict` wrote, at least one.
        output: Which output of the network.
        dtype: See `cube_loaders`.

    Returns:
        Probabilities, 0 where there is no data, and where there is.

    Raises:
        RasterError: A file cannot be read, or was not written by `predict`.
        InputError: A file lacks the output.
        StackError: Files differ in shape, place or enlargement; names two.
    """
    if not frames:
        raise StackError("frames: got none, wanted at least one prediction")
    with ThreadPoolExecutor(min(len(frames), get_num_threads())) as pool:
        parts = list(pool.map(partial(_month, output=output, dtype=dtype), frames))
    grid, scale = _common(frames, [(part[2], part[3]) for part in parts])
    prob: NDArray[Any] = np.stack([part[0] for part in parts])
    valid = np.stack([part[1] for part in parts])
    months = tuple(frame.month for frame in frames)
    return Cube(prob, months, None if valid.all() else valid, scale, grid)


class MonthlyPredictions:
    """The predictions of one AOI on disk, of which some rows and columns can be read.

    Attributes:
        grid: Of the image.
        scale: Pixels of the predictions along one of the image.
        is_uint8: True.

    Raises:
        RasterError: A file cannot be read, or was not written by `predict`.
        StackError: Files differ in shape, place or enlargement; names two.
    """

    is_uint8 = True

    def __init__(self, frames: Sequence[Frame], output: str) -> None:
        self._frames, self._output = frames, output
        corner = ((0, 1), (0, 1))
        heads = [_image_grid(read_prediction(frame.path, window=corner)) for frame in frames]
        self.grid, self.scale = _common(frames, heads)

    def only(self, month: int) -> MonthlyPredictions:
        """The predictions of one month, by its position."""
        one = copy.copy(self)
        one._frames = [self._frames[month]]
        return one

    def read(self, window: Window) -> Cube:
        """The part of the cube that `load_cube` gives in uint8, without a grid.

        Raises:
            RasterError: A file cannot be read.
            InputError: A file lacks the output.
        """
        read = partial(_month, output=self._output, dtype="uint8", window=window)
        with ThreadPoolExecutor(min(len(self._frames), get_num_threads())) as pool:
            parts = list(pool.map(read, self._frames))
        valid = np.stack([part[1] for part in parts])
        months = tuple(frame.month for frame in self._frames)
        prob: NDArray[Any] = np.stack([part[0] for part in parts])
        return Cube(prob, months, None if valid.all() else valid, self.scale)


def _common(frames: Sequence[Frame], heads: Sequence[tuple[Grid, int]]) -> tuple[Grid, int]:
    """The grid of the image and the enlargement, of heads that have each their own."""
    index = next((index for index, (grid, _) in enumerate(heads) if grid.crs is not None), 0)
    (grid, scale), path = heads[index], frames[index].path
    for frame, (its_grid, its_scale) in zip(frames, heads, strict=True):
        check_same_ground(frame.aoi, "predictions", (path, grid), (frame.path, its_grid))
        if its_scale != scale:
            raise StackError(
                f"{frame.aoi}: predictions differ in enlargement: {scale} against {its_scale} in "
                f"{path} and {frame.path}"
            )
    return grid, scale


def _month(
    frame: Frame, output: str, dtype: str, window: Window | None = None
) -> tuple[NDArray[np.float32] | NDArray[np.uint8], NDArray[np.bool_], Grid, int]:
    """Probabilities, valid pixels, the grid of the image, and the enlargement."""
    found = read_prediction(frame.path, window=window)
    values = converted(found[output], found.made["kind"], "probability")
    values = np.where(found.valid, values, np.float32(0))
    if dtype == "uint8":
        return np.rint(values * 255).astype(np.uint8), found.valid, *_image_grid(found)
    return values, found.valid, *_image_grid(found)


def _image_grid(found: Prediction) -> tuple[Grid, int]:
    scale = int(found.made["spec"][0]["scale"])
    return found.grid.reduced(scale), scale
