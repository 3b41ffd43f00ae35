"""Compare the quality of all methods: on real predictions, and on real labels made worse.

``python benches/quality/run.py [--seeds N] [--only TEXT] [--record [NAME]]`` prints the tables, and
with ``--record`` writes ``benches/record/quality-<date>.md``. Needs the shared folder. Nothing here
is tuned: the methods run with their defaults, and the seeds count from 0.
"""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "benches" / "record"
sys.path[:0] = [str(ROOT / "tests"), str(Path(__file__).resolve().parent)]

import subjects  # noqa: E402 - needs the path
from methods import METHODS  # noqa: E402
from sn7fast import __version__, score_scot  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description="Compare the quality of all methods.")
    parser.add_argument("--seeds", type=int, default=20, help="degraded stacks of each AOI")
    parser.add_argument(
        "--strengths", type=float, nargs="+", default=[0.5, 1.0], help="of the degradation"
    )
    parser.add_argument("--only", default="", help="methods whose name has this in it")
    parser.add_argument("--record", nargs="?", const=f"quality-{datetime.now(UTC):%Y-%m-%d}")
    options = parser.parse_args()
    methods = {name: method for name, method in METHODS.items() if options.only in name}
    if not methods:
        parser.error(f"--only: no method has {options.only!r} in its name: {', '.join(METHODS)}")
    head = f"# Quality of the methods\n\nsn7fast {__version__}, {datetime.now(UTC):%Y-%m-%d}.\n"
    parts = [head, on_predictions(methods)]
    if options.seeds > 0:
        parts += [on_degraded(methods, options.seeds, value) for value in options.strengths]
    text = "\n".join(parts)
    print(text)
    if options.record:
        (RECORD / f"{options.record}.md").write_text(text)


def table(columns, rows):
    """Markdown."""
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def scored(truth, scene, method):
    """(SCOT with its counts, seconds from masks to ids)."""
    start = time.perf_counter()
    proposal = method(scene)
    seconds = time.perf_counter() - start
    return score_scot(truth, proposal).aois[truth.aoi], seconds


def on_predictions(methods):
    """The predicted masks of a real network, one row a method."""
    truth, scene = subjects.predicted()
    rows = []
    for name, method in methods.items():
        scot, seconds = scored(truth, scene, method)
        rows.append(
            [
                name,
                *(f"{value:.4f}" for value in (scot.score, scot.track, scot.change)),
                *(str(n) for n in (scot.mismatches, scot.change_tp, scot.change_fp)),
                str(scot.change_fn),
                f"{seconds:.2f}",
            ]
        )
    columns = ["method", "SCOT", "track", "change", "mismatches", "change TP", "change FP"]
    return (
        f"## Real predictions\n\nAOI {scene.aoi}, {len(scene.months)} months; masks in, ids out; "
        "truth: its label masks, tracked.\n\n" + table([*columns, "change FN", "s"], rows)
    )


def on_degraded(methods, seeds, strength):
    """Labels made worse: the middle and the quartiles of SCOT over the seeds."""
    scores = {name: {aoi: [] for aoi in subjects.LABELLED} for name in methods}
    for aoi in subjects.LABELLED:
        for seed in range(seeds):
            truth, scene = subjects.degraded(aoi, seed, strength)
            for name, method in methods.items():
                scores[name][aoi].append(scored(truth, scene, method)[0])
            done = ", ".join(f"{n} {scores[n][aoi][-1].score:.3f}" for n in methods)
            print(f"{aoi} seed {seed}: {done}", file=sys.stderr, flush=True)
    columns = ["method"]
    for aoi in subjects.LABELLED:
        columns += [f"{aoi[4:9]} SCOT", "quartiles", "track", "change"]
    rows = []
    for name in methods:
        row = [name]
        for found in scores[name].values():
            low, middle, high = np.quantile([s.score for s in found], [0.25, 0.5, 0.75])
            parts = np.median([[s.track, s.change] for s in found], axis=0)
            row += [f"{middle:.4f}", f"{low:.4f} to {high:.4f}", *(f"{p:.4f}" for p in parts)]
        rows.append(row)
    return (
        f"## Degraded labels, strength {strength:g}\n\nAll label months made worse by "
        f"`sn7fast.data.degrade`, {seeds} seeds; medians over the seeds.\n\n" + table(columns, rows)
    )


if __name__ == "__main__":
    main()
