"""From files to cubes: the probabilities of an AOI in all its months.

Three layouts, of which the first that fits is taken:

1. ``<AOI>.npz``: arrays ``prob`` (T, rows, columns) of uint8 or float32 and ``months`` (T texts);
   optional ``valid`` (bool, as ``prob``) and ``scale``. A folder of them, or one. `write_cube`
   makes them.
2. ``<AOI>.zarr``: a group with arrays ``prob`` and, optional, ``valid``, and attributes ``months``
   and, optional, ``scale``. A folder of them, or one. Needs zarr.
3. Monthly rasters, as `sn7fast.data.discover` finds them; the first band is taken. Those that
   ``sn7fast predict`` wrote tell by themselves what their numbers mean. Of others float32 are
   probabilities and uint8 are 255 times that, or masks; pixels are not valid if they are NaN or,
   unless that is 0, the nodata value of the file.
"""

from __future__ import annotations

import json
import zipfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sn7fast._arguments import whole_number
from sn7fast._core import get_num_threads
from sn7fast._optional import require
from sn7fast.cube import Cube
from sn7fast.data.discover import discover
from sn7fast.errors import FormatError, InputError, RasterError, StackError
from sn7fast.grid import Grid
from sn7fast.io.outputs import whole_file
from sn7fast.io.rasters import opened
from sn7fast.nn.outputs import TAG

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sn7fast.data.discover import Frame


def cube_loaders(
    path: str | os.PathLike[str], *, scale: int | None = None
) -> dict[str, Callable[[], Cube]]:
    """For each AOI at a path what loads its probabilities; AOIs in order of their names.

    Args:
        path: Folder or file; see the top of this module.
        scale: Of monthly rasters; see `load_cube`.

    Raises:
        InputError: Nothing was found, or names that do not tell AOI and month.
    """
    path = Path(path)
    for suffix, load in ((".npz", read_cube), (".zarr", _read_zarr)):
        found = [path] if path.suffix == suffix else sorted(path.glob(f"[!.]*{suffix}"))
        if found and path.exists():
            return {one.stem: partial(load, one) for one in found}
    frames = discover(path, kinds=("masks",)).by_aoi()
    return {aoi: partial(load_cube, of_aoi, scale=scale) for aoi, of_aoi in frames.items()}


def load_cube(frames: Sequence[Frame], *, scale: int | None = None) -> Cube:
    """The monthly rasters of one AOI as a cube.

    Args:
        frames: Raster files in order of time, at least one.
        scale: Pixels of the rasters along one of the image. None means what `predict` has noted in
            them, or 1.

    Raises:
        RasterError: A file cannot be read, or is neither uint8 nor float32.
        StackError: Shapes or types differ.
        InputError: ``scale`` does not fit.
    """
    pool = ThreadPoolExecutor(min(len(frames), get_num_threads()))
    try:
        parts = list(pool.map(_read_frame, frames))
    finally:
        pool.shutdown(cancel_futures=True)
    first = parts[0]
    for frame, part in zip(frames, parts, strict=True):
        if part.kind != first.kind:
            raise StackError(
                f"{frame.path}: got {part.kind}, {frames[0].path} has {first.kind}; "
                "wanted all alike"
            )
    valid = None
    if any(part.valid is not None for part in parts):
        clear = np.ones(first.prob.shape, bool)
        valid = np.stack([clear if part.valid is None else part.valid for part in parts])
    scale = first.scale if scale is None else whole_number("scale", scale, 1, 4)
    prob = np.stack([part.prob for part in parts])
    months = [frame.month for frame in frames]
    grid = _reduced(first.grid, scale, frames[0].path)
    return Cube.from_arrays(prob, months=months, valid=valid, scale=scale, grid=grid)


class _Month(NamedTuple):
    """One raster.

    Attributes:
        prob: Probabilities.
        valid: Pixels with data; None if all have.
        grid: Where the pixels lie.
        scale: How many lie along one of the image.
    """

    prob: NDArray[Any]
    valid: NDArray[np.bool_] | None
    grid: Grid
    scale: int

    @property
    def kind(self) -> str:
        """What has to be the same for all months."""
        rows, columns = self.prob.shape
        return f"{self.prob.dtype} of {rows} x {columns} at scale {self.scale}"


def _read_frame(frame: Frame) -> _Month:
    with opened(frame.path) as dataset:
        values, nodata, grid = dataset.read(1), dataset.nodata, Grid.from_rasterio(dataset)
        tag = dataset.tags().get(TAG)
    if values.dtype not in (np.uint8, np.float32):
        raise RasterError(f"{frame.path}: got pixels of {values.dtype}, wanted uint8 or float32")
    made = _made(frame.path, tag)
    if values.dtype == np.uint8 and tag is not None:
        # 0 is no data, and 1 to 255 are probabilities.
        valid = values > 0
        levels = np.round((np.arange(256) - 1).clip(0) * (255 / 254)).astype(np.uint8)
        values = levels[values]
    else:
        valid = np.isfinite(values) if values.dtype.kind == "f" else np.ones(values.shape, bool)
        if nodata and not np.isnan(nodata):
            valid &= values != nodata
    if not valid.all():
        values = np.where(valid, values, values.dtype.type(0))
    if made.is_logit:
        values = np.where(valid, 1 / (1 + np.exp(-values)), np.float32(0)).astype(np.float32)
    return _Month(values, None if valid.all() else valid, grid, made.scale)


class _Made(NamedTuple):
    """What a prediction tells of itself."""

    scale: int = 1
    is_logit: bool = False


def _made(path: Path, tag: str | None) -> _Made:
    if tag is None:
        return _Made()
    try:
        made = json.loads(tag)
        return _Made(int(made["spec"][0]["scale"]), made["kind"] == "logit")
    except (ValueError, TypeError, KeyError, IndexError) as error:
        raise RasterError(f"{path}: its tag {TAG} is none of this version") from error


def _reduced(grid: Grid, scale: int, path: Path) -> Grid:
    """The grid of the image of a raster enlarged by ``scale``."""
    rows, columns = grid.shape_yx
    if rows % scale or columns % scale:
        raise RasterError(
            f"{path}: got {rows} x {columns} (rows x columns), wanted multiples of the scale, "
            f"{scale}"
        )
    a, b, c, d, e, f = grid.transform
    transform = (a * scale, b * scale, c, d * scale, e * scale, f)
    return Grid((rows // scale, columns // scale), transform, grid.crs)


def read_cube(path: str | os.PathLike[str]) -> Cube:
    """A cube of an npz file; see the top of this module.

    Raises:
        FormatError: The file is none.
        InputError: Its arrays do not make a cube.
    """
    path = Path(path)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in arrays.files}
    except (ValueError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise FormatError(f"{path}: cannot be read as npz: {error}") from error
    return _cube(path, found)


def write_cube(path: str | os.PathLike[str], cube: Cube) -> None:
    """Write an npz file that `read_cube` takes; where the pixels lie is not kept.

    Raises:
        OSError: The file cannot be written.
    """
    arrays: dict[str, Any] = {"prob": cube.prob, "months": np.array(cube.months, str)}
    arrays |= {} if cube.valid is None else {"valid": cube.valid}
    with whole_file(path) as part, part.open("wb") as file:
        np.savez_compressed(file, **arrays, scale=np.array(cube.scale))


def _read_zarr(path: Path) -> Cube:
    zarr = require("zarr")
    try:
        group = zarr.open_group(path, mode="r")
        found = {name: group[name][...] for name in ("prob", "valid") if name in group}
        found |= {name: np.array(value) for name, value in group.attrs.asdict().items()}
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise FormatError(f"{path}: cannot be read as a zarr group: {error}") from error
    return _cube(path, found)


def _cube(path: Path, found: dict[str, NDArray[Any]]) -> Cube:
    lacking = [name for name in ("prob", "months") if name not in found]
    if lacking:
        raise FormatError(f"{path}: has {', '.join(found) or 'nothing'}, lacks {lacking[0]}")
    months = found["months"]
    if months.ndim != 1 or (months.size and months.dtype.kind != "U"):
        raise FormatError(f"{path}: months: got {months.dtype}, wanted texts")
    try:
        return Cube.from_arrays(
            found["prob"],
            months=months.tolist(),
            valid=found.get("valid"),
            scale=int(found.get("scale", np.array(1))),
        )
    except (InputError, TypeError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None
