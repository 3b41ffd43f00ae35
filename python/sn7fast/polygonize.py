"""Masks to footprints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast import _core
from sn7fast._arguments import real_number
from sn7fast.cube import Cube
from sn7fast.errors import InputError, StackError
from sn7fast.footprints import Footprints
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import ArrayLike, NDArray

_NATIVE = ("uint8", "uint16", "float32", "float64")


def polygonize(
    mask: ArrayLike,
    *,
    threshold: float = 0,
    min_area_px: float = 0,
    connectivity: int = 4,
) -> Footprints:
    """Turn each connected foreground region of a mask into a polygon with its holes.

    Pixel (r, c) covers [c, c+1] x [r, r+1], so all coordinates are whole numbers and the areas are
    pixel counts; only corners are vertices. Ring starts, directions and the order of footprints are
    those of GDAL 3.10's polygonizer (``rasterio.features.shapes``): outer rings start at the left
    end of their top edge and go down first. (With 8-connectivity the order is our own.)
    Every polygon is valid: where an outline would touch itself, the loop becomes a hole.

    Args:
        mask: (rows, columns); bool, uint8, uint16, float32 or float64. Read in place if it is
            C-contiguous.
        threshold: A pixel is foreground if its value is greater. NaN is background. For float32
            the comparison is made in float32.
        min_area_px: Regions with fewer pixels are dropped; holes do not count.
        connectivity: 4, pixels that share an edge, or 8, an edge or a corner. With 8 the parts of
            a region that meet in corners only become polygons of one multipolygon.

    Returns:
        Footprints in pixel coordinates.

    Raises:
        InputError: Wrong dtype, dimensions, connectivity, a NaN threshold or area, or a masked
            array.
    """
    options = _options(threshold, min_area_px, connectivity)
    return Footprints._trusted(_core.polygonize(_native(mask, "mask"), *options))


def polygonize_frames(
    frames: ArrayLike | Sequence[ArrayLike],
    *,
    months: Sequence[str] | None = None,
    aoi: str = "",
    threshold: float = 0,
    min_area_px: float = 0,
    connectivity: int = 4,
) -> Stack:
    """Polygonize all months of an AOI, in parallel.

    Args:
        frames: (T, rows, columns) array, a sequence of T masks of one shape and dtype, or a Cube,
            which brings its months and grid and whose invalid pixels are background.
        months: T labels; needed unless ``frames`` is a Cube.
        aoi: Name of the area.
        threshold: As in :func:`polygonize`.
        min_area_px: As in :func:`polygonize`.
        connectivity: As in :func:`polygonize`.

    Returns:
        Stack without ids.

    Raises:
        StackError: Frames differ in shape or dtype, or their number is not that of the months.
        InputError: As in :func:`polygonize`.
    """
    threshold, min_area_px, connectivity = _options(threshold, min_area_px, connectivity)
    grid = None
    if isinstance(frames, Cube):
        months, grid = frames.months if months is None else months, frames.grid
        frames, threshold = visible(frames.prob, frames.valid_pixels(), threshold)
    if months is None:
        raise InputError("months: got None, wanted a label for each frame")
    masks = [_native(frame, f"frame {month}") for frame, month in zip(frames, months, strict=False)]  # type: ignore[arg-type]
    if len(masks) != len(months) or len(frames) != len(months):  # type: ignore[arg-type]
        raise StackError(f"{aoi or 'frames'}: got {len(frames)} frames for {len(months)} months")  # type: ignore[arg-type]
    for mask, month in zip(masks, months, strict=True):
        if mask.shape != masks[0].shape or mask.dtype != masks[0].dtype:
            raise StackError(
                f"{aoi or 'frames'}: month {month} has shape {mask.shape} {mask.dtype}, "
                f"month {months[0]} has {masks[0].shape} {masks[0].dtype}; wanted all alike"
            )
    parts = _core.polygonize_frames(masks, threshold, min_area_px, connectivity)
    footprints = [Footprints._trusted(arrays) for arrays in parts]
    return Stack.from_frames(footprints, months=months, aoi=aoi, grid=grid)


def polygonize_bands(
    bands: Iterable[ArrayLike],
    *,
    valid: Iterable[ArrayLike] | None = None,
    threshold: float = 0,
    min_area_px: float = 0,
    connectivity: int = 4,
) -> Iterator[Footprints]:
    """Polygonize a mask that does not fit into memory, band by band.

    All parts, one after the other, are the footprints that `polygonize` finds in the whole mask,
    in the same order: a region comes, whole, once its last row is known. In memory are one band and
    the outlines of the regions that reach its lower edge.

    Args:
        bands: The rows of the mask from top to bottom, (rows, columns) each, of any heights; slices
            of a memory map, say, or `sn7fast.io.rasters.read_bands`. Types as in `polygonize`.
        valid: For each band bool of its shape, False where a pixel is background whatever its
            value; None if all count.
        threshold: As in `polygonize`.
        min_area_px: As in `polygonize`.
        connectivity: As in `polygonize`.

    Yields:
        Footprints in pixel coordinates of the whole mask: those that are ready after each band, and
        at last those that are left. Nothing if there is no band.

    Raises:
        InputError: As in `polygonize`, or bands differ in columns, or ``valid`` does not fit them.
    """
    threshold, min_area_px, connectivity = _options(threshold, min_area_px, connectivity)
    clear = None if valid is None else iter(valid)
    masks: _core.MaskBands | None = None
    for number, band in enumerate(bands):
        mask = _native(band, f"band {number}")
        if clear is not None:
            seen = np.asarray(next(clear, None))
            if seen.dtype != bool or seen.shape != mask.shape:
                raise InputError(
                    f"valid: got {seen.dtype} of shape {seen.shape} for band {number}, "
                    f"wanted bool of shape {mask.shape}"
                )
            mask, limit = visible(mask, seen, threshold)
        else:
            limit = threshold
        if masks is None:
            masks = _core.MaskBands(mask.shape[1], limit, min_area_px, connectivity)
        yield Footprints._trusted(masks.push(_native(mask, f"band {number}")))
    if masks is not None:
        yield Footprints._trusted(masks.end())


def visible(
    pixels: NDArray[Any], valid: NDArray[np.bool_] | None, threshold: float
) -> tuple[NDArray[Any], float]:
    """Pixels of which the invalid ones are background, and the threshold to go with them."""
    if valid is None:
        return pixels, threshold
    if pixels.dtype.kind == "f":
        return np.where(valid, pixels, pixels.dtype.type(np.nan)), threshold
    if threshold < 0:
        # Every value is foreground, 0 too: what is left to tell is what is valid.
        return valid, 0.0
    return np.where(valid, pixels, pixels.dtype.type(0)), threshold


def _options(threshold: Any, min_area_px: Any, connectivity: Any) -> tuple[float, float, int]:  # noqa: ANN401 - to be checked
    if isinstance(connectivity, bool) or connectivity not in (4, 8):
        raise InputError(f"connectivity: got {connectivity!r}, wanted 4 or 8")
    return (
        real_number("threshold", threshold),
        real_number("min_area_px", min_area_px),
        int(connectivity),
    )


def _native(mask: ArrayLike, name: str) -> NDArray[Any]:
    """The mask as an array the core reads, without a copy where that can be."""
    if isinstance(mask, np.ma.MaskedArray):
        raise InputError(
            f"{name}: got a masked array, wanted a plain one; fill it (mask.filled(0))"
        )
    array = np.asarray(mask)
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    if array.ndim != 2 or array.dtype.name not in _NATIVE:
        raise InputError(
            f"{name}: got {array.dtype} of shape {array.shape}, "
            f"wanted (rows, columns) of bool, {', '.join(_NATIVE)}"
        )
    return np.require(array, array.dtype.newbyteorder("="), ["C_CONTIGUOUS", "ALIGNED"])
