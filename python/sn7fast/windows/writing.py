"""Files of footprints that are larger than memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from sn7fast.errors import InputError
from sn7fast.io.geojson import write_geojson_parts
from sn7fast.io.parquet import write_parquet_parts
from sn7fast.io.rows import checked_column
from sn7fast.io.tables import write_csv_parts
from sn7fast.io.vector import DECIMALS_OF_DEGREES, format_of, rfc7946

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import ArrayLike

    from sn7fast.footprints import Footprints
    from sn7fast.io.placement import Place
    from sn7fast.large import LargeStack
    from sn7fast.stack import Stack

Part: TypeAlias = "tuple[Stack, Mapping[str, ArrayLike]]"
"""Some rows of a stack and further columns of them."""

IN_PARTS = ("GeoParquet", "GeoJSON", "SN7 CSV")
"""Formats that can be written part by part."""


def write_large(
    path: str | os.PathLike[str],
    stack: LargeStack,
    *,
    format: str | None = None,
    columns: Mapping[str, ArrayLike] | None = None,
    place: Place | None = None,
) -> None:
    """Write a large stack as `sn7fast.write_vector` writes a stack, part by part.

    Args:
        path: File to write: GeoParquet, GeoJSON or SN7 CSV. It is replaced only once everything is
            written.
        stack: With ids.
        format: As in `write_vector`.
        columns: As in `write_vector`.
        place: As in `write_vector`.

    Raises:
        InputError: As in `write_vector`, or another format: GDAL puts these together in memory.
        MissingDependencyError: A package of ``sn7fast[vector]`` is not installed.
        OSError: The file cannot be written.
    """
    further = {
        name: checked_column(name, values, len(stack)) for name, values in (columns or {}).items()
    }

    def parts() -> Iterator[Part]:
        row = 0
        for part in stack.parts():
            rows = slice(row, row := row + len(part))
            yield part, {name: values[rows] for name, values in further.items()}

    chosen = format_of(path, format)
    if chosen == "GeoParquet":
        write_parquet_parts(
            path, parts(), months=stack.months, place=place, several=stack.may_be_several
        )
    elif chosen == "GeoJSON":
        decimals = None if place == "pixel" else DECIMALS_OF_DEGREES
        write_geojson_parts(path, _features(path, parts(), place), decimals=decimals)
    elif chosen == "SN7 CSV":
        write_csv_parts(path, _bare(path, parts(), place))
    else:
        raise InputError(
            f"{path}: got {chosen} for an area larger than memory, wanted GeoParquet, GeoJSON or "
            "SN7 CSV; make it of the GeoParquet with ogr2ogr"
        )


def _features(
    path: str | os.PathLike[str], parts: Iterable[Part], place: Place | None
) -> Iterator[tuple[Footprints, dict[str, ArrayLike]]]:
    for part, columns in parts:
        footprints, properties, _ = rfc7946(path, part, columns, place)
        yield footprints, properties


def _bare(
    path: str | os.PathLike[str], parts: Iterable[Part], place: Place | None
) -> Iterator[Stack]:
    for part, columns in parts:
        if columns or place not in (None, "pixel"):
            raise InputError(f"{path}: got columns or a place, for which an SN7 CSV has no room")
        yield part
