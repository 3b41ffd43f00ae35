"""``sn7fast score``: SCOT and F1 of a proposal."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sn7fast.data.discover import Source
    from sn7fast.scoring import ScotScore
    from sn7fast.stack import Stack

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
    help="A pair of footprints matches if its IoU is above this (F1: at least this).",
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
    help="Write every count as JSON to FILE; without FILE, or with -, print it, not the table.",
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
    min_iou: float,
    threshold: float,
    min_area_px: float,
    connectivity: str,
    quiet: bool,
) -> int:
    """Score PROPOSAL against TRUTH, each an SN7 CSV or a folder of GeoJSON or masks.

    Masks are polygonized, and what has no identifiers is tracked first. The mean is that over the
    AOIs of the truth.
    """
    from sn7fast.cli.aois import AoiRun
    from sn7fast.cli.group import OK, SOME_FAILED
    from sn7fast.cli.table import score_table
    from sn7fast.data.discover import discover
    from sn7fast.data.load import stack_loaders
    from sn7fast.errors import InputError
    from sn7fast.scoring import score_f1, score_scot

    console = Console(quiet=quiet)
    masks = {
        "threshold": threshold,
        "min_area_px": min_area_px,
        "connectivity": int(connectivity),
    }
    loaders: dict[str, dict[str, Callable[[], Stack]]] = {}
    sources: dict[str, Source] = {}
    for side, path in (("truth", truth_path), ("proposal", proposal_path)):
        sources[side] = discover(path)
        loaders[side] = stack_loaders(sources[side], **masks)  # type: ignore[arg-type]
    pairs = _pair_names(console, loaders, sources)
    if "scot" in metrics:
        loaders = {
            side: _with_ids(side, found, min_iou, console) for side, found in loaders.items()
        }
    run = AoiRun(console)
    loaded = dict(
        run.each({aoi: partial(_both, loaders, aoi, pairs[aoi]) for aoi in pairs}, "read")
    )
    truth = {aoi: stacks[0] for aoi, stacks in loaded.items()}
    proposal = {aoi: stacks[1] for aoi, stacks in loaded.items() if stacks[1] is not None}
    if not proposal:
        raise InputError("no AOI that both sides have could be read")
    for aoi in truth:
        _compare_months(console, truth[aoi], proposal.get(aoi))
    scot = f1 = None
    if "scot" in metrics:
        scot = score_scot(
            truth,
            proposal,
            iou_threshold=iou_threshold,
            beta=beta,
            truth_min_area_px=truth_min_area_px,
        )
        _explain_change(console, scot)
    if "f1" in metrics:
        f1 = score_f1(truth, proposal, iou_threshold=iou_threshold)
    if run.failed:
        console.warn(f"the mean is over {len(truth)} AOIs, {len(run.failed)} are left out")
    if json_path is not None:
        report: dict[str, Any] = {
            "truth": str(truth_path),
            "proposal": str(proposal_path),
            "settings": {
                "iou_threshold": iou_threshold,
                "beta": beta,
                "truth_min_area_px": truth_min_area_px,
                "min_iou": min_iou,
                **masks,
            },
            "notes": console.notes,
            "warnings": console.warnings,
            "failed": run.failed,
        }
        report.update(
            {"scot": scot.to_dict()} if scot else {}, **({"f1": f1.to_dict()} if f1 else {})
        )
        _write_json(json_path, report)
    if json_path != "-":
        click.echo(score_table(scot, f1))
    return SOME_FAILED if run.failed else OK


def _pair_names(
    console: Console,
    loaders: dict[str, dict[str, Callable[[], Stack]]],
    sources: dict[str, Source],
) -> dict[str, str | None]:
    """For each AOI of the truth its name in the proposal, or None."""
    from sn7fast.errors import InputError

    truth, proposal = loaders["truth"], loaders["proposal"]
    common = [aoi for aoi in truth if aoi in proposal]
    if not common:
        named = all(source.has_sn7_names for source in sources.values())
        if len(truth) == len(proposal) == 1 and not named:
            (one,), (other,) = truth, proposal
            console.note(f"truth is called {one} and proposal {other}: taken as the same AOI")
            return {one: other}
        raise InputError(
            f"no common AOI: {sources['truth'].path} has {_some(truth)}, "
            f"{sources['proposal'].path} has {_some(proposal)}"
        )
    only = [aoi for aoi in truth if aoi not in proposal]
    if only:
        console.warn(
            f"the proposal lacks {len(only)} of the truth's AOIs, which score 0: {_some(only)}"
        )
    extra = [aoi for aoi in proposal if aoi not in truth]
    if extra:
        console.warn(f"{len(extra)} AOIs of the proposal are not in the truth: {_some(extra)}")
    return {aoi: aoi if aoi in proposal else None for aoi in truth}


def _some(names: Any) -> str:  # noqa: ANN401 - names in a list or mapping
    names = list(names)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (", ".join(names[:3]) or "none") + more


def _with_ids(
    side: str, loaders: dict[str, Callable[[], Stack]], min_iou: float, console: Console
) -> dict[str, Callable[[], Stack]]:
    """Loaders that track what has no identifiers, and say so once."""
    from sn7fast.tracking import track

    said: list[str] = []

    def load(loader: Callable[[], Stack]) -> Stack:
        stack = loader()
        if stack.ids is not None:
            return stack
        if not said:
            said.append(side)
            console.note(f"{side} has no identifiers: tracked with IoU of at least {min_iou:g}")
        return track(stack, min_iou=min_iou)

    return {aoi: partial(load, loader) for aoi, loader in loaders.items()}


def _both(
    loaders: dict[str, dict[str, Callable[[], Stack]]], aoi: str, other: str | None
) -> tuple[Stack, Stack | None]:
    truth = loaders["truth"][aoi]()
    return truth, None if other is None else loaders["proposal"][other]()


def _compare_months(console: Console, truth: Stack, proposal: Stack | None) -> None:
    if proposal is None:
        return
    extra = [month for month in proposal.months if month not in truth.months]
    if extra:
        console.warn(
            f"{truth.aoi}: {len(extra)} months of the proposal are not in the truth and do not "
            f"count: {_some(extra)}"
        )
    lacking = [month for month in truth.months if month not in proposal.months]
    if lacking:
        console.warn(
            f"{truth.aoi}: {len(lacking)} months of the truth are not in the proposal, all their "
            f"buildings count as missed: {_some(lacking)}"
        )


def _explain_change(console: Console, scot: ScotScore) -> None:
    for name, aoi in scot.aois.items():
        if not aoi.change_tp + aoi.change_fn:
            console.warn(
                f"{name}: nothing is built in the truth after its first month, so change and SCOT "
                "are 0 whatever the proposal"
            )


def _write_json(path: str, report: dict[str, Any]) -> None:
    text = json.dumps(report, indent=1, allow_nan=False)
    if path == "-":
        click.echo(text)
        return
    from sn7fast.io.outputs import whole_file

    with whole_file(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
