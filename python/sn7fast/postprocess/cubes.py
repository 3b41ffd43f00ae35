"""From files to cubes: the probabilities of an AOI in all its months.

Three layouts, of which the first that fits is taken:

1. ``<AOI>.npz``: arrays ``prob`` (T, rows, columns) of uint8 or float32 and ``months`` (T texts);
   optional ``valid`` (bool, as ``prob``) and ``scale``. A folder of them, or one. `write_cube`
   makes them.
2. ``<AOI>.zarr``: a group with arrays ``prob`` and, optional, ``valid``, and attributes ``months``
   and, optional, ``scale``. A folder of them, or one. Needs zarr.
3. Monthly rasters, as `sn7fast.data.discover` finds them: those that ``sn7fast predict`` wrote
   (`sn7fast.nn.cubes`), which tell by themselves what their numbers mean, or others
   (`sn7fast.data.cubes`).
"""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._arguments import whole_number
from sn7fast._optional import require
from sn7fast.cube import Cube
from sn7fast.data.cubes import load_cube
from sn7fast.data.discover import discover
from sn7fast.errors import FormatError, InputError
from sn7fast.io.npz import read_npz, write_npz
from sn7fast.io.npz_maps import read_npz_heads
from sn7fast.io.rasters import opened
from sn7fast.nn.outputs import TAG

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sn7fast.data.catalog import Catalog
    from sn7fast.data.discover import Frame

PIXELS = ("prob", "valid")
"""Arrays of a cube that may be large."""

# What reading a damaged group raises; the second line is of codecs.
_DAMAGE = (ValueError, KeyError, OSError, TypeError,
           RuntimeError, EOFError, zlib.error)  # fmt: skip


def cube_loaders(
    path: str | os.PathLike[str],
    *,
    scale: int = 1,
    output: str = "footprint",
    images: Catalog | None = None,
) -> dict[str, Callable[[], Cube]]:
    """For each AOI at a path what loads its probabilities; AOIs in order of their names.

    Args:
        path: Folder or file; see the top of this module.
        scale: Pixels of monthly rasters along one of the image, where these do not tell.
        output: Which output of the network, where several were written.
        images: SpaceNet 7 files that tell what is hidden in monthly rasters, where these do not.

    Raises:
        InputError: Nothing was found, names that do not tell AOI and month, or ``images`` lacks an
            AOI.
    """
    path = Path(path)
    for suffix, load in ((".npz", read_cube), (".zarr", _read_zarr)):
        found = [path] if path.suffix == suffix else sorted(path.glob(f"[!.]*{suffix}"))
        if found and path.exists():
            return {one.stem: partial(load, one) for one in found}
    frames = discover(path, kinds=("masks",)).by_aoi()
    return {
        aoi: partial(_load_rasters, of_aoi, scale, output, images) for aoi, of_aoi in frames.items()
    }


def _load_rasters(frames: Sequence[Frame], scale: int, output: str, images: Catalog | None) -> Cube:
    with opened(frames[0].path) as dataset:
        is_prediction = TAG in dataset.tags()
    if is_prediction:
        from sn7fast.nn.cubes import load_cube as load_prediction

        return load_prediction(frames, output=output, dtype="uint8")
    return load_cube(
        frames,
        scale=whole_number("scale", scale, 1, 4),
        images=None if images is None else images[frames[0].aoi],
    )


def read_cube(path: str | os.PathLike[str]) -> Cube:
    """A cube of an npz file; see the top of this module.

    Raises:
        FormatError: The file is none.
        InputError: Its arrays do not make a cube.
    """
    path = Path(path)
    return _cube(path, read_npz(path))


def write_cube(path: str | os.PathLike[str], cube: Cube) -> None:
    """Write an npz file that `read_cube` takes; where the pixels lie is not kept.

    Raises:
        OSError: The file cannot be written.
    """
    arrays: dict[str, Any] = {"prob": cube.prob, "months": np.array(cube.months, str)}
    arrays |= {} if cube.valid is None else {"valid": cube.valid}
    write_npz(path, arrays | {"scale": np.array(cube.scale)})


def _read_zarr(path: Path) -> Cube:
    cube = open_zarr(path)
    with reading_zarr(path):
        prob: NDArray[Any] = cube.prob[...]
        return replace(cube, prob=prob, valid=None if cube.valid is None else cube.valid[...])


def open_zarr(path: str | os.PathLike[str]) -> Cube:
    """A cube of a zarr group whose pixels are on disk, for those who take slices of its arrays.

    Raises:
        FormatError: There is no such group.
        InputError: Its arrays do not make a cube.
        MissingDependencyError: zarr is not installed.
    """
    zarr = require("zarr")
    with reading_zarr(path):
        group = zarr.open_group(path, mode="r")
        found = {name: group[name] for name in PIXELS if name in group}
        for name, array in found.items():
            if not isinstance(array, zarr.Array):
                raise TypeError(f"{name} is no array")
        found |= {name: np.array(value) for name, value in group.attrs.asdict().items()}
    return _cube(path, found)


@contextmanager
def reading_zarr(path: str | os.PathLike[str]) -> Iterator[None]:
    """A group is read in the block.

    Raises:
        FormatError: It cannot be; names it.
    """
    try:
        yield
    except _DAMAGE as error:
        raise FormatError(f"{path}: cannot be read as a zarr group: {error}") from error


def cube_head(path: str | os.PathLike[str]) -> Cube:
    """A cube of an npz file or a zarr group, checked, but for its pixels, which are not read.

    Raises:
        FormatError: The file is none.
        InputError: Its arrays do not make a cube.
        MissingDependencyError: zarr is needed and not installed.
    """
    path = Path(path)
    return open_zarr(path) if path.suffix == ".zarr" else _cube(path, read_npz_heads(path, PIXELS))


def _cube(path: str | os.PathLike[str], found: dict[str, NDArray[Any]]) -> Cube:
    lacking = [name for name in ("prob", "months") if name not in found]
    if lacking:
        raise FormatError(f"{path}: has {', '.join(found) or 'nothing'}, lacks {lacking[0]}")
    months = found["months"]
    if months.ndim != 1 or (months.size and months.dtype.kind != "U"):
        raise FormatError(f"{path}: months: got {months.dtype}, wanted texts")
    try:
        scale = int(found.get("scale", np.array(1)))
        return Cube(found["prob"], tuple(months.tolist()), found.get("valid"), scale)
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None
