"""The pipeline over several AOIs: however they are shared out, and against rivals.

``python benches/pipeline/run.py [--aois 8] [--months 12] [--size 512] [--record [NAME]]`` makes a
synthetic set, runs the pipeline over it in every way, checks that all make the same bytes, then
times the post-processing of the probabilities that these runs have left, checks that the rivals
find the same buildings, and prints the tables. With ``--record`` it writes
``benches/record/pipeline-<date>.md``.
"""

import argparse
import os
import platform
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "benches" / "record"
sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).resolve().parent)]

import work  # noqa: E402 - needs the path

from many_aois import make_set, run, tree  # noqa: E402
from sn7fast import __version__, read_csv  # noqa: E402

PROCESSES = 2
WAYS = {
    "one process": [[]],
    f"--workers {PROCESSES}": [["--workers", PROCESSES]],
    f"--dask local:{PROCESSES}": [["--dask", f"local:{PROCESSES}"]],
    "--shard 1/3, 2/3, 3/3, one after the other": [["--shard", f"{k}/3"] for k in (1, 2, 3)],
    "run again, nothing to do": None,
}
# Share of the links between months that may go by another order of equal areas.
TIES = 0.01
# Title, function, and the one whose answer it must have by which test.
ROWS = (
    ("rasterio, shapely 2, pandas: track", "rival_baseline", None, ""),
    ("sn7fast: track", "baseline", "rival_baseline", "same_footprints"),
    ("numpy, scikit-image, shapely: collapse as published", "rival_stc", None, ""),
    ("sn7fast: collapse as published", "stc", "rival_stc", "same_rows"),
    ("sn7fast: collapse, the default", "collapse", None, ""),
)


def main():
    parser = argparse.ArgumentParser(description="Time the pipeline over several AOIs.")
    parser.add_argument("--aois", type=int, default=8)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--size", type=int, default=512, help="rows and columns of an AOI")
    parser.add_argument("--record", nargs="?", const=f"pipeline-{datetime.now(UTC):%Y-%m-%d}")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-pipeline-") as name:
        folder = Path(name)
        data = make_set(folder / "data", aois=given.aois, months=given.months, size=given.size)
        ways = shared_out(data, folder)
        throughput = post_processing(folder / "0" / "probabilities", folder)
    head = (
        "# The pipeline over several AOIs\n\n"
        f"sn7fast {__version__}, {datetime.now(UTC):%Y-%m-%d}, {_machine()}: {given.aois} "
        f"synthetic AOIs of {given.size} x {given.size} pixels and {given.months} months, "
        "images and labels; the network of sn7fast on the CPU.\n"
    )
    text = "\n".join([head, ways, throughput])
    print(text)
    if given.record:
        (RECORD / f"{given.record}.md").write_text(text)


def shared_out(data, folder):
    """Wall times of whole runs, each from nothing, and whether they make the same bytes."""
    rows, wanted = [], None
    for number, (title, runs) in enumerate(WAYS.items()):
        out = folder / ("0" if runs is None else str(number))
        start = time.perf_counter()
        for options in runs or [[]]:
            done = run(data, out, *options)
            if done.returncode != 0:
                raise SystemExit(f"{title}: {done.stderr}")
        seconds = time.perf_counter() - start
        found = tree(out)
        wanted = wanted or found
        if found != wanted:
            odd = sorted(key for key in found.keys() | wanted if found.get(key) != wanted.get(key))
            raise SystemExit(f"{title}: other bytes than one process: {odd}")
        rows.append([title, f"{seconds:.1f}", f"{len(found)} files, the same bytes"])
        print(f"{title}: {seconds:.1f} s", file=sys.stderr, flush=True)
    return "## Shared out\n\n" + table(["run", "s", "result"], rows)


def post_processing(probabilities, folder):
    """AOIs a minute from cached probabilities, on two processes of one thread each."""
    homes = sorted(probabilities.iterdir())
    speed, rows = {}, []
    with ProcessPoolExecutor(
        PROCESSES, get_context("spawn"), initializer=work.one_thread
    ) as pool:  # fmt: skip
        for title, name, same_as, test in ROWS:
            out = folder / name
            out.mkdir()
            do = partial(work.do, name, out=out)
            # Once before, so that all is imported.
            list(pool.map(do, homes[:PROCESSES]))
            start = time.perf_counter()
            list(pool.map(do, homes))
            seconds = time.perf_counter() - start
            speed[name] = 60 * len(homes) / seconds
            ratio = ""
            if same_as is not None:
                check(globals()[test], out, folder / same_as, homes)
                ratio = f"{speed[name] / speed[same_as]:.1f}x"
            rows.append([title, f"{speed[name]:.0f}", ratio])
            print(f"{title}: {speed[name]:.0f} AOIs/min", file=sys.stderr, flush=True)
    rows.append(["end to end on a GPU", "not measured", ""])
    return (
        f"## Post-processing of cached probabilities\n\nGeoTIFFs to an SN7 CSV for each AOI, "
        f"{PROCESSES} processes of one thread each; a row with a ratio finds the same buildings as "
        "the row above.\n\n" + table(["work", "AOIs/min", "to its rival"], rows)
    )


def same_footprints(one, other):
    """The same footprints in each month; of the links between months all but a few ties are, too.

    Buildings of equal area are taken in another order, and that is the order of the identifiers.
    """
    pairs = []
    for month in one.months:
        sides = []
        for stack in (one, other):
            rows, shapes = stack.rows(month), stack.frame(month)
            order = np.lexsort([*shapes.bounds.T, shapes.areas])
            found = np.column_stack([shapes.areas, shapes.bounds])[order]
            sides.append((found, stack.ids[rows][order]))
        if not np.array_equal(sides[0][0], sides[1][0]):
            return False
        pairs.append(np.column_stack([sides[0][1], sides[1][1]]))
    links = np.unique(np.concatenate(pairs), axis=0)
    odd = len(links) - len(np.unique(links[:, 0]))
    return odd <= TIES * len(links) and abs(one.building_count - other.building_count) <= odd


def same_rows(one, other):
    """The same identifiers in the same months; outlines are compared in the tests."""
    sides = [
        set(zip(stack.month_index.tolist(), stack.ids.tolist(), strict=True))
        for stack in (one, other)
    ]
    return sides[0] == sides[1]


def check(is_same, ours, theirs, homes):
    """Stop if the tables of an AOI are not the same, or too short to tell."""
    total = 0
    for home in homes:
        one, other = (read_csv(folder / f"{home.name}.csv")[home.name] for folder in (ours, theirs))
        if one.months != other.months or not is_same(one, other):
            raise SystemExit(f"{home.name}: not the buildings of the rival")
        total += len(one)
    if total < 100 * len(homes):
        raise SystemExit(f"only {total} footprints: too few to compare")


def table(columns, rows):
    """Markdown."""
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _machine():
    names = [
        line for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line
    ]
    name = names[0].partition(":")[2].strip() if names else platform.machine()
    return f"{name}, {os.cpu_count()} cores"


if __name__ == "__main__":
    main()
