"""Well-known text of footprints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast import _core
from sn7fast.footprints import Footprints
from sn7fast.io.tables import check_decimals

if TYPE_CHECKING:
    from collections.abc import Iterable


def from_wkt(texts: Iterable[str]) -> Footprints:
    """Footprints from one text each: a polygon, a multipolygon, or anything empty.

    Raises:
        FormatError: A text is no WKT; the message gives its position.
        GeometryError: Another kind of geometry, an unclosed ring, coordinates beyond 1e9.
    """
    return Footprints._trusted(_core.read_wkt(list(texts)))


def to_wkt(footprints: Footprints, *, decimals: int | None = None) -> list[str]:
    """Text of each footprint, with ``decimals`` or as many as read back to the same bits.

    Raises:
        InputError: ``decimals`` is not from 0 to 20.
    """
    check_decimals(decimals)
    return _core.write_wkt(footprints.arrays, decimals)
