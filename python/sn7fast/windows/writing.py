"""Files of footprints that are larger than memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast.errors import InputError
from sn7fast.io.geojson import write_geojson_parts
from sn7fast.io.parquet import write_parquet_parts
from sn7fast.io.tables import write_csv_parts
from sn7fast.io.vector import DECIMALS_OF_DEGREES, format_of, rfc7946

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import ArrayLike

    from sn7fast.footprints import Footprints
    from sn7fast.io.placement import Place
    from sn7fast.stack import Stack
    from sn7fast.windows.stack import LargeStack


def write_large(
    path: str | os.PathLike[str],
    stack: LargeStack,
    *,
    format: str | None = None,
    place: Place | None = None,
) -> None:
    """Write a large stack as `sn7fast.write_vector` writes a stack, part by part.

    Args:
        path: File to write: GeoParquet, GeoJSON or SN7 CSV. It is replaced only once everything is
            written.
        stack: With ids.
        format: As in `write_vector`.
        place: As in `write_vector`.

    Raises:
        InputError: As in `write_vector`, or another format: GDAL puts these together in memory.
        MissingDependencyError: A package of ``sn7fast[vector]`` is not installed.
        OSError: The file cannot be written.
    """
    write_parts(
        path,
        stack.parts(),
        months=stack.months,
        several=stack.may_be_several,
        format=format,
        place=place,
    )


def write_parts(
    path: str | os.PathLike[str],
    parts: Iterable[Stack],
    *,
    months: Sequence[str],
    several: bool,
    format: str | None = None,
    place: Place | None = None,
) -> None:
    """As `write_large`, of stacks of one AOI by month; see `write_parquet_parts`."""
    chosen = format_of(path, format)
    if chosen == "GeoParquet":
        write_parquet_parts(path, parts, months=months, place=place, several=several)
    elif chosen == "GeoJSON":
        decimals = None if place == "pixel" else DECIMALS_OF_DEGREES
        write_geojson_parts(path, _features(path, parts, place), decimals=decimals)
    elif chosen == "SN7 CSV":
        write_csv_parts(path, parts)
    else:
        raise InputError(
            f"{path}: got {chosen} for an area larger than memory, wanted GeoParquet, GeoJSON or "
            "SN7 CSV; make it of the GeoParquet with ogr2ogr"
        )


def _features(
    path: str | os.PathLike[str], parts: Iterable[Stack], place: Place | None
) -> Iterator[tuple[Footprints, dict[str, ArrayLike]]]:
    for part in parts:
        footprints, properties, _ = rfc7946(path, part, None, place)
        yield footprints, properties
