"""From files to stacks: decode masks and polygonize them, read GeoJSON, SN7 CSV, GeoParquet."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._core import get_num_threads
from sn7fast.data.alike import check_same_ground
from sn7fast.data.discover import discover
from sn7fast.errors import FormatError, InputError, StackError
from sn7fast.io.rasters import read_mask
from sn7fast.polygonize import polygonize_frames
from sn7fast.stack import Stack

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sn7fast.data.discover import Frame, Source
    from sn7fast.footprints import Footprints
    from sn7fast.grid import Grid

# Square degrees: more than 100 km2, less than one pixel.
_LARGEST_IN_DEGREES = 0.01


def load_masks(frames: Sequence[Frame]) -> tuple[list[NDArray[Any]], Grid]:
    """Read the masks of one AOI, several at a time.

    Args:
        frames: Raster files, at least one.

    Returns:
        One array (rows, columns) a frame, all of one shape and type (see `read_mask`), and the
        grid they share: that of the first frame with a CRS, else of the first frame.

    Raises:
        RasterError: A file cannot be read.
        StackError: Shapes, types or places on the ground differ; names two files that disagree.
        MissingDependencyError: rasterio is not installed.
    """
    if not frames:
        raise StackError("frames: got none, wanted at least one mask")
    pool = ThreadPoolExecutor(min(len(frames), get_num_threads()))
    try:
        masks, grids = zip(*pool.map(read_mask, (frame.path for frame in frames)), strict=True)
    finally:
        # After an error nobody wants the files that still wait.
        pool.shutdown(cancel_futures=True)
    return list(masks), shared_grid(frames, masks, grids)


def shared_grid(
    frames: Sequence[Frame], masks: Sequence[NDArray[Any]], grids: Sequence[Grid]
) -> Grid:
    """The grid that masks share; see `load_masks`.

    Raises:
        StackError: They differ in shape, type or place.
    """
    reference = next((index for index, grid in enumerate(grids) if grid.crs is not None), 0)
    for index, frame in enumerate(frames):
        _check_alike(frames[reference], masks[reference], grids[reference],
                     frame, masks[index], grids[index])  # fmt: skip
    return grids[reference]


def _check_alike(
    one: Frame,
    one_mask: NDArray[Any],
    one_grid: Grid,
    other: Frame,
    other_mask: NDArray[Any],
    other_grid: Grid,
) -> None:
    # A PNG has no CRS and lies where the others do; the reference has one if any has.
    check_same_ground(other.aoi, "masks", (one.path, one_grid), (other.path, other_grid))
    if one_mask.dtype != other_mask.dtype:
        raise StackError(
            f"{other.aoi}: masks differ in type: {one_mask.dtype} against {other_mask.dtype} "
            f"in {one.path} and {other.path}"
        )


def load_stacks(
    path: str | os.PathLike[str],
    *,
    threshold: float = 0,
    min_area_px: float = 0,
    connectivity: int = 4,
) -> dict[str, Stack]:
    """Every AOI at a path as a Stack.

    Args:
        path: Folder or file; see `sn7fast.data.discover` for the layouts.
        threshold: For masks, as in `polygonize`. All else is taken as it is.
        min_area_px: As threshold.
        connectivity: As threshold.

    Returns:
        AOI to Stack, by name. Stacks have ids if the input has them: CSV always, GeoJSON by the
        column ``Id``, GeoParquet if they had them when they were written.

    Raises:
        InputError: Nothing found, or something that cannot be used; StackError, RasterError,
            FormatError and GeometryError are kinds of it.
        MissingDependencyError: A mask is to be read and rasterio is not installed.
    """
    loaders = stack_loaders(
        discover(path),
        threshold=threshold,
        min_area_px=min_area_px,
        connectivity=connectivity,
    )
    return {aoi: load() for aoi, load in loaders.items()}


def stack_loaders(
    source: Source, *, threshold: float = 0, min_area_px: float = 0, connectivity: int = 4
) -> dict[str, Callable[[], Stack]]:
    """For each AOI what loads it, so that one that cannot be used does not spoil the others.

    A CSV or GeoParquet is read at once. Arguments as `load_stacks`.
    """
    readers = stack_readers(
        source, threshold=threshold, min_area_px=min_area_px, connectivity=connectivity
    )
    return {aoi: partial(_whole, read) for aoi, read in readers.items()}


def stack_readers(
    source: Source, *, threshold: float = 0, min_area_px: float = 0, connectivity: int = 4
) -> dict[str, Callable[[], Callable[[], Stack]]]:
    """As `stack_loaders`, in two steps: what reads an AOI gives what makes a stack of it.

    The first is decoding, for a thread that reads ahead; the second is work of the core, if masks
    are to be polygonized, and nothing for what has footprints already.
    """
    if source.kind in ("csv", "parquet"):
        from sn7fast.io.parquet import read_parquet
        from sn7fast.io.tables import read_csv

        read = read_csv if source.kind == "csv" else read_parquet
        stacks = sorted(read(source.path).items())
        return {aoi: partial(_nothing_to_do, partial(_itself, stack)) for aoi, stack in stacks}
    groups = source.by_aoi()
    if source.kind == "geojson":
        return {
            aoi: partial(_nothing_to_do, partial(_load_geojson, frames))
            for aoi, frames in groups.items()
        }
    options = {"threshold": threshold, "min_area_px": min_area_px, "connectivity": connectivity}
    return {aoi: partial(_read_masks, frames, options) for aoi, frames in groups.items()}


def _whole(read: Callable[[], Callable[[], Stack]]) -> Stack:
    return read()()


def _itself(stack: Stack) -> Stack:
    return stack


def _nothing_to_do(load: Callable[[], Stack]) -> Callable[[], Stack]:
    return partial(_itself, load())


def _read_masks(frames: Sequence[Frame], options: dict[str, Any]) -> Callable[[], Stack]:
    return partial(_polygonize, frames, options, *load_masks(frames))


def _polygonize(
    frames: Sequence[Frame], options: dict[str, Any], masks: list[NDArray[Any]], grid: Grid
) -> Stack:
    months = [frame.month for frame in frames]
    stack = polygonize_frames(masks, months=months, aoi=frames[0].aoi, **options)
    return replace(stack, grid=grid)


def _load_geojson(frames: Sequence[Frame]) -> Stack:
    """The frames of one AOI; ids if all frames with footprints have them."""
    footprints: list[Footprints] = []
    ids: list[NDArray[np.int64]] = []
    with_ids = without_ids = None
    for frame in frames:
        found, found_ids = _read_frame(frame)
        footprints.append(found)
        ids.append(np.empty(0, np.int64) if found_ids is None else found_ids)
        if len(found) and found_ids is None:
            without_ids = frame
        elif len(found):
            with_ids = frame
    if with_ids and without_ids:
        raise StackError(
            f"{with_ids.aoi}: {with_ids.path} has a property Id and {without_ids.path} has none; "
            "wanted it in all months or in none"
        )
    months = [frame.month for frame in frames]
    return Stack.from_frames(
        footprints, months=months, aoi=frames[0].aoi, ids=ids if with_ids else None
    )


def _read_frame(frame: Frame) -> tuple[Footprints, NDArray[np.int64] | None]:
    """Footprints in pixel units and the values of Id, or None if the file has no such property."""
    from sn7fast.io.geojson import read_geojson

    collection = read_geojson(frame.path, columns=["Id"])
    found = collection.footprints
    if collection.crs is not None and len(found):
        # Programs that know no pixels label them as longitude and latitude. A real building in
        # degrees is far smaller than a pixel, though.
        in_degrees = "CRS84" in collection.crs or "4326" in collection.crs
        if not in_degrees or found.areas.max() < _LARGEST_IN_DEGREES:
            raise InputError(
                f"{frame.path}: coordinates are in {collection.crs}, wanted pixels; of SpaceNet 7 "
                "labels take labels_match_pix"
            )
    values = collection.columns.get("Id")
    if values is None or not len(found):
        return found, None
    if isinstance(values, np.ndarray) and values.dtype == np.int64:
        return found, values
    if isinstance(values, np.ndarray) and values.dtype == np.float64 and np.isnan(values).all():
        return found, None
    raise FormatError(f"{frame.path}: property Id: wanted a whole number for every feature")
