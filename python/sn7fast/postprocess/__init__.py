"""From the probabilities of an AOI to tracked buildings, by one typed set of settings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sn7fast.postprocess.config import PostProcessing
from sn7fast.postprocess.methods import METHODS, Method
from sn7fast.postprocess.segmentation import Refinement, Threshold, segment
from sn7fast.refinement import refine
from sn7fast.simplify import simplify

if TYPE_CHECKING:
    from sn7fast.cube import Cube
    from sn7fast.stack import Stack

__all__ = [
    "METHODS",
    "Method",
    "PostProcessing",
    "Refinement",
    "Threshold",
    "postprocess",
    "segment",
]


def postprocess(cube: Cube, settings: PostProcessing | None = None, *, aoi: str = "") -> Stack:
    """Find the buildings of an AOI in its probabilities and follow them through time.

    Args:
        cube: Probabilities, or masks of 0 and 255. Invalid pixels are no building.
        settings: How; None means the defaults of the baseline.
        aoi: Name of the area.

    Returns:
        Footprints with ids, in pixels of the image (at scale 1), with the grid of the cube.

    Raises:
        InputError: The method refuses the cube or a parameter.
    """
    settings = PostProcessing() if settings is None else settings
    if settings.refine is not None:
        cube = refine(cube, weight=settings.refine.weight)
    stack = METHODS[settings.method].run(cube, settings, aoi)
    if settings.simplify_px > 0:
        stack = replace(stack, footprints=simplify(stack.footprints, settings.simplify_px))
    return stack
