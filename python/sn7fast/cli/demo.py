"""``sn7fast demo``: the whole way on synthetic data, in a few seconds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, timed

if TYPE_CHECKING:
    from pathlib import Path

# Written last into what the demo makes, so that it may replace its own output and no other.
_MARK = "scores.json"
_MARK_KEY = "sn7fast_demo"


@click.command(
    "demo",
    short_help="Synthetic months of buildings: masks, tracks, scores.",
    epilog="Example: sn7fast demo --out my-demo --seed 7",
)
@click.option(
    "--out",
    type=options.input_path,
    metavar="DIR",
    default="demo-output",
    show_default=True,
    help="Folder for everything it makes; the output of an earlier demo is replaced.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another town.")
@options.overwrite
@options.quiet
def command(out: Path, seed: int, overwrite: bool, quiet: bool) -> None:
    """Follow about 800 synthetic buildings through 12 months with clouds and a noisy network.

    Makes an AOI, writes its labels and the predicted masks in the layout of SpaceNet 7, reads the
    masks back, turns them into footprints and tracks, and scores these against the labels.
    """
    options.check_output(out, is_file=False, overwrite=overwrite or _is_demo(out))

    from sn7fast import get_num_threads
    from sn7fast.cli.aois import stems, write_geojson_folder
    from sn7fast.cli.table import score_table
    from sn7fast.data.discover import discover
    from sn7fast.data.load import load_masks
    from sn7fast.data.synthetic import synthetic_stack
    from sn7fast.io.outputs import whole_folder
    from sn7fast.io.tables import write_csv
    from sn7fast.polygonize import polygonize_frames
    from sn7fast.scoring import score_f1, score_scot
    from sn7fast.tracking import track

    console, whole = Console(quiet=quiet), Timer()
    console.result(f"sn7fast demo, seed {seed}, {get_num_threads()} threads\n")
    with whole_folder(out) as folder:
        with timed(console, "make a synthetic AOI") as details:
            made = synthetic_stack(seed=seed)
            truth = made.truth
            rows, columns = made.grid.shape_yx
            cloudy = int((made.cloud_masks.max(axis=(1, 2)) > 0).sum())
            details += [f"{len(made.months)} months of {rows} x {columns}"]
            details += [f"{_buildings(truth.ids)} buildings", f"{cloudy} months with clouds"]
        with timed(console, "write labels and predicted masks") as details:
            made.write_sn7(folder / "truth")
            made.write_predictions(folder / "predictions")
            details += ["truth/", "predictions/"]
        with timed(console, "read the predicted masks") as details:
            source = discover(folder / "predictions")
            masks, _ = load_masks(source.frames)
            details += [f"{len(masks)} GeoTIFFs"]
        with timed(console, "masks to footprints") as details:
            footprints = polygonize_frames(masks, months=made.months, aoi=made.aoi, min_area_px=4)
            details += [f"{len(footprints)} footprints"]
        with timed(console, "footprints to tracks") as details:
            tracks = track(footprints)
            details += [f"{_buildings(tracks.ids)} identifiers"]
        with timed(console, "score tracks against the labels") as details:
            scot = score_scot({made.aoi: truth}, {made.aoi: tracks}, truth_min_area_px=4)
            f1 = score_f1({made.aoi: truth}, {made.aoi: tracks})
            details += [f"SCOT {scot.score:.3f}", f"F1 {f1.mean:.3f}"]
        with timed(console, "write tracks and scores") as details:
            (folder / "tracks").mkdir()
            write_geojson_folder(folder / "tracks", tracks, stems(source), own=False)
            write_csv(folder / "truth.csv", {made.aoi: truth})
            write_csv(folder / "tracks.csv", {made.aoi: tracks})
            report = {_MARK_KEY: {"seed": seed}, "scot": scot.to_dict(), "f1": f1.to_dict()}
            text = json.dumps(report, indent=1, allow_nan=False)
            (folder / _MARK).write_text(text + "\n", encoding="utf-8")
            details += ["tracks/", "tracks.csv", "truth.csv", _MARK]
    console.result(f"\n{score_table(scot, f1)}\n")
    console.result(f"All in {whole.lap():.1f} s, written to {out}. The same score by hand:")
    console.result(f"  sn7fast score {out / 'truth.csv'} {out / 'tracks.csv'}")


def _buildings(ids: object) -> int:
    return len(set(ids.tolist())) if hasattr(ids, "tolist") else 0


def _is_demo(out: Path) -> bool:
    """True if the folder is the output of an earlier demo."""
    try:
        report = json.loads((out / _MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(report, dict) and _MARK_KEY in report
