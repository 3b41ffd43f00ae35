"""From stacks and images to one HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sn7fast.cube import Cube
from sn7fast.errors import InputError
from sn7fast.io.outputs import whole_file
from sn7fast.report.backgrounds import IMAGE_BYTES, Backgrounds
from sn7fast.report.clouds import Masks, hidden_of
from sn7fast.report.content import Content
from sn7fast.report.document import document
from sn7fast.report.sources import CubeImages

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from sn7fast.buildings import Buildings
    from sn7fast.report.strips import Strips
    from sn7fast.stack import Stack


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written.

    Attributes:
        path: The file.
        size_bytes: Of the file.
        months: Number of months.
        buildings: Number of buildings in all months.
        score: ``scot``, ``track``, ``change`` and ``f1``, or None without a truth.
        notes: What the page shows less of than there is, such as images at a coarser resolution.
    """

    path: Path
    size_bytes: int
    months: int
    buildings: int
    score: dict[str, float] | None = None
    notes: tuple[str, ...] = ()


def write_report(
    path: str | os.PathLike[str],
    tracks: Stack,
    *,
    truth: Stack | None = None,
    images: Mapping[str, Strips] | Cube | None = None,
    valid: Mapping[str, Strips] | NDArray[np.bool_] | None = None,
    buildings: Buildings | None = None,
    title: str | None = None,
    truth_min_area_px: float = 4.0,
    image_bytes: int = IMAGE_BYTES,
) -> Report:
    """Write the report of one AOI: a page that opens from disk in any browser of today.

    It shows each month's image under the footprints, coloured by id, by age or against the truth,
    with every building's months, dates and cost to the score. The same arguments give the same
    bytes.

    Args:
        path: The HTML file; written whole or not at all.
        tracks: Footprints with ids.
        truth: What is right, with ids, in the pixels of the tracks; None leaves out all that
            compares.
        images: Backgrounds by month, any mapping: one that reads its files when asked keeps one
            image in memory at a time. Arrays (rows, columns, bands) or (rows, columns) of any real
            type, or what has their ``shape``, ``ndim`` and ``dtype`` and gives arrays for slices of
            rows: then there are only some rows of it in memory (`sn7fast.report.sources` has such
            images). The first three of three bands or more are red, green and blue. bool and uint8
            of one band are shown as they are, all others are stretched. Or a cube, whose
            probabilities are shown. Months may be missing.
        valid: bool (rows, columns) by month, as the images; or (T, rows, columns) for the months of
            the tracks: False under cloud and outside the image. None takes that of a cube, else all
            is valid.
        buildings: Dates of construction, None takes those of the tracks; without any the page
            shows when buildings were first seen.
        title: Heading; None means the name of the AOI.
        truth_min_area_px: Smaller truth is not scored, as in the official scorer.
        image_bytes: What all images together may take, before they are coded as text, which adds
            a third. Their quality and then their resolution go down to keep to it.

    Raises:
        InputError: Ids are missing or come twice in a month, or an image or mask has another form.
        MissingDependencyError: There are images and rasterio is not installed.
        OSError: The file cannot be written.
    """
    for side, stack in (("tracks", tracks), ("truth", truth)):
        if stack is not None and stack.ids is None:
            raise InputError(f"{side}: AOI {stack.aoi} has no ids; track it first")
    if isinstance(images, Cube):
        if valid is None and images.valid is not None:
            valid = CubeImages(images).valid()
        images = CubeImages(images)
    if not tracks.months:
        raise InputError(f"tracks: AOI {tracks.aoi} has no months, wanted at least one")
    masks = Masks(valid, tracks.months)
    months = sorted({*tracks.months, *(() if truth is None else truth.months)})
    backgrounds = Backgrounds.of(images or {}, masks, months=months, limit=image_bytes)
    content = Content.of(
        tracks,
        truth,
        dates=tracks.buildings if buildings is None else buildings,
        months=tuple(months),
        hidden=hidden_of(masks),
        backgrounds=backgrounds,
        title=title,
        truth_min_area_px=truth_min_area_px,
    )
    text = document(content, backgrounds)
    path = Path(path)
    data = text.encode()
    with whole_file(path) as part:
        part.write_bytes(data)
    score = content.header["score"]
    return Report(
        path,
        len(data),
        len(content.header["months"]),
        tracks.building_count,
        score and {name: score[name] for name in ("scot", "track", "change", "f1")},
        content.notes,
    )
