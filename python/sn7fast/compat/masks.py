"""Polygons to masks, as ``solaris.vector.mask``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._arguments import shape_of_image
from sn7fast.compat.contact import contact_by_outline, outline_decides
from sn7fast.compat.rasters import write_image
from sn7fast.compat.vectors import column_of, footprints_of, load_table
from sn7fast.errors import InputError
from sn7fast.grid import Grid
from sn7fast.io.rasters import read_grid
from sn7fast.polygonize import polygonize
from sn7fast.rasterize import training_mask

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sn7fast.footprints import Footprints


def df_to_px_mask(
    df: Any,  # noqa: ANN401 - DataFrame or path
    channels: Sequence[str] = ("footprint",),
    out_file: str | os.PathLike[str] | None = None,
    reference_im: str | os.PathLike[str] | None = None,
    geom_col: str = "geometry",
    do_transform: bool | None = None,
    affine_obj: Any = None,  # noqa: ANN401 - affine.Affine or six numbers
    shape: tuple[int, int] = (900, 900),
    out_type: str = "int",
    burn_value: int = 255,
    *,
    boundary_width: int = 3,
    boundary_type: str = "inner",
    contact_spacing: float = 10,
    meters: bool = False,
    per_building_boundary: bool = False,
) -> NDArray[Any]:
    """Burn polygons into a mask of one or more channels.

    Quirks, numbered as in DESIGN.md:

    * 4: all polygons are burnt into one array first, so that touching buildings merge and have no
      boundary between them. Kept; ``per_building_boundary=True`` gives each building its own.
    * 5: a square of even width w is off-centre: it covers offsets -(w/2 - 1) to +w/2. Kept.

    The array is uint8, where the original gives int64 with current libraries and gave uint8 before.
    A GeoDataFrame in pixel coordinates gets a contact mask too, where the original raises.

    Args:
        df: Table with a column of polygons (shapely or WKT), or the path of a CSV or GeoJSON file.
        channels: Any of ``footprint``, ``boundary`` and ``contact``; their order is that of the
            last axis.
        out_file: GeoTIFF to write, with the georeference of ``reference_im``.
        reference_im: GeoTIFF that gives shape, georeference and CRS.
        geom_col: Name of the column.
        do_transform: Whether the polygons are in coordinates of the CRS. By default they are if
            the table has a CRS and ``reference_im`` or ``affine_obj`` is given.
        affine_obj: Pixel to CRS transform, if there is no ``reference_im``.
        shape: Rows and columns, if there is no ``reference_im``.
        out_type: ``int`` for uint8, ``float`` for float32.
        burn_value: Value of set pixels, 1 to 255.
        boundary_width: Side of the square in pixels; 1 gives an empty boundary.
        boundary_type: ``inner``, taken off the footprints, or ``outer``, around them.
        contact_spacing: Buildings at most this far apart make contact, in pixels.
        meters: Whether ``contact_spacing`` is in units of the CRS instead.
        per_building_boundary: Whether to have a boundary between touching buildings.

    Returns:
        (rows, columns, channels).

    Raises:
        InputError: An argument does not fit; the message names it.
        GeometryError: A geometry is no polygon.
        RasterError: The reference image cannot be read.
    """
    footprints, grid = _in_pixels(df, reference_im, geom_col, do_transform, affine_obj, shape)
    if out_type not in ("int", "float"):
        raise InputError(f"out_type: got {out_type!r}, wanted 'int' or 'float'")
    if out_file is not None and reference_im is None:
        raise InputError("reference_im: got None, wanted a GeoTIFF, as out_file is given")
    spacing_px = contact_spacing / grid.pixel_size if meters else contact_spacing
    mask: NDArray[Any] = training_mask(
        footprints,
        grid.shape_yx,
        tuple(channels),
        boundary_width=boundary_width,
        boundary_type=boundary_type,
        contact_spacing_px=spacing_px,
        per_building_boundary=per_building_boundary,
        value=burn_value,
    )
    if "contact" in channels and outline_decides(footprints, spacing_px):
        gaps = contact_by_outline(footprints, grid.shape_yx, spacing_px)
        mask[..., list(channels).index("contact")] = np.where(gaps, burn_value, 0)
    if out_type == "float":
        mask = mask.astype(np.float32)
    if out_file is not None:
        write_image(out_file, mask, grid)
    return mask


def footprint_mask(
    df: Any,  # noqa: ANN401 - DataFrame or path
    out_file: str | os.PathLike[str] | None = None,
    reference_im: str | os.PathLike[str] | None = None,
    geom_col: str = "geometry",
    do_transform: bool | None = None,
    affine_obj: Any = None,  # noqa: ANN401 - affine.Affine or six numbers
    shape: tuple[int, int] = (900, 900),
    out_type: str = "int",
    burn_value: int = 255,
) -> NDArray[Any]:
    """The footprint channel of `df_to_px_mask`, as (rows, columns).

    A pixel is set if its centre is inside a polygon. Arguments and errors as there.
    """
    return _one_channel(
        "footprint", df, out_file, reference_im, geom_col, do_transform, affine_obj, shape,
        out_type, burn_value,
    )  # fmt: skip


def boundary_mask(
    footprint_msk: NDArray[Any] | None = None,
    out_file: str | os.PathLike[str] | None = None,
    reference_im: str | os.PathLike[str] | None = None,
    boundary_width: int = 3,
    boundary_type: str = "inner",
    burn_value: int = 255,
    *,
    df: Any = None,  # noqa: ANN401 - DataFrame or path
    **kwargs: Any,  # noqa: ANN401 - those of df_to_px_mask
) -> NDArray[Any]:
    """The boundary channel of `df_to_px_mask`, as (rows, columns).

    From ``df``, with the further arguments of `df_to_px_mask`, or from a footprint mask.
    Quirks 4 and 5 as there.

    Raises:
        InputError: Neither a mask nor a table, or both; else as `df_to_px_mask`.
    """
    if (footprint_msk is None) == (df is None):
        raise InputError("df: wanted either a footprint mask or a table of polygons")
    given = {"reference_im": reference_im, "burn_value": burn_value, **kwargs}
    if footprint_msk is not None:
        # Polygons of a mask burn back into the same mask.
        msk = np.asarray(footprint_msk)
        if kwargs:
            raise InputError(f"{next(iter(kwargs))}: wanted only with df")
        regions = polygonize(msk != 0)
        mask = training_mask(
            regions,
            msk.shape,
            ("boundary",),
            boundary_width=boundary_width,
            boundary_type=boundary_type,
            value=burn_value,
        )[..., 0]
    else:
        mask = df_to_px_mask(
            df, ["boundary"], boundary_width=boundary_width, boundary_type=boundary_type, **given
        )[..., 0]
    if out_file is not None:
        if reference_im is None:
            raise InputError("reference_im: got None, wanted a GeoTIFF, as out_file is given")
        write_image(out_file, mask, read_grid(reference_im))
    return mask


def contact_mask(
    df: Any,  # noqa: ANN401 - DataFrame or path
    contact_spacing: float = 10,
    meters: bool = False,
    out_file: str | os.PathLike[str] | None = None,
    reference_im: str | os.PathLike[str] | None = None,
    geom_col: str = "geometry",
    do_transform: bool | None = None,
    affine_obj: Any = None,  # noqa: ANN401 - affine.Affine or six numbers
    shape: tuple[int, int] = (900, 900),
    out_type: str = "int",
    burn_value: int = 255,
) -> NDArray[Any]:
    """The contact channel of `df_to_px_mask`, as (rows, columns).

    Arguments and errors as there.
    """
    return _one_channel(
        "contact", df, out_file, reference_im, geom_col, do_transform, affine_obj, shape,
        out_type, burn_value, contact_spacing=contact_spacing, meters=meters,
    )  # fmt: skip


def _one_channel(channel: str, df: Any, out_file: Any, *args: Any, **kwargs: Any) -> NDArray[Any]:  # noqa: ANN401
    mask: NDArray[Any] = df_to_px_mask(df, [channel], out_file, *args, **kwargs)[..., 0]
    return mask


def _in_pixels(
    df: Any,  # noqa: ANN401 - DataFrame or path
    reference_im: str | os.PathLike[str] | None,
    geom_col: str,
    do_transform: bool | None,
    affine_obj: Any,  # noqa: ANN401 - affine.Affine or six numbers
    shape: tuple[int, int],
) -> tuple[Footprints, Grid]:
    """The polygons in pixel coordinates, and the grid of the mask."""
    table = load_table(df, geom_col)
    if len(table):
        footprints = footprints_of(column_of(table, geom_col, "df"), "df")
    else:
        footprints = footprints_of([], "df")
    if reference_im is not None:
        grid = read_grid(reference_im)
    elif affine_obj is not None:
        grid = Grid(shape_of_image("shape", shape), tuple(affine_obj)[:6])
    else:
        grid = Grid(shape_of_image("shape", shape))
    georeferenced = reference_im is not None or affine_obj is not None
    if do_transform is None:
        do_transform = georeferenced and getattr(table, "crs", None) is not None
    if do_transform and not georeferenced:
        raise InputError("do_transform: got True, wanted reference_im or affine_obj with it")
    return grid.crs_to_px(footprints) if do_transform else footprints, grid
