"""Training masks of SpaceNet 7: burn the labels of each month into the pixels of its image."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sn7fast._arguments import real_number, whole_number
from sn7fast._core import get_num_threads
from sn7fast.data.labels import labels_in_pixels
from sn7fast.data.sn7 import sn7_stem
from sn7fast.data.valid import valid_pixels
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.io.outputs import whole_file, whole_folder
from sn7fast.io.rasters import read_grid, write_bands, write_mask
from sn7fast.rasterize import training_mask

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sn7fast.data.catalog import AoiFiles, Catalog, MonthFiles
    from sn7fast.grid import Grid

CHANNELS = ("footprint", "boundary", "contact")
"""What a band of a training mask can hold; see `sn7fast.training_mask`."""

TRAIN_TABLE = "sn7_baseline_train_df.csv"
TEST_TABLE = "sn7_baseline_test_public_df.csv"


@dataclass(frozen=True, slots=True)
class PrepOptions:
    """What the masks hold. The defaults are those of the baseline.

    Attributes:
        channels: Names of `CHANNELS`, one band each, in this order.
        scale: Enlargement: each pixel of the image becomes scale x scale pixels of the mask, 1 to
            4. Footprints are burnt at that size, so that they gain detail.
        boundary_width: Of the inner boundary: side of the eroding square, in pixels of the mask.
        contact_spacing: Buildings closer than this have contact pixels between them; in units of
            the image's CRS (metres on the Web Mercator map), or in pixels of the image if it has
            no georeference.
        valid: Write masks of the valid pixels too.

    Raises:
        InputError: A value is out of range.
    """

    channels: Sequence[str] = ("footprint",)
    scale: int = 1
    boundary_width: int = 5
    contact_spacing: float = 10.0
    valid: bool = False

    def __post_init__(self) -> None:
        if isinstance(self.channels, str):
            raise InputError(f"channels: got {self.channels!r}, wanted a sequence of names")
        channels = tuple(self.channels)
        odd = [name for name in channels if name not in CHANNELS]
        if odd or not channels or len(set(channels)) < len(channels):
            got = ", ".join(map(str, channels)) or "none"
            raise InputError(
                f"channels: got {got}, wanted some of {', '.join(CHANNELS)}, each once"
            )
        object.__setattr__(self, "channels", channels)
        whole_number("scale", self.scale, 1, 4)
        whole_number("boundary_width", self.boundary_width, 1, 2**31 - 1)
        if not 0 <= real_number("contact_spacing", self.contact_spacing) < float("inf"):
            raise InputError(f"contact_spacing: got {self.contact_spacing}, wanted from 0")


@dataclass(frozen=True, slots=True)
class PreparedMonth:
    """One mask that was written.

    Attributes:
        month: ``YYYY_MM``.
        image: The image to train on.
        mask: uint8, 0 and 255, a band for each channel.
        valid: uint8, 255 where the image shows the ground, or None if not asked for.
        buildings: Number of footprints in the label file.
    """

    month: str
    image: Path
    mask: Path
    valid: Path | None
    buildings: int


@dataclass(frozen=True, slots=True)
class PreparedAoi:
    """What became of one AOI.

    Attributes:
        name: Of the AOI.
        months: With masks, in time order.
        skipped: Reason by month, of those that have none.
    """

    name: str
    months: tuple[PreparedMonth, ...]
    skipped: dict[str, str]


def burn_labels(
    footprints: Footprints,
    grid: Grid,
    channels: Sequence[str] = ("footprint",),
    *,
    scale: int = 1,
    boundary_width: int = 5,
    contact_spacing: float = 10.0,
) -> tuple[NDArray[np.uint8], Grid]:
    """The training mask of one image.

    Args:
        footprints: In pixels of the image.
        grid: Of the image.
        channels: See `PrepOptions`, as for the others.
        scale: Enlargement.
        boundary_width: In pixels of the mask.
        contact_spacing: In units of the CRS.

    Returns:
        uint8 (bands, rows * scale, columns * scale), 0 and 255, and the grid of the mask.

    Raises:
        InputError: An argument is out of range; with contact, pixels that are not square.
    """
    fine = grid if scale == 1 else grid.enlarged(scale)
    if scale != 1:
        footprints = Footprints(footprints.coords * scale, *footprints.arrays[1:])
    spacing_px = contact_spacing / fine.pixel_size if "contact" in channels else 0.0
    mask = training_mask(
        footprints,
        fine.shape_yx,
        channels,
        boundary_width=boundary_width,
        contact_spacing_px=spacing_px,
    )
    return np.ascontiguousarray(np.moveaxis(mask, -1, 0)), fine


def prepare_aoi(
    aoi: AoiFiles, folder: str | os.PathLike[str], options: PrepOptions | None = None
) -> PreparedAoi:
    """Write ``folder/<AOI>/masks/<image>_Buildings.tif`` for each month with image and labels.

    The mask has the georeference of the image, and its shape times the scale. A month whose label
    file is empty gets a mask of zeros. With ``valid``, ``folder/<AOI>/valid/<image>_valid.tif``
    of the same shape as well; see `sn7fast.data.valid`. Both folders are replaced whole if they
    are there, and stay as they were after an error.

    Args:
        aoi: One AOI of a catalog.
        folder: Where; made if it is not there.
        options: What the masks hold; by default that of the baseline.

    Raises:
        InputError: A file cannot be read (RasterError, FormatError and GeometryError are kinds of
            it), or no month has both image and labels.
        MissingDependencyError: rasterio is not installed.
    """
    options = options or PrepOptions()
    todo, skipped = [], {}
    for files in aoi.months:
        absent = [
            what
            for what, path in (("image", files.best_image), ("labels", files.best_labels))
            if path is None
        ]
        if absent:
            skipped[files.month] = f"no {' and no '.join(absent)}"
        else:
            todo.append(files)
    if not todo:
        raise InputError(f"{aoi.name}: no month has an image and labels, wanted at least one")
    home = Path(folder) / aoi.name
    try:
        with ExitStack() as stack:
            masks = stack.enter_context(whole_folder(home / "masks"))
            valid = stack.enter_context(whole_folder(home / "valid")) if options.valid else None
            write = partial(_prepare_month, masks=masks, valid=valid, options=options)
            pool = ThreadPoolExecutor(min(len(todo), get_num_threads()))
            try:
                months = tuple(pool.map(write, todo))
            finally:
                # After an error nobody wants the months that still wait.
                pool.shutdown(cancel_futures=True)
    except BaseException:
        with suppress(OSError):
            home.rmdir()  # if it is empty
        raise
    return PreparedAoi(aoi.name, tuple(_moved(month, home) for month in months), skipped)


def prepare(
    catalog: Catalog, out: str | os.PathLike[str], options: PrepOptions | None = None
) -> list[PreparedAoi]:
    """`prepare_aoi` for each labelled AOI of a catalog, and the tables of the baseline.

    Args:
        catalog: Its AOIs without labels (test_public) go to the table of test images.
        out: Folder to write to; see `write_tables` for the tables.
        options: As `prepare_aoi`.

    Raises:
        InputError: No AOI has labels; else as `prepare_aoi`, for the first that fails. Those
            before it stay.
    """
    done = [prepare_aoi(aoi, out, options) for aoi in catalog.labelled()]
    write_tables(out, done, unlabelled_images(catalog))
    return done


def unlabelled_images(catalog: Catalog) -> list[Path]:
    """Images of the AOIs that have no labels at all: the test images."""
    return [
        files.best_image
        for aoi in catalog
        if not aoi.is_labelled
        for files in aoi.months
        if files.best_image is not None
    ]


def write_tables(
    folder: str | os.PathLike[str],
    prepared: Iterable[PreparedAoi],
    test_images: Iterable[Path],
    *,
    final: Path | None = None,
) -> None:
    """Write the two tables that the baseline trains and predicts from, with absolute paths.

    `TRAIN_TABLE` has the columns image and label, `TEST_TABLE` the column image; they may have no
    rows.

    Args:
        folder: Where; what was prepared lies in it.
        prepared: AOIs with masks.
        test_images: Images without labels.
        final: Where the folder will be moved to, if it will be.
    """
    folder = Path(folder).resolve()
    final = folder if final is None else final.resolve()
    rows = [
        (str(month.image.absolute()), str(final / month.mask.resolve().relative_to(folder)))
        for aoi in prepared
        for month in aoi.months
    ]
    _write_table(folder / TRAIN_TABLE, ("image", "label"), rows)
    _write_table(folder / TEST_TABLE, ("image",), [(str(path.absolute()),) for path in test_images])


def _prepare_month(
    files: MonthFiles, masks: Path, valid: Path | None, options: PrepOptions
) -> PreparedMonth:
    image = files.best_image
    if image is None:
        raise InputError(f"{files.aoi}: month {files.month} has no image")
    grid = read_grid(image)
    labels = labels_in_pixels(files, grid)
    bands, fine = burn_labels(
        labels,
        grid,
        options.channels,
        scale=options.scale,
        boundary_width=options.boundary_width,
        contact_spacing=options.contact_spacing,
    )
    stem = sn7_stem(files.aoi, files.month)
    mask = masks / f"{stem}_Buildings.tif"
    write_bands(mask, bands, fine, names=options.channels)
    seen = None
    if valid is not None:
        seen = valid / f"{stem}_valid.tif"
        pixels = valid_pixels(files)
        pixels = pixels.repeat(options.scale, axis=0).repeat(options.scale, axis=1)
        write_mask(seen, np.where(pixels, np.uint8(255), np.uint8(0)), fine)
    return PreparedMonth(files.month, image, mask, seen, len(labels))


def _moved(month: PreparedMonth, home: Path) -> PreparedMonth:
    """With the paths that its files have in the end."""
    valid = None if month.valid is None else home / "valid" / month.valid.name
    return replace(month, mask=home / "masks" / month.mask.name, valid=valid)


def _write_table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    with whole_file(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
