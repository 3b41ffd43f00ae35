"""Areas larger than memory: peak memory, time and equality with the area in one piece.

``python benches/pipeline/large.py [--side 30000] [--months 3] [--memory MB] [--folder F] [--record
[NAME]]`` makes seeded synthetic masks (towns in parts, empty land in others), then runs each step
in a process of its own, whose peak memory and time it prints; with ``--record`` it writes
``benches/record/large-<date>.md``. A smaller area (``--whole``) is done in bands and in one piece,
and everything is compared to the bit. ``--keep`` with ``--folder`` goes on where it stopped: steps
whose results are there are not repeated. Nothing of other people is in the masks.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import nullcontext
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "benches" / "record"

CELL = 10
BAND_CELLS = 128
SEED = 7


def months_of(count):
    return [f"2020_{month + 1:02}" for month in range(count)]


# What is on the ground -------------------------------------------------------------------------


def town(rng, side_cells):
    """Share of cells with a building, on a coarse map: soft blobs over a quarter of the land."""
    coarse = -(-side_cells // 50)
    field = rng.random((coarse + 8, coarse + 8))
    for axis in (0, 1):
        for _ in range(2):
            field = (field + np.roll(field, 1, axis) + np.roll(field, 2, axis)) / 3
    field = field[:coarse, :coarse]
    edge = np.quantile(field, 0.75)
    return np.clip((field - edge) / (field.max() - edge) * 2, 0, 0.85)


def cells_of(rng, shape):
    """Place, size and life of a possible building of each cell; most are 3 to 7 px wide."""
    height, width = rng.integers(3, 8, (2, *shape))
    # Some fill the cell and grow together with their neighbours: rows of houses, blocks.
    wide, tall = rng.random((2, *shape)) < 0.06
    width[wide], height[tall] = CELL, CELL
    y, x = (rng.integers(0, CELL - size + 1) for size in (height, width))
    return {"y": y, "x": x, "height": height, "width": width, "chance": rng.random(shape),
            "begins": rng.random(shape)}  # fmt: skip


def paint(cells, share, rng, month, months):
    """A month of a band, 0 or 255: buildings that begin, are missed, and wobble by a pixel."""
    shape = cells["y"].shape
    there = (cells["chance"] < share) & (cells["begins"] < 0.7 + 0.3 * (month + 1) / months)
    there &= rng.random(shape) > 0.05
    top = np.maximum(cells["y"] - rng.integers(0, 2, shape) * (cells["height"] < CELL), 0)
    right = np.minimum(cells["x"] + cells["width"] + rng.integers(0, 2, shape), CELL)
    step = np.arange(CELL)
    rows = (step >= top[..., None]) & (step < (cells["y"] + cells["height"])[..., None])
    columns = (step >= cells["x"][..., None]) & (step < right[..., None])
    rows &= there[..., None]
    pixels = rows[:, :, :, None] & columns[:, :, None, :]
    return pixels.transpose(0, 2, 1, 3).reshape(shape[0] * CELL, -1).view(np.uint8) * np.uint8(255)


def river(pixels, first_row):
    """A thin line that winds through the whole area: one region over all bands.

    A false detection of one month, faint enough to be no building for the collapse.
    """
    rows = np.arange(len(pixels))
    middle = pixels.shape[1] * (0.5 + 0.2 * np.sin((rows + first_row) / 700))
    for row, column in zip(rows, middle.astype(int), strict=True):
        pixels[row, column : column + 4] = 200


def build(folder, side, months):
    from sn7fast import Grid
    from sn7fast.io.raster_writer import RasterWriter

    grid = Grid((side, side), (4.0, 0.0, 500_000.0, 0.0, -4.0, 5_000_000.0), "EPSG:32633")
    side_cells = -(-side // CELL)
    share = town(np.random.default_rng(SEED), side_cells)
    writers = [
        RasterWriter(folder / f"{month}.tif", grid, "uint8", ["mask"], nodata=0, tags={})
        for month in months_of(months)
    ]
    for first in range(0, side_cells, BAND_CELLS):
        rows = np.arange(first, min(first + BAND_CELLS, side_cells))
        rng = np.random.default_rng([SEED, first])
        cells = cells_of(rng, (len(rows), side_cells))
        chance = share[rows // 50][:, np.arange(side_cells) // 50]
        for month, writer in enumerate(writers):
            pixels = paint(cells, chance, rng, month, months)
            pixels = np.ascontiguousarray(pixels[: side - first * CELL, :side])
            if month == 0:
                river(pixels, first * CELL)
            writer.write(first * CELL, 0, pixels[None])
    for writer in writers:
        writer.finish()
    return {"settled": float((share > 0).mean())}


# What is timed ---------------------------------------------------------------------------------


def frames_of(folder):
    from sn7fast.data.discover import Frame

    return [Frame("large", path.stem, path) for path in sorted(folder.glob("*.tif"))]


def settings_of(method):
    from sn7fast.postprocess import PostProcessing

    return PostProcessing.from_dict({"method": method})


def polygonize(folder, memory):
    from sn7fast.windows import polygonize_raster

    out = folder / "month.parquet"
    frame = frames_of(folder)[0]
    count = polygonize_raster(frame.path, out, memory_mb=memory, aoi="large", month=frame.month)
    return {"footprints": count, "file_mb": out.stat().st_size / 1e6}


def track(folder, memory, method):
    from sn7fast.windows import FrameBands, postprocess_large, write_large

    source = FrameBands(frames_of(folder))
    out = folder / f"{method}.parquet"
    with postprocess_large(
        source, settings_of(method), aoi="large", memory_mb=memory, folder=folder
    ) as stack:
        found = time.perf_counter()
        write_large(out, stack)
        written = time.perf_counter() - found
        return {"footprints": len(stack), "buildings": stack.building_count,
                "writing_s": written, "file_mb": out.stat().st_size / 1e6}  # fmt: skip


def compare(folder, memory, method):
    """In one piece, and equal to what `track` and `polygonize` wrote of the same masks?"""
    from sn7fast import polygonize_frames, read_parquet, write_parquet
    from sn7fast.data.cubes import load_cube
    from sn7fast.data.load import load_masks
    from sn7fast.postprocess import postprocess

    frames = frames_of(folder)
    if method == "polygonize":
        masks, grid = load_masks(frames[:1])
        whole = polygonize_frames(masks, months=[frames[0].month], aoi="large")
        from dataclasses import replace

        whole, name = replace(whole, grid=grid), "month"
    else:
        whole, name = postprocess(load_cube(frames), settings_of(method), aoi="large"), method
    write_parquet(folder / "whole.parquet", whole)
    parts = folder / f"{name}.parquet"
    found = read_parquet(parts)["large"]
    same = (folder / "whole.parquet").read_bytes() == parts.read_bytes()
    ours, theirs = found.footprints.arrays, whole.footprints.arrays
    equal = all(np.array_equal(a, b) for a, b in zip(ours[:3], theirs[:3], strict=True))
    equal &= np.array_equal(found.frame_offsets, whole.frame_offsets)
    if whole.ids is not None:
        equal &= np.array_equal(found.ids, whole.ids)
    if whole.iou is not None:
        equal &= np.array_equal(found.iou, whole.iou, equal_nan=True)
    if not equal:
        raise SystemExit(f"{method}: the bands differ from the whole")
    return {"footprints": len(whole), "equal_rows": bool(equal), "equal_bytes": same}


def pipeline(folder, memory, method):
    """`sn7fast pipeline` on the masks: identifiers, evidence and the files for others, too."""
    from sn7fast.pipeline import run_pipeline

    source = folder / "source"
    if not source.exists():
        (source / "large").mkdir(parents=True)
        for frame in frames_of(folder):
            os.link(frame.path, source / "large" / frame.path.name)
    out = folder / f"run {method} {memory:g}"
    result = run_pipeline(
        source, out, post=settings_of(method), formats=(".parquet",), kind="probabilities",
        memory_mb=memory,
    )  # fmt: skip
    if result.failed:
        raise SystemExit(f"{method}: {result.failed}")
    counts = result.gathered.counts["large"]
    seconds = {name: round(s, 1) for name, s in result.outcomes[0].seconds.items()}
    return {"footprints": counts["footprints"], "buildings": counts["buildings"], **seconds}


def compare_pipeline(folder, memory, method):
    """In one piece: the same files to the byte?"""
    facts = pipeline(folder, ONE_PIECE, method)
    trees = []
    for one in (memory, ONE_PIECE):
        home = folder / f"run {method} {one:g}"
        trees.append({
            path.relative_to(home): path.read_bytes()
            for path in sorted(home.rglob("*"))
            if path.is_file() and path.name not in UNSTEADY
        })  # fmt: skip
    one, other = trees
    odd = sorted({*one} ^ {*other}) + [path for path in one if one[path] != other.get(path)]
    if odd:
        raise SystemExit(f"pipeline {method}: the bands differ from the whole in {odd[0]}")
    return {"footprints": facts["footprints"], "equal_rows": True, "files": len(one)}


# Megabytes that hold all of the area that is compared.
ONE_PIECE = 100_000
# What knows times and paths.
UNSTEADY = {".hashes.json", ".lock", ".gather"}

STEPS = {
    "build": lambda folder, options: build(folder, options.side, options.months),
    "polygonize": lambda folder, options: polygonize(folder, options.memory),
    "baseline": lambda folder, options: track(folder, options.memory, "baseline"),
    "filtered": lambda folder, options: track(folder, options.memory, "filtered"),
    "collapse": lambda folder, options: track(folder, options.memory, "collapse"),
    "pipeline baseline": lambda folder, options: pipeline(folder, options.memory, "baseline"),
    "pipeline collapse": lambda folder, options: pipeline(folder, options.memory, "collapse"),
    "compare polygonize": lambda folder, options: compare(folder, options.memory, "polygonize"),
    "compare baseline": lambda folder, options: compare(folder, options.memory, "baseline"),
    "compare filtered": lambda folder, options: compare(folder, options.memory, "filtered"),
    "compare collapse": lambda folder, options: compare(folder, options.memory, "collapse"),
    "compare pipeline": lambda folder, options: compare_pipeline(
        folder, options.memory, "baseline"
    ),
}


def child(options):
    folder = Path(options.folder)
    load, start = os.getloadavg()[0], time.perf_counter()
    facts = STEPS[options.step](folder, options)
    facts["seconds"] = time.perf_counter() - start
    facts["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6
    facts["load"] = [load, os.getloadavg()[0]]
    facts["memory_mb"] = options.memory
    (folder / f"{options.step}.json").write_text(json.dumps(facts))


def run(step, folder, options, *, side, memory):
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder)]
    command += ["--side", str(side), "--months", str(options.months), "--memory", str(memory)]
    subprocess.run(command, check=True)
    facts = json.loads((folder / f"{step}.json").read_text())
    shown = ("peak_mb", "seconds", "load", "memory_mb")
    others = {name: fact for name, fact in facts.items() if name not in shown}
    head = f"{side:>6} {step:<20} {facts['peak_mb']:7.0f} MB {facts['seconds']:7.1f} s  "
    print(head, others, flush=True)


def row_of(step, folder, side):
    """A line of the record; it says so if the step has no result."""
    path = folder / f"{step}.json"
    if not path.exists():
        return [f"{side}²", step, "", "not run", "", "", "", ""]
    facts = json.loads(path.read_text())
    is_whole = step == "build" or step.startswith("compare")
    return [f"{side}²", step, "" if is_whole else f"{facts['memory_mb']:g}",
            f"{facts['peak_mb']:.0f}", f"{facts['seconds']:.1f}",
            " to ".join(f"{load:.1f}" for load in facts["load"]),
            f"{facts['footprints']:,}" if "footprints" in facts else "",
            "yes" if facts.get("equal_rows") else ""]  # fmt: skip


def record(name, rows, options):
    head = ["area", "step", "MB for bands", "peak MB", "seconds", "load", "footprints",
            "equal to the bit"]  # fmt: skip
    lines = [head, ["---", "---"] + ["---:"] * 6, *rows]
    machine = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores"
    text = (
        f"# Areas larger than memory\n\n{options.months} months, {machine}, "
        f"{datetime.now(UTC):%Y-%m-%d}. Load is that of the machine over a minute, when a step "
        "began and when it ended: where it is above the number of cores, others were at work and "
        "seconds are too many.\n\n"
    )
    text += "".join(f"| {' | '.join(line)} |\n" for line in lines)
    (RECORD / f"{name}.md").write_text(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--side", type=int, default=30_000, help="rows and columns of the area")
    parser.add_argument("--whole", type=int, default=6_000, help="of that which is compared")
    parser.add_argument("--months", type=int, default=3)
    parser.add_argument("--memory", type=float, default=600, help="megabytes for bands")
    parser.add_argument("--folder", help="for the masks; about 3 GB; taken away at the end")
    parser.add_argument(
        "--keep",
        action="store_true",
        help="leave what is in the folder, and do not repeat steps whose results are there",
    )
    parser.add_argument("--record", nargs="?", const=f"large-{datetime.now(UTC):%Y-%m-%d}")
    parser.add_argument(
        "--only",
        default="",
        help="steps whose names have one of these in them, as baseline,collapse",
    )
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        child(options)
        return
    if options.keep and not options.folder:
        parser.error("--keep: got no --folder, wanted the one to keep")
    rows = []
    with (
        nullcontext(options.folder)
        if options.keep
        else tempfile.TemporaryDirectory(dir=options.folder)
    ) as home:
        for side, compares in ((options.whole, True), (options.side, False)):
            folder = Path(home) / str(side)
            folder.mkdir(parents=True, exist_ok=True)
            # A small area is cut into many bands by little memory.
            memory = options.memory / 4 if compares else options.memory
            for step in STEPS:
                if step.startswith("compare") and not compares:
                    continue
                chosen = step == "build" or any(name in step for name in options.only.split(","))
                if chosen and not (options.keep and (folder / f"{step}.json").exists()):
                    run(step, folder, options, side=side, memory=memory)
                rows.append(row_of(step, folder, side))
    if options.record:
        record(options.record, rows, options)


if __name__ == "__main__":
    main()
