"""What a page knows: a header of names and numbers, and columns of bytes.

Rows are footprints, those of a building one after the other, by month. ``page/model.js`` reads
what is written here; both sides must be changed together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast import __version__
from sn7fast.attribution.events import KINDS
from sn7fast.errors import InputError
from sn7fast.report.comparison import compare
from sn7fast.report.packing import folded, packed, varints
from sn7fast.report.shapes import shapes_of
from sn7fast.scoring import score_f1

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sn7fast.buildings import Buildings
    from sn7fast.grid import Grid
    from sn7fast.report.backgrounds import Backgrounds
    from sn7fast.report.clouds import Hidden
    from sn7fast.report.comparison import Comparison, Verdicts
    from sn7fast.report.shapes import Shapes
    from sn7fast.stack import Stack

# Costs are written as whole numbers of this.
_COST_UNIT = 1e-9
# Positions on the ground are given at points so many pixels apart, and between them interpolated.
_LATTICE_PX, _LATTICE_MOST = 128, 33
# Whole numbers that a browser can hold exactly.
_LARGEST_EXACT = 2**53


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """All of a page but its images.

    Attributes:
        title: Heading.
        header: Ready for JSON.
        columns: Bytes by name.
        notes: What the page shows less of than there is.
    """

    title: str
    header: dict[str, Any]
    columns: dict[str, bytes]
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        tracks: Stack,
        truth: Stack | None,
        *,
        months: tuple[str, ...],
        dates: Buildings | None,
        hidden: Mapping[str, Hidden],
        backgrounds: Backgrounds,
        title: str | None,
        truth_min_area_px: float,
    ) -> Content:
        """Gather it; arguments as in `sn7fast.report.write_report`, and the months of the page.

        Raises:
            InputError: Ids come twice in a month of either side, or what is hidden or the images
                have another shape than the tracks' grid.
        """
        given = [tracks] if truth is None else [tracks, truth]
        hidden = {month: hidden[month] for month in months if month in hidden}
        shape_yx = _shape(given, hidden, backgrounds)
        comparison = None
        if truth is not None:
            comparison = compare(truth, tracks, truth_min_area_px=truth_min_area_px)
        sides = [_Side(stack, months) for stack in given]
        shapes = shapes_of([side.footprints for side in sides])
        notes = _notes(shapes, backgrounds)
        grid = next((stack.grid for stack in given if stack.grid is not None), None)
        ground = None
        try:
            ground = None if grid is None or grid.crs is None else _ground(grid, shape_yx)
        except InputError as error:
            notes.append(f"Areas are in pixels: {error}")
        header: dict[str, Any] = {
            "format": 1,
            "generator": f"sn7fast {__version__}",
            "aoi": tracks.aoi,
            "title": tracks.aoi if title is None else title,
            "months": months,
            "trackMonths": [months.index(month) for month in tracks.months],
            "shape": shape_yx,
            "parts": shapes.parts,
            "shapes": shapes.count,
            "tracks": sides[0].described(),
            "truth": sides[1].described() if truth is not None else None,
            "dates": None if dates is None else _dates(dates, sides[0].ids, tracks, months),
            "score": None,
            "ground": ground,
            "images": {
                "months": [months.index(month) for month in backgrounds.files],
                "factor": backgrounds.factor,
            },
            "hidden": [
                [months.index(month), one.share, *one.shape_yx] for month, one in hidden.items()
            ],
            "notes": notes,
        }
        columns = {f"shape_{name}": data for name, data in shapes.columns.items()}
        start = 0
        for name, side in zip(("tracks", "truth"), sides, strict=False):
            rows = shapes.of_row[start : start + len(side.order)]
            columns |= side.columns(name, rows, seen=int(shapes.of_row[:start].max(initial=-1)))
            start += len(side.order)
        for month, one in hidden.items():
            columns[f"hidden_{months.index(month)}"] = one.runs
        if comparison is not None and truth is not None:
            header["score"] = _score(comparison, truth, tracks, months, truth_min_area_px)
            columns |= sides[0].compared("tracks", comparison.tracks, partners=sides[1])
            columns |= sides[1].compared("truth", comparison.truth)
            columns |= _costs(comparison, sides)
        return cls(header["title"], header, columns, tuple(notes))

    def text(self) -> str:
        """Header and columns as base64."""
        return packed(self.header, self.columns)


class _Side:
    """Rows of tracks or truth, building after building.

    Attributes:
        ids: int64 (n,), ascending; a building's number is its place here.
        order: int64 (rows,), rows of the stack in the order of the page.
        footprints: In that order.
    """

    def __init__(self, stack: Stack, months: Sequence[str]) -> None:
        self.ids, self.number = np.unique(np.asarray(stack.ids), return_inverse=True)
        place = np.array([months.index(month) for month in stack.months], np.int64)
        month = place[stack.month_index] if len(stack) else np.empty(0, np.int64)
        self.order = np.lexsort((month, self.number))
        self.footprints = stack.footprints[self.order]
        self._building, self._month = self.number[self.order], month[self.order]

    def described(self) -> dict[str, Any]:
        ids = self.ids.tolist()
        exact = all(-_LARGEST_EXACT < name < _LARGEST_EXACT for name in ids)
        return {"ids": ids if exact else [str(name) for name in ids], "rows": len(self.order)}

    def columns(self, name: str, shapes: NDArray[np.int64], *, seen: int) -> dict[str, bytes]:
        """Rows of each building, their months and shapes; ``seen`` is the last shape before."""
        is_first = np.diff(self._building, prepend=-1) > 0
        step = np.where(is_first, self._month, np.diff(self._month, prepend=0))
        before = np.maximum.accumulate(np.concatenate([[seen], shapes]))[:-1]
        # The shape of the row before, the next new one, or any other.
        same = ~is_first & (np.diff(shapes, prepend=-1) == 0)
        code = np.where(same, 0, np.where(shapes > before, 1, shapes + 2))
        return {
            f"{name}_counts": varints(np.bincount(self._building, minlength=len(self.ids))),
            f"{name}_months": varints(step),
            f"{name}_shapes": varints(code),
        }

    def compared(
        self, name: str, verdicts: Verdicts, *, partners: _Side | None = None
    ) -> dict[str, bytes]:
        """Flags of each row; with partners, building and IoU (in 1/1000) of each pair too."""
        columns = {f"{name}_flags": verdicts.flags[self.order].tobytes()}
        if partners is not None:
            partner = verdicts.partner[self.order]
            rows = np.flatnonzero(partner >= 0)
            building = partners.number[partner[rows]]
            iou = np.round(verdicts.iou[self.order][rows] * 1000).astype(np.int64)
            columns[f"{name}_partners"] = varints(folded(np.diff(building, prepend=0)))
            columns[f"{name}_iou"] = varints(folded(np.diff(iou, prepend=0)))
        return columns


def _shape(
    stacks: Sequence[Stack],
    hidden: Mapping[str, Hidden],
    backgrounds: Backgrounds,
) -> tuple[int, int]:
    """Rows and columns of the AOI."""
    found = [("the grid", stack.grid.shape_yx) for stack in stacks if stack.grid is not None]
    if backgrounds.shape_yx is not None:
        found.append(("images", backgrounds.shape_yx))
    found += [(f"valid: month {month}", one.shape_yx) for month, one in hidden.items()]
    if not found:
        bounds = [stack.footprints.bounds for stack in stacks if len(stack)]
        most = np.nanmax(np.concatenate([*bounds, [[0, 0, 1, 1]]])[:, 2:], axis=0)
        return int(np.ceil(most[1])), int(np.ceil(most[0]))
    first, shape = found[0]
    for name, other in found[1:]:
        # Masks of SpaceNet 7 have a row and a column more than images of 1023.
        if abs(other[0] - shape[0]) > 1 or abs(other[1] - shape[1]) > 1:
            raise InputError(
                f"{name}: got {other[0]} x {other[1]} (rows x columns), {first} "
                f"{'has' if first == 'the grid' else 'have'} {shape[0]} x {shape[1]}"
            )
    return shape


def _notes(shapes: Shapes, backgrounds: Backgrounds) -> list[str]:
    notes = []
    if backgrounds.factor > 1:
        notes.append(
            f"Images are shown at 1/{backgrounds.factor} of their resolution, to keep the page "
            "small."
        )
    if shapes.is_rounded:
        notes.append(f"Outlines are rounded to 1/{shapes.parts} of a pixel.")
    return notes


def _dates(
    dates: Buildings, ids: NDArray[np.int64], tracks: Stack, months: Sequence[str]
) -> dict[str, list[Any]]:
    """Columns of the dates by building, months by their place in the page; -1 for the unknown."""
    place = np.array([months.index(month) for month in tracks.months], np.int64)
    order = np.argsort(dates.ids, kind="stable")
    at = np.minimum(np.searchsorted(dates.ids[order], ids), max(len(order) - 1, 0))
    row = order[at] if len(order) else np.zeros(len(ids), np.int64)
    known = dates.ids[row] == ids if len(order) else np.zeros(len(ids), bool)

    def column(values: NDArray[Any]) -> list[Any]:
        listed: list[Any] = np.where(known, values[row] if len(order) else -1, -1).tolist()
        return listed

    named = ("first_month", "first_month_lo", "first_month_hi", "last_month")
    first, low, high, last = (column(place[getattr(dates, name)]) for name in named)
    return {
        "first": first, "low": low, "high": high, "last": last,
        "confidence": column(dates.confidence.round(4)), "observed": column(dates.observed),
    }  # fmt: skip


def _ground(grid: Grid, shape_yx: tuple[int, int]) -> dict[str, Any]:
    """Square metres of a pixel by row, longitude and latitude on a lattice."""
    rows, columns = shape_yx
    y, x = (
        np.linspace(0, end, min(max(2, -(-end // _LATTICE_PX) + 1), _LATTICE_MOST))
        for end in (rows, columns)
    )
    every = np.stack(np.meshgrid(x, y), axis=2).reshape(-1, 2)
    at = np.clip(np.floor(y).astype(int), 0, grid.shape_yx[0] - 1)
    return {
        "rows": (at + 0.5).tolist(),
        "m2": grid.pixel_area_m2[at].tolist(),
        "x": x.tolist(),
        "y": y.tolist(),
        "lonLat": grid.px_to_lon_lat(every).round(10).tolist(),
    }


def _score(
    comparison: Comparison,
    truth: Stack,
    tracks: Stack,
    months: Sequence[str],
    truth_min_area_px: float,
) -> dict[str, Any]:
    score, costs = comparison.costs.score, comparison.costs
    f1 = next(iter(score_f1(truth, tracks).aois.values()))
    names = ("tp", "fp", "fn", "mismatches", "change_tp", "change_fp", "change_fn")
    scored = {
        months.index(month): [getattr(one, name) for name in names]
        for month, one in score.months.items()
    }
    return {
        "scot": score.score,
        "track": score.track,
        "change": score.change,
        "hasChange": score.has_change,
        "f1": f1.total.f1,
        "f1Months": [f1.months[month].f1 if month in f1.months else None for month in months],
        "months": [scored.get(index) for index in range(len(months))],
        "kinds": KINDS,
        "byKind": [costs.by_kind[kind] for kind in KINDS],
        "minArea": truth_min_area_px,
    }


def _costs(comparison: Comparison, sides: Sequence[_Side]) -> dict[str, bytes]:
    """Costs of the buildings that have any, the most costly first: side, number, cost by kind."""
    costs = comparison.costs
    number = np.where(
        costs.is_truth,
        np.searchsorted(sides[1].ids, costs.ids),
        np.searchsorted(sides[0].ids, costs.ids),
    )
    units = np.round(costs.costs / _COST_UNIT).astype(np.int64)
    return {
        "cost_buildings": varints(number * 2 + costs.is_truth),
        "cost_kinds": varints(units.ravel()),
    }
