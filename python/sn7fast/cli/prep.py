"""``sn7fast prep``: labels to training masks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.data.catalog import Catalog
    from sn7fast.data.prep import PreparedAoi


@click.command(
    "prep",
    short_help="SpaceNet 7 labels to training masks.",
    epilog="Example: sn7fast prep SN7/train --out prepared --channels footprint,boundary,contact",
)
@click.argument("root", metavar="TRAIN", type=options.input_path)
@click.option("--out", required=True, type=options.input_path, metavar="DIR", help="Folder.")
@click.option(
    "--channels",
    default="footprint",
    show_default=True,
    help="Bands of the masks: footprint, boundary, contact.",
)
@click.option(
    "--scale",
    type=click.IntRange(1, 4),
    default=1,
    show_default=True,
    help="Enlargement: pixels of the mask along one of the image.",
)
@click.option(
    "--boundary-width",
    type=click.IntRange(1),
    default=5,
    show_default=True,
    help="Side of the square that makes the boundary, in pixels of the mask.",
)
@click.option(
    "--contact-spacing",
    type=click.FloatRange(min=0),
    default=10,
    show_default=True,
    help="Buildings closer than this are in contact; in units of the CRS (metres of the map).",
)
@click.option(
    "--valid", is_flag=True, help="Write masks of the pixels that are not under cloud, too."
)
@options.overwrite
@options.quiet
def command(
    root: Path,
    out: Path,
    channels: str,
    scale: int,
    boundary_width: int,
    contact_spacing: float,
    valid: bool,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Burn the building labels in TRAIN into masks to train a network with.

    TRAIN holds AOIs in the layout of SpaceNet 7. DIR gets <AOI>/masks with one GeoTIFF for each
    month that has an image and labels, and two tables: sn7_baseline_train_df.csv (image, label),
    and sn7_baseline_test_public_df.csv (image) with the images of AOIs that have no labels.
    """
    options.check_output(out, is_file=False, overwrite=overwrite, inputs=[root])

    from sn7fast.cli.aois import AoiRun
    from sn7fast.cli.status import OK, SOME_FAILED
    from sn7fast.data.catalog import Catalog
    from sn7fast.data.prep import (
        CHANNELS,
        PrepOptions,
        prepare_aoi,
        unlabelled_images,
        write_tables,
    )
    from sn7fast.io.outputs import whole_folder

    names = [name.strip() for name in channels.split(",")]
    if not set(names) <= set(CHANNELS) or len(set(names)) < len(names):
        raise click.UsageError(
            f"--channels: got {channels!r}, wanted some of {','.join(CHANNELS)}, each once"
        )
    wanted = PrepOptions(names, scale, boundary_width, contact_spacing, valid)
    console, timer = Console(quiet=quiet), Timer()
    catalog = Catalog.scan(root)
    labelled, run = catalog.labelled(), AoiRun(console)
    done: list[PreparedAoi] = []
    with whole_folder(out) as folder:
        todo = {aoi.name: partial(prepare_aoi, aoi, folder, wanted) for aoi in labelled}
        done += [prepared for _, prepared in run.each(todo, "prep")]
        write_tables(folder, done, unlabelled_images(catalog), final=out)
    _tell(console, catalog, done)
    months = [month for aoi in done for month in aoi.months]
    console.result(
        f"{out}: {counted(len(months), 'mask')} of {counted(len(done), 'AOI')}, "
        f"{counted(sum(month.buildings for month in months), 'footprint')}, {timer.lap():.2f} s"
    )
    return SOME_FAILED if run.failed else OK


def _tell(console: Console, catalog: Catalog, done: list[PreparedAoi]) -> None:
    """What was left out."""
    for aoi in done:
        for month, reason in aoi.skipped.items():
            console.warn(f"AOI {aoi.name}, month {month} left out: {reason}")
    if catalog.ignored:
        console.note(
            f"{counted(len(catalog.ignored), 'file')} with other names than those of SpaceNet 7 "
            f"ignored, such as {catalog.ignored[0]}"
        )
    if images := sum(len(aoi.months) for aoi in catalog if not aoi.is_labelled):
        console.note(f"{counted(images, 'image')} of AOIs without labels: for the test table")
