"""Post-processing of areas that do not fit into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast.collapse import CollapseParams
from sn7fast.errors import InputError
from sn7fast.postprocess import PostProcessing, Threshold
from sn7fast.windows.collapse import collapse_windows
from sn7fast.windows.follow import Tracker
from sn7fast.windows.tracking import track_bands

if TYPE_CHECKING:
    import os

    from sn7fast.large import LargeStack
    from sn7fast.windows.source import CubeBands

# Bytes of a pixel in memory beside those of the cube, once and for each month, as measured on
# cubes dense with buildings.
_IN_ONE_PIECE = {
    "baseline": (16, 14),
    "filtered": (16, 18),
    "collapse": (32, 8),
    "stc": (96, 4),
}


def needed_mb(
    shape_yx: tuple[int, int], months: int, settings: PostProcessing, *, is_uint8: bool = True
) -> float:
    """About how many megabytes `sn7fast.postprocess` needs for a cube, itself included."""
    once, monthly = _IN_ONE_PIECE[settings.method]
    rows, columns = shape_yx
    # The probabilities and what is valid, and them once more while they are read.
    own = 2 * (2 if is_uint8 else 5)
    return rows * columns * (once + months * (monthly + own)) / 1e6


def why_in_one_piece(settings: PostProcessing) -> str | None:
    """Why a method needs the whole area at once; None if it does not."""
    if settings.method == "stc":
        return f"the method {settings.method} looks at all of the area at once"
    if settings.separate is not None:
        return "separate looks at all of the area at once"
    if settings.method == "filtered" and settings.params.matching == "nearest":
        return "matching 'nearest' looks for centroids however far away they are"
    return None


def postprocess_large(
    source: CubeBands,
    settings: PostProcessing | None = None,
    *,
    aoi: str = "",
    memory_mb: float = 1000,
    folder: str | os.PathLike[str] | None = None,
) -> LargeStack:
    """Find the buildings of an area of any size and follow them through time.

    The methods are ``collapse``, ``baseline`` and ``filtered``, the latter with footprints by
    threshold. The rows are those of `sn7fast.postprocess`, in the same order, with the same
    identifiers.

    Args:
        source: The cube: `sn7fast.windows.FrameBands` of monthly rasters,
            `sn7fast.windows.ZarrBands` or `sn7fast.windows.NpzBands` of one in a file, or
            `sn7fast.windows.ArrayBands` of one whose arrays are memory maps.
        settings: As in `sn7fast.postprocess`.
        aoi: Name of the area.
        memory_mb: Megabytes for pixels and what is made of them.
        folder: See `sn7fast.windows.track_bands`.

    Raises:
        InputError: A method that needs the area in memory; says how much that takes. Or as
            `track_bands`.
    """
    settings = PostProcessing() if settings is None else settings
    reason = why_in_one_piece(settings)
    if reason is not None:
        needed = needed_mb(source.shape_yx, len(source.months), settings, is_uint8=source.is_uint8)
        raise InputError(
            f"memory: got {memory_mb:g} MB, and {aoi or 'the area'} needs about "
            f"{needed:.0f} MB in one piece: {reason}; wanted that much, or "
            "the method collapse, baseline, or filtered with segment"
        )
    params = settings.params
    weight = None if settings.refine is None else settings.refine.weight
    if isinstance(params, CollapseParams):
        return collapse_windows(
            source,
            params,
            aoi=aoi,
            refine_weight=weight,
            simplify_px=settings.simplify_px,
            memory_mb=memory_mb,
        )
    tracker = (
        Tracker(params.min_iou, params.reverse, params.master)
        if settings.method == "baseline"
        else Tracker(filters=params)
    )
    how = settings.segmentation
    if not isinstance(how, Threshold):
        raise InputError(f"segment: got {type(how).__name__}, wanted Threshold")
    return track_bands(
        source,
        how,
        tracker,
        aoi=aoi,
        refine_weight=weight,
        simplify_px=settings.simplify_px,
        memory_mb=memory_mb,
        folder=folder,
    )
