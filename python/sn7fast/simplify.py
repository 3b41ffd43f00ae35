"""Footprints with fewer vertices."""

from __future__ import annotations

from sn7fast import _core
from sn7fast._arguments import real_number
from sn7fast.footprints import Footprints


def simplify(footprints: Footprints, tolerance: float) -> Footprints:
    """Take vertices away that lie within a tolerance of the simpler outline.

    Topology-preserving simplification with the results of GEOS 3.14, which is
    ``shapely.simplify(..., preserve_topology=True)``: Douglas-Peucker on each ring from its start
    vertex. A valid footprint stays valid, a ring keeps at least 4 points (the closing one counted),
    no ring vanishes, and a kept vertex does not move. Holes and the parts of a multipolygon are
    simplified together, so that they never cross.

    Args:
        footprints: n footprints.
        tolerance: Distance in coordinate units, from 0; with 0 only vertices on straight lines go.

    Returns:
        n footprints in the same order.

    Raises:
        InputError: ``tolerance`` is negative or not a number.
    """
    return Footprints._trusted(
        _core.simplify(footprints.arrays, real_number("tolerance", tolerance))
    )
