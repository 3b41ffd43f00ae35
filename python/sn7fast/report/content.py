"""What a page knows: a header of names and numbers, and columns of bytes.

Rows are footprints, those of a building one after the other, by month. ``page/model.js`` reads
what is written here; both sides must be changed together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast import __version__
from sn7fast.errors import InputError
from sn7fast.report.comparison import compare
from sn7fast.report.dates import date_columns
from sn7fast.report.ground import ground_of
from sn7fast.report.packing import packed
from sn7fast.report.rows import Rows
from sn7fast.report.score import cost_columns, score_of
from sn7fast.report.shapes import shapes_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sn7fast.buildings import Buildings
    from sn7fast.report.backgrounds import Backgrounds
    from sn7fast.report.clouds import Hidden
    from sn7fast.report.shapes import Shapes
    from sn7fast.stack import Stack


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
        sides = [Rows(stack, months) for stack in given]
        shapes = shapes_of([stack.footprints for stack in given], [side.order for side in sides])
        notes = _notes(shapes, backgrounds)
        grid = next((stack.grid for stack in given if stack.grid is not None), None)
        ground = None
        try:
            ground = None if grid is None or grid.crs is None else ground_of(grid, shape_yx)
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
            "dates": None if dates is None else date_columns(dates, sides[0].ids, tracks, months),
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
            header["score"] = score_of(comparison, truth, tracks, months, truth_min_area_px)
            columns |= sides[0].compared("tracks", comparison.tracks, partners=sides[1])
            columns |= sides[1].compared("truth", comparison.truth)
            columns |= cost_columns(comparison, sides)
        return cls(header["title"], header, columns, tuple(notes))

    def text(self) -> str:
        """Header and columns as base64."""
        return packed(self.header, self.columns)


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
