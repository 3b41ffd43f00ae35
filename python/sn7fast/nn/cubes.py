"""Files of predictions as cubes: the months of one AOI, ready to be collapsed or polygonized."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._core import get_num_threads
from sn7fast.cube import Cube
from sn7fast.data.alike import check_alike
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
    index = next((index for index, part in enumerate(parts) if part[2].crs is not None), 0)
    first, path = parts[index], frames[index].path
    for frame, part in zip(frames, parts, strict=True):
        check_alike(frame.aoi, "predictions", (path, first[2]), (frame.path, part[2]))
        if part[3] != first[3]:
            raise StackError(
                f"{frame.aoi}: predictions differ in enlargement: {first[3]} against {part[3]} in "
                f"{path} and {frame.path}"
            )
    prob: NDArray[Any] = np.stack([part[0] for part in parts])
    valid = np.stack([part[1] for part in parts])
    months = tuple(frame.month for frame in frames)
    return Cube(prob, months, None if valid.all() else valid, first[3], first[2])


def _month(
    frame: Frame, output: str, dtype: str
) -> tuple[NDArray[np.float32] | NDArray[np.uint8], NDArray[np.bool_], Grid, int]:
    """Probabilities, valid pixels, the grid of the image, and the enlargement."""
    found = read_prediction(frame.path)
    values = converted(found[output], found.made["kind"], "probability")
    values = np.where(found.valid, values, np.float32(0))
    if dtype == "uint8":
        return np.rint(values * 255).astype(np.uint8), found.valid, *_image_grid(found)
    return values, found.valid, *_image_grid(found)


def _image_grid(found: Prediction) -> tuple[Grid, int]:
    scale = int(found.made["spec"][0]["scale"])
    return found.grid.reduced(scale), scale
