"""``sn7fast search``: post-processing parameters that score best on AOIs with truth."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, counted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sn7fast.search import Sample


@click.command(
    "search",
    short_help="Find the post-processing parameters that score best.",
    epilog="Example: sn7fast search preds/ train/ --out search --method filtered",
)
@click.argument("cubes_path", metavar="CUBES", type=options.input_path)
@click.argument("truth_path", metavar="TRUTH", type=options.input_path)
@click.option("--out", required=True, type=options.input_path, metavar="DIR", help="Folder.")
@click.option(
    "--method",
    metavar="NAME",
    help="Whose parameters to search: baseline, filtered, ...; without it that of --config.",
)
@click.option(
    "--config",
    "config_path",
    type=options.input_path,
    metavar="FILE",
    help="YAML with the settings to start from; without it the defaults of the method.",
)
@click.option(
    "--set",
    "changes",
    multiple=True,
    metavar="KEY=VALUE",
    help="Another value for a key of the settings, such as params.min_iou=0.3; may be repeated.",
)
@click.option(
    "--space",
    "space_path",
    type=options.input_path,
    metavar="FILE",
    help="YAML with the parameters to vary, such as params.min_iou: {low: 0.1, high: 0.5}; "
    "without it those that the method names.",
)
@click.option(
    "--objective",
    default="scot",
    show_default=True,
    help="What to make large: scot, track, change, f1, or several such as track=1,change=2.",
)
@click.option(
    "--trials",
    type=click.IntRange(1),
    default=60,
    show_default=True,
    help="Settings that each search tries: one search for each fold, and one on all AOIs.",
)
@click.option(
    "--folds",
    type=click.IntRange(2),
    default=5,
    show_default=True,
    help="Parts of the AOIs, each held out of one search; at most one for each AOI.",
)
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=0, show_default=True)
@click.option(
    "--scale",
    type=click.IntRange(1, 4),
    default=1,
    show_default=True,
    help="Pixels of masks in CUBES along one of the image; predictions tell it themselves.",
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
    "--overwrite", is_flag=True, help="Begin anew, where DIR has the trials of a search before."
)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@options.quiet
def command(
    cubes_path: Path,
    truth_path: Path,
    out: Path,
    method: str | None,
    config_path: Path | None,
    changes: tuple[str, ...],
    space_path: Path | None,
    objective: str,
    trials: int,
    folds: int,
    seed: int,
    scale: int,
    truth_min_area_px: float,
    overwrite: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Find the settings that make the best tracks of CUBES, by the score against TRUTH.

    CUBES are building probabilities: monthly rasters as "predict" writes them, or <AOI>.npz or
    <AOI>.zarr. TRUTH is an SN7 CSV, GeoParquet or a folder of GeoJSON or masks. DIR gets best.yaml,
    settings that "pipeline" takes, report.json, report.txt, and trials.sqlite. If a search was
    interrupted, the same command goes on from its trials; with a larger --trials it goes further.
    """
    from sn7fast import __version__
    from sn7fast.cli.status import OK, SOME_FAILED
    from sn7fast.postprocess import PostProcessing
    from sn7fast.search import Objective, search, space_of, space_to_dict

    if out.exists() and not out.is_dir():
        raise click.UsageError(f"--out: {out} is a file, wanted a folder")
    console, timer = Console(quiet=quiet or as_json), Timer()
    changes = changes if method is None else (f"method={method}", *changes)
    if config_path is None:
        start = PostProcessing.from_dict({}, changes, source="settings")
    else:
        start = PostProcessing.from_yaml(config_path, changes)
    space = space_of(start)
    if space_path is not None:
        space = space_of(start, _read_yaml(space_path), source=str(space_path))
    wanted = Objective.of_text(objective, truth_min_area_px=truth_min_area_px)
    samples, failed = _samples(console, cubes_path, truth_path, scale)

    out.mkdir(parents=True, exist_ok=True)
    kept = out / "trials.sqlite"
    if overwrite:
        # With the journal that a killed process may have left.
        for old in out.glob(f"{kept.name}*"):
            old.unlink()
    searches = 1 + (min(folds, len(samples)) if len(samples) > 1 else 0)
    try:
        with _Progress(console, trials, searches) as tell:
            found = search(
                samples,
                start=start,
                space=space,
                objective=wanted,
                trials=trials,
                folds=folds,
                seed=seed,
                storage=kept,
                tell=tell,
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"interrupted; {kept} has the trials so far, and the same command goes on from there"
        ) from None
    for text in found.warnings:
        console.warn(text)
    report = {
        **found.to_dict(),
        "settings": {
            "cubes": str(cubes_path),
            "truth": str(truth_path),
            "space": space_to_dict(space),
            "truth_min_area_px": truth_min_area_px,
            "folds": folds,
            "seed": seed,
            "version": __version__,
        },
        "left_out": failed,
    }
    _write(out, found.to_yaml(), report, found.table())
    if as_json:
        click.echo(_json(report))
    console.result(found.table())
    console.result(
        f"\n{out / 'best.yaml'}: {counted(len(samples), 'AOI')}, {counted(trials, 'trial')} a "
        f"search, {timer.lap():.1f} s"
    )
    return SOME_FAILED if failed else OK


def _samples(
    console: Console, cubes_path: Path, truth_path: Path, scale: int
) -> tuple[list[Sample], dict[str, str]]:
    """The AOIs that both sides have; messages of those that cannot be used."""
    from functools import partial

    from sn7fast.cli.aois import AoiRun
    from sn7fast.data.discover import discover
    from sn7fast.data.load import stack_loaders
    from sn7fast.errors import InputError
    from sn7fast.postprocess.cubes import cube_loaders
    from sn7fast.search import Sample
    from sn7fast.tracking import track

    cubes = cube_loaders(cubes_path, scale=scale)
    truths = stack_loaders(discover(truth_path), threshold=0, min_area_px=0, connectivity=4)
    common = [aoi for aoi in cubes if aoi in truths]
    if not common:
        raise InputError(
            f"no common AOI: {cubes_path} has {', '.join(list(cubes)[:3]) or 'none'}, "
            f"{truth_path} has {', '.join(list(truths)[:3]) or 'none'}"
        )
    for path, lacking in ((cubes_path, [*truths]), (truth_path, [*cubes])):
        count = len(set(lacking) - set(common))
        if count:
            console.note(f"{counted(count, 'AOI')} left out, which {path} does not have")

    def load(aoi: str) -> Sample:
        truth = truths[aoi]()
        if truth.ids is None:
            console.note(f"{aoi}: truth has no identifiers: tracked")
            truth = track(truth)
        return Sample(aoi, cubes[aoi](), truth)

    run = AoiRun(console)
    loaded = dict(run.each({aoi: partial(load, aoi) for aoi in common}, "load"))
    return list(loaded.values()), run.failed


class _Progress:
    """A bar at a terminal, some lines elsewhere; both with the best value so far."""

    def __init__(self, console: Console, trials: int, searches: int) -> None:
        self._quiet, self._trials, self._searches = console.quiet, trials, searches
        self._bar: Any = None
        self._told: dict[str, int] = {}

    def __enter__(self) -> Callable[[str, int, float], None]:
        if not self._quiet and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=self._trials * self._searches, unit="trial", leave=False)
        return self._tell

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def _tell(self, name: str, done: int, best: float) -> None:
        before = self._told.get(name, 0)
        self._told[name] = done
        if self._bar is not None:
            self._bar.update(done - before)
            self._bar.set_postfix_str(f"{name}: best {best:.4f}")
        elif not self._quiet and (done * 4 // self._trials > before * 4 // self._trials):
            click.echo(f"{name}: {done} of {self._trials} trials, best {best:.4f}", err=True)


def _read_yaml(path: Path) -> Any:  # noqa: ANN401 - what YAML holds
    from sn7fast.settings import load_yaml

    return load_yaml(path)


def _json(report: dict[str, Any]) -> str:
    import json

    return json.dumps(report, indent=1, allow_nan=False)


def _write(out: Path, settings: str, report: dict[str, Any], table: str) -> None:
    from sn7fast.io.outputs import whole_file

    for name, text in (
        ("best.yaml", settings),
        ("report.json", _json(report) + "\n"),
        ("report.txt", table + "\n"),
    ):
        with whole_file(out / name) as part:
            part.write_text(text, encoding="utf-8")
