"""What it brings that an area is begun while the one before it is at work, in one process.

``python benches/pipeline/overlap.py [--aois 8] [--months 12] [--size 512] [--rounds 3]
[--no-report]`` makes a synthetic set and does its areas by turns one after the other and with
stages that overlap, each time from nothing in a process of its own: from images with the network of
sn7fast on the CPU; from images with a network that only waits, as the CPU does for a GPU; and from
the probabilities of the first. It checks that both ways leave the same bytes and prints a table:
the medians of the wall times, of the times of all cores, and of the peaks of memory.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests")]

from many_aois import make_set, tree  # noqa: E402 - needs the path

SOURCES = {
    "images, network on the CPU": "images",
    "images, network that waits": "waiting",
    "probabilities": "probabilities",
}
WAYS = {"one after the other": "here", "overlapping": "overlapped"}


def main():
    parser = argparse.ArgumentParser(description="Time areas one after the other and overlapping.")
    parser.add_argument("--aois", type=int, default=8)
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--size", type=int, default=512, help="rows and columns of an AOI")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--wait", type=float, default=0.05, help="seconds an image that waits")
    parser.add_argument("--no-report", action="store_true", help="no page for each AOI")
    parser.add_argument("--one", nargs=4, help="for this program itself: one run")
    given = parser.parse_args()
    if given.one:
        one_run(*given.one, wait_s=given.wait, report=not given.no_report)
        return
    with tempfile.TemporaryDirectory(prefix="bench-overlap-") as name:
        folder = Path(name)
        data = make_set(folder / "data", aois=given.aois, months=given.months, size=given.size)
        lines = ["| source | areas | s | s of all cores | peak MB |", "|---|---|---:|---:|---:|"]
        for title, kind in SOURCES.items():
            source = folder / "images-here" / "probabilities" if kind == "probabilities" else data
            for way, figures in by_turns(source, folder, kind, given).items():
                median = [statistics.median(column) for column in zip(*figures, strict=True)]
                lines.append("| {} | {} | {:.1f} | {:.1f} | {:.0f} |".format(title, way, *median))
                print(f"{title}, {way}: {figures}", file=sys.stderr, flush=True)
    print("\n".join(lines))


def by_turns(source, folder, kind, given):
    """(seconds, seconds of all cores, peak of memory) of each round, by way."""
    found = {way: [] for way in WAYS}
    for number in range(given.rounds):
        for way in list(WAYS) if number % 2 == 0 else list(reversed(WAYS)):
            out = folder / f"{kind}-{WAYS[way]}"
            shutil.rmtree(out, ignore_errors=True)
            command = [sys.executable, __file__, "--wait", str(given.wait),
                       *["--no-report"] * given.no_report,
                       "--one", str(source), str(out), kind, WAYS[way]]  # fmt: skip
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
            if done.returncode != 0:
                raise SystemExit(f"{kind}, {way}: {done.stderr}")
            found[way].append(tuple(map(float, done.stdout.split())))
    trees = [tree(folder / f"{kind}-{way}") for way in WAYS.values()]
    if trees[0] != trees[1]:
        raise SystemExit(f"{kind}: other bytes")
    return found


def one_run(source, out, kind, way, *, wait_s, report):
    """Print (seconds, seconds of all cores, peak of memory) of a run; imports are left out."""
    from sn7fast.pipeline import plan
    from sn7fast.pipeline.aoi import run_aoi, stages
    from sn7fast.pipeline.executors import Failure, run_here
    from sn7fast.pipeline.overlap import run_overlapped

    model = waiting(wait_s) if kind == "waiting" else None
    models = None if model is None else [model]
    jobs = plan(source, out, weights="default" if model is None else model, report=report)
    start, before = time.perf_counter(), time.process_time()
    if way == "here":
        done = run_here(jobs, partial(run_aoi, models=models), ignore)
    else:
        done = run_overlapped(jobs, partial(stages, models=models), ignore)
    for one in done:
        if isinstance(one.result, Failure) or one.result.failed is not None:
            raise SystemExit(f"{one.job.aoi}: {one.result}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(time.perf_counter() - start, time.process_time() - before, peak_mb)


def waiting(seconds):
    """A network that takes its time and no core, and sees buildings where it is bright."""
    import numpy as np

    from nn_fakes import fake_model

    def answer(batch):
        time.sleep(seconds)
        return 2 * batch.mean(axis=1, keepdims=True)

    return fake_model(answer, outputs=("footprint",), mean=(np.float64(110.0),) * 3)


def ignore(_):
    pass


if __name__ == "__main__":
    main()
