"""``sn7fast score``: SCOT and F1 of a proposal."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, counted

if TYPE_CHECKING:
    from sn7fast.attribution import ScotAttribution
    from sn7fast.cli.sides import Scored
    from sn7fast.scores import F1Score, ScotScore

_METRICS = ("scot", "f1")


def _metrics(context: click.Context, option: click.Parameter, value: str) -> list[str]:
    chosen = [name.strip().lower() for name in value.split(",") if name.strip()]
    unknown = [name for name in chosen if name not in _METRICS]
    if unknown or not chosen:
        raise click.BadParameter(f"got {value!r}, wanted scot, f1 or scot,f1")
    return chosen


@click.command(
    "score",
    short_help="Score tracks or footprints: SCOT and F1.",
    epilog="Example: sn7fast score train/ tracks.csv --json scores.json",
)
@click.argument("truth_path", metavar="TRUTH", type=options.input_path)
@click.argument("proposal_path", metavar="PROPOSAL", type=options.input_path)
@click.option(
    "--metric",
    "metrics",
    default="scot,f1",
    show_default=True,
    callback=_metrics,
    help="scot, f1 or both.",
)
@click.option(
    "--iou",
    "iou_threshold",
    type=click.FloatRange(0, 1),
    default=0.25,
    show_default=True,
    help="A pair of footprints matches if its IoU is above this.",
)
@click.option(
    "--beta",
    type=click.FloatRange(0, min_open=True),
    default=2,
    show_default=True,
    help="SCOT: how much tracking weighs against change.",
)
@click.option(
    "--truth-min-area",
    "truth_min_area_px",
    type=click.FloatRange(min=0),
    default=4,
    show_default=True,
    help="SCOT: leave out smaller footprints of the truth, in px2.",
)
@click.option(
    "--json",
    "json_path",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="Write every count as JSON to FILE; without FILE (then put it last), or with -, print it "
    "instead of the table.",
)
@click.option(
    "--attribution",
    "attribution_path",
    type=options.input_path,
    metavar="FILE",
    help="Write what each building costs SCOT, and of which kind its errors are, to FILE (.csv or "
    ".json), and print the cost of each kind.",
)
@options.min_iou
@options.mask_options
@options.quiet
def command(
    truth_path: Path,
    proposal_path: Path,
    metrics: list[str],
    iou_threshold: float,
    beta: float,
    truth_min_area_px: float,
    json_path: str | None,
    attribution_path: Path | None,
    min_iou: float,
    threshold: float,
    min_area_px: float,
    connectivity: str,
    quiet: bool,
) -> int:
    """Score PROPOSAL against TRUTH, each an SN7 CSV, GeoParquet or a folder of GeoJSON or masks.

    Masks are polygonized, and what has no identifiers is tracked first. PROPOSAL may be the folder
    of "pipeline", whose tracks are meant. The mean is that over the AOIs of the truth.
    """
    if attribution_path is not None:
        _check_attribution(attribution_path, metrics)
        if json_path is not None:
            options.check_different({"--json": Path(json_path), "--attribution": attribution_path})

    from sn7fast.cli.aois import AoiRun
    from sn7fast.cli.sides import Sides
    from sn7fast.cli.status import OK, SOME_FAILED
    from sn7fast.cli.table import attribution_table, score_table

    console = Console(quiet=quiet)
    masks = {
        "threshold": threshold,
        "min_area_px": min_area_px,
        "connectivity": int(connectivity),
    }
    scot_options = {
        "iou_threshold": iou_threshold,
        "beta": beta,
        "truth_min_area_px": truth_min_area_px,
    }
    sides = Sides(console, truth_path, proposal_path, min_iou=min_iou, masks=masks)
    run = AoiRun(console)
    score = partial(
        sides.score,
        metrics=metrics,
        scot_options=scot_options,
        attribute=attribution_path is not None,
    )
    scored = dict(run.each(sides.readers(), "score", score))
    scot, f1, attribution = _together(scored)
    if run.failed:
        console.warn(f"the mean is over {counted(len(scored), 'AOI')}, {len(run.failed)} left out")
    if json_path is not None:
        report: dict[str, Any] = {
            "truth": str(truth_path),
            "proposal": str(proposal_path),
            "settings": {**scot_options, "min_iou": min_iou, **masks},
            "notes": console.notes,
            "warnings": console.warnings,
            "failed": run.failed,
        }
        report |= {"scot": scot.to_dict()} if scot else {}
        report |= {"f1": f1.to_dict()} if f1 else {}
        report |= {"attribution": attribution.by_kind} if attribution else {}
        _write_json(json_path, report)
    if attribution and attribution_path:
        is_csv = attribution_path.suffix.lower() == ".csv"
        (attribution.write_csv if is_csv else attribution.write_json)(attribution_path)
    if json_path != "-":
        click.echo(score_table(scot, f1))
        if attribution:
            click.echo("\n" + attribution_table(attribution))
    return SOME_FAILED if run.failed else OK


def _check_attribution(path: Path, metrics: list[str]) -> None:
    """Refuse what could only fail after all AOIs are scored."""
    if "scot" not in metrics:
        raise click.UsageError("--attribution: explains SCOT, which --metric leaves out")
    if path.suffix.lower() not in (".csv", ".json"):
        raise click.UsageError(f"--attribution: got {path}, wanted a name in .csv or .json")
    if path.is_dir() or not path.resolve().parent.is_dir():
        raise click.UsageError(f"--attribution: {path} is a folder, or in one that is not there")


def _together(
    scored: dict[str, Scored],
) -> tuple[ScotScore | None, F1Score | None, ScotAttribution | None]:
    """Scores of single AOIs as scores of all; None for what was not asked for."""
    from sn7fast.attribution import ScotAttribution
    from sn7fast.scores import F1Counts, F1Score, ScotScore

    scots = {aoi: one.scot.aois[aoi] for aoi, one in scored.items() if one.scot}
    f1s = {aoi: one.f1.aois[aoi] for aoi, one in scored.items() if one.f1}
    costs = {aoi: one.attribution.aois[aoi] for aoi, one in scored.items() if one.attribution}
    totals = [aoi.total for aoi in f1s.values()]
    pooled = F1Counts(
        sum(total.true_positives for total in totals),
        sum(total.false_positives for total in totals),
        sum(total.false_negatives for total in totals),
    )
    return (
        ScotScore(scots) if scots else None,
        F1Score(f1s, pooled) if f1s else None,
        ScotAttribution(costs) if costs else None,
    )


def _write_json(path: str, report: dict[str, Any]) -> None:
    text = json.dumps(report, indent=1, allow_nan=False)
    if path == "-":
        click.echo(text)
        return
    from sn7fast.io.outputs import whole_file

    with whole_file(path) as part:
        part.write_text(text + "\n", encoding="utf-8")
