"""``sn7fast report``: a page to look at, with all months of an AOI."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.report import Report
    from sn7fast.report.inputs import ReportInputs, Shown

_PAGE = ".html"


@click.command(
    "report",
    short_help="A page that shows the buildings through time, to open in a browser.",
    epilog="Example: sn7fast report run/ --images SN7/test_public --out report.html",
)
@click.argument("source_path", metavar="RUN_OR_STACKS", type=options.input_path)
@click.option(
    "--truth",
    "truth_path",
    type=options.input_path,
    metavar="T",
    help="What to compare with: an SN7 CSV, or a folder of GeoJSON or masks, such as the folder of "
    "SpaceNet 7. [default: that of the run, if it has one]",
)
@click.option(
    "--images",
    "images_path",
    type=options.input_path,
    metavar="DATA",
    help="Backgrounds: a folder of SpaceNet 7, a manifest, or monthly rasters. [default: the "
    "probabilities of the run, if it has them]",
)
@click.option(
    "--out",
    required=True,
    type=options.input_path,
    metavar="OUT",
    help="A file that ends in .html, or for several AOIs a folder, which gets a page for each and "
    "index.html.",
)
@click.option(
    "--aoi", "aois", multiple=True, metavar="NAME", help="Only this AOI; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@options.min_iou
@options.mask_options
@options.overwrite
@options.quiet
def command(
    source_path: Path,
    truth_path: Path | None,
    images_path: Path | None,
    out: Path,
    aois: tuple[str, ...],
    as_json: bool,
    min_iou: float,
    threshold: float,
    min_area_px: float,
    connectivity: str,
    overwrite: bool,
    quiet: bool,
) -> int:
    """Make a page of each AOI in RUN_OR_STACKS that opens from disk in any browser.

    RUN_OR_STACKS is the folder of "pipeline", or tracks as an SN7 CSV, GeoParquet or a folder of
    GeoJSON or masks (which are polygonized and tracked first). The page holds all it shows.
    """
    to_file = options.is_file_name(out, [_PAGE], "pages")
    given = [path for path in (source_path, truth_path, images_path) if path is not None]
    options.check_output(out, is_file=to_file, overwrite=overwrite, inputs=given)

    from functools import partial

    from sn7fast.cli.aois import AoiRun
    from sn7fast.cli.status import OK, SOME_FAILED
    from sn7fast.report.inputs import ReportInputs

    console, timer = Console(quiet=quiet or as_json), Timer()
    masks = {"threshold": threshold, "min_area_px": min_area_px, "connectivity": int(connectivity)}
    inputs = ReportInputs(
        source_path,
        truth=truth_path,
        images=images_path,
        min_iou=min_iou,
        masks=masks,
        tell=console.note,
    )
    chosen = _chosen(inputs, aois)
    if to_file and len(chosen) > 1:
        raise click.UsageError(
            f"--out: got a file for {len(chosen)} AOIs, wanted a folder, or one of them by --aoi"
        )
    (out.parent if to_file else out).mkdir(parents=True, exist_ok=True)
    run = AoiRun(console)
    todo = {aoi: partial(inputs.load, aoi) for aoi in chosen}
    reports = dict(run.each(todo, "report", partial(_write, out, to_file=to_file)))
    for aoi, report in reports.items():
        for note in report.notes:
            console.note(f"AOI {aoi}: {note}")
    if not to_file:
        from sn7fast.report.contents_page import write_contents

        write_contents(out / f"index{_PAGE}", reports)
    if as_json:
        listed = {aoi: asdict(one) | {"path": str(one.path)} for aoi, one in reports.items()}
        click.echo(json.dumps({"reports": listed, "failed": run.failed}, indent=1))
    size = sum(report.size_bytes for report in reports.values()) / 1e6
    console.result(
        f"{out}: {counted(len(reports), 'AOI')}, {size:.1f} MB, {timer.lap():.1f} s; open it in a "
        "browser"
    )
    return SOME_FAILED if run.failed else OK


def _chosen(inputs: ReportInputs, aois: tuple[str, ...]) -> list[str]:
    absent = [aoi for aoi in aois if aoi not in inputs.aois]
    if absent:
        has = ", ".join(inputs.aois[:5])
        raise click.UsageError(f"--aoi: got {absent[0]!r}, which is not among {has}")
    return [aoi for aoi in inputs.aois if not aois or aoi in aois]


def _write(out: Path, aoi: str, shown: Shown, *, to_file: bool) -> Report:
    from sn7fast.report import write_report
    from sn7fast.report.contents_page import page_name

    return write_report(
        out if to_file else out / page_name(aoi),
        shown.tracks,
        truth=shown.truth,
        images=shown.images,
        valid=shown.valid,
        buildings=shown.buildings,
    )
