"""Footprints to pixels: footprint masks and the masks that networks are trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast import _core
from sn7fast._arguments import real_number, shape_of_image, whole_number
from sn7fast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from sn7fast.footprints import Footprints


def rasterize(
    footprints: Footprints, shape_yx: tuple[int, int], *, rule: str = "center", value: int = 255
) -> NDArray[np.uint8]:
    """Burn footprints into one mask, by the pixel-centre rule of GDAL 3.

    A pixel is set if its centre lies in some footprint: even-odd over the rings of each polygon. A
    centre on a left or bottom edge (larger row) is out, one on a right or top edge in, so touching
    footprints share no pixel; only the top edge of a hole is in as well, as GDAL has it. Footprints
    that cover no centre leave nothing. The result equals that of ``rasterio.features.rasterize``
    with GDAL 3.10, for rings that cross themselves too.

    Args:
        footprints: In pixel coordinates; they may lie outside the image, partly or wholly.
        shape_yx: Rows and columns of the image.
        rule: ``"center"``; there is no other so far.
        value: What set pixels get, 1 to 255.

    Returns:
        uint8 (rows, cols), 0 elsewhere.

    Raises:
        InputError: An argument is out of range, or the image does not fit into memory.
    """
    if rule != "center":
        raise InputError(f'rule: got {rule!r}, wanted "center"')
    shape = shape_of_image("shape_yx", shape_yx)
    return _core.rasterize(footprints.arrays, shape, whole_number("value", value, 1, 255))


def training_mask(
    footprints: Footprints,
    shape_yx: tuple[int, int],
    channels: Sequence[str] = ("footprint", "boundary", "contact"),
    *,
    boundary_width: int = 3,
    boundary_type: str = "inner",
    contact_spacing_px: float = 10.0,
    per_building_boundary: bool = False,
    value: int = 255,
) -> NDArray[np.uint8]:
    """Burn footprint, boundary and contact masks, as ``df_to_px_mask`` of solaris does.

    * footprint: see :func:`rasterize`.
    * boundary: the footprint mask without its erosion by a square (inner), or its dilation without
      the mask (outer). At the edge of the image the mask is mirrored, so the edge makes no
      boundary. A square of even width reaches one pixel further towards larger rows and columns.
      Touching buildings are one in the mask, and get no boundary between them, unless
      ``per_building_boundary`` is set.
    * contact: pixels whose centre is within half of ``contact_spacing_px`` of at least two
      footprints, and in none. Circles are polygons with 16 segments per quarter, as in GEOS.

    Args:
        footprints: In pixel coordinates.
        shape_yx: Rows and columns of the image.
        channels: Names of the channels, in the order of the last axis.
        boundary_width: Side of the square in pixels, from 1, which makes no boundary.
        boundary_type: ``"inner"`` or ``"outer"``.
        contact_spacing_px: Buildings closer than this get a contact mask between them; from 0,
            which makes none.
        per_building_boundary: Erode or dilate each building alone, and put all their boundaries
            into one channel. solaris has no such option.
        value: What set pixels get, 1 to 255.

    Returns:
        uint8 (rows, cols, channels), 0 elsewhere.

    Raises:
        InputError: An argument is out of range, or the image does not fit into memory.
    """
    if isinstance(channels, str):
        raise InputError(f"channels: got {channels!r}, wanted a sequence of names")
    for name in channels:
        if not isinstance(name, str):
            raise InputError(f"channels: got {name!r}, wanted a name")
    if not isinstance(boundary_type, str):
        raise InputError(f'boundary_type: got {boundary_type!r}, wanted "inner" or "outer"')
    return _core.training_mask(
        footprints.arrays,
        shape_of_image("shape_yx", shape_yx),
        list(channels),
        whole_number("boundary_width", boundary_width, 1, 2**31 - 1),
        boundary_type,
        real_number("contact_spacing_px", contact_spacing_px),
        bool(per_building_boundary),
        whole_number("value", value, 1, 255),
    )
