"""A stack that gains a month: what that costs against the whole, and whether names stay.

``python benches/pipeline/growing.py [--side 1024] [--months 20] [--report] [--weights FILE]
[--record [NAME]]``
paints the images of a synthetic town, runs the pipeline on all but the last month, adds that one
and runs again, and runs all months elsewhere for comparison; then the same with the real predicted
masks of SpaceNet 7 if they are there (SN7FAST_SHARED), whose last month is the one that is added.
With ``--record`` it writes ``benches/record/growing-<date>.md``.
"""

import argparse
import os
import platform
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from sn7fast import get_num_threads
from sn7fast.data.discover import discover
from sn7fast.data.synthetic import synthetic_scene
from sn7fast.pipeline import plan, run_aoi
from sn7fast.pipeline.stacks import read_stack
from sn7fast.postprocess import PostProcessing
from sn7fast.predict import load_model

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "benches" / "record"
FORMATS = (".parquet",)


def timed(source, out, models, **settings):
    """Seconds of the clock and of the processors, the outcome, and the tracks."""
    start, cpu = time.perf_counter(), time.process_time()
    (job,) = plan(source, out, weights=models or "default", formats=FORMATS, **settings)
    outcome = run_aoi(job, models=models)
    seconds = time.perf_counter() - start, time.process_time() - cpu
    if outcome.failed is not None:
        raise SystemExit(outcome.failed)
    return seconds, outcome, read_stack(job.layout.tracks)


def compared(name, grow, folder, models, **settings):
    """A row of the table."""
    source = grow(-1)
    first, _, before = timed(source, folder / "out", models, **settings)
    source = grow(0)
    added, outcome, after = timed(source, folder / "out", models, **settings)
    whole, _, _ = timed(source, folder / "whole", models, **settings)
    again, nothing, _ = timed(source, folder / "out", models, **settings)
    if nothing.done:
        raise SystemExit(f"{name}: done again: {nothing.done}")
    # The same building by name lies where it lay in each month.
    centres = {}
    for stack in (before, after):
        middle = stack.footprints.bounds.reshape(-1, 2, 2).mean(axis=1)
        keys = zip(stack.ids.tolist(), stack.month_index.tolist(), strict=True)
        for key, place in zip(keys, middle, strict=True):
            if np.hypot(*(centres.setdefault(key, place) - place)) > 20:
                raise SystemExit(f"{name}: {key} is another building now")
    kept = np.isin(np.unique(before.ids), after.ids).mean()
    parts = ", ".join(f"{step} {seconds:.2f}" for step, seconds in outcome.seconds.items())
    row = (
        f"| {name} | {before.building_count} | {_both(first)} | {_both(whole)} | {_both(added)} | "
        f"{added[1] / whole[1]:.0%} | {again[0] * 1000:.0f} ms | {kept:.2%} | {parts} |"
    )
    print(row, flush=True)
    return row


def _both(seconds):
    return f"{seconds[0]:.2f} ({seconds[1]:.2f})"


def painted(folder, side, months):
    """A town in images of SpaceNet 7; gives what makes a source of all months but some."""
    scene = synthetic_scene(seed=1, shape_yx=(side, side), months=months, kind="suburb")
    scene.write_sn7(folder / "all")

    def grow(last):
        wanted = scene.months[: len(scene.months) + last]
        for path in (folder / "all").rglob("*_mosaic_*"):
            place = folder / "in" / path.relative_to(folder / "all")
            if any(month in path.name for month in wanted) and not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                place.symlink_to(path)
        return folder / "in"

    return grow


def real(folder, frames):
    """The predicted masks by a manifest of their own."""

    def grow(last):
        lines = ["path,aoi,date"]
        lines += [f"{frame.path},real,{frame.month}" for frame in frames[: len(frames) + last]]
        (folder / "own.csv").write_text("\n".join(lines) + "\n")
        return folder / "own.csv"

    return grow


def main():
    options = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    options.add_argument("--side", type=int, default=1024)
    options.add_argument("--months", type=int, default=20)
    options.add_argument("--report", action="store_true")
    options.add_argument("--weights", help="file of a network that sees the images too")
    options.add_argument("--record", nargs="?", const=f"growing-{datetime.now(UTC):%Y-%m-%d}")
    given = options.parse_args()
    model, rows = load_model(), []
    settings = {"report": given.report}
    with tempfile.TemporaryDirectory(prefix="sn7fast-growing-") as name:
        folder = Path(name)
        # Imports and the first use of libraries are no part of it.
        timed(painted(folder / "warm", 64, 2)(0), folder / "warm" / "out", [model], **settings)
        grow = painted(folder / "town", given.side, given.months)
        about = f"images, {given.months} x {given.side}²"
        rows.append(compared(about, grow, folder / "town", [model], **settings))
        if given.weights:
            other = load_model(given.weights)
            grow = painted(folder / "other", given.side, given.months)
            about += f", {other.spec.architecture} by {other.backend.name}"
            rows.append(compared(about, grow, folder / "other", [other], **settings))
        masks = Path(os.environ.get("SN7FAST_SHARED", ROOT.parent / "shared")) / "data/real/"
        if masks.is_dir():
            frames = discover(masks / "sn7-pred-stack").frames
            for method in ("collapse", "baseline"):
                place = folder / method
                place.mkdir()
                post = PostProcessing(method=method)
                title = f"real masks, {len(frames)} x 1024², {method}"
                rows.append(
                    compared(title, real(place, frames), place, None, post=post, **settings)
                )
    head = (
        "| stack | buildings before | without the last month, s (CPU) | all at once, s (CPU) "
        "| month added, s (CPU) | share of CPU | run again | names kept "
        "| steps of the added month, s |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    about = (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"{get_num_threads()} threads, load {os.getloadavg()[0]:.1f}, network by "
        f"{model.backend.name}, footprints as GeoParquet, table, STAC item"
        f"{', report' if given.report else ''}."
    )
    text = "\n".join([head, *rows])
    print(f"\n{about}\n\n{text}")
    if given.record:
        RECORD.mkdir(exist_ok=True)
        title = f"# A month more, {datetime.now(UTC):%Y-%m-%d}\n\n"
        (RECORD / f"{given.record}.md").write_text(f"{title}{about}\n\n{text}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
