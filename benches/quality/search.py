"""What a search is worth: settings found on some synthetic AOIs, tried on others.

``python benches/quality/search.py [--method NAME ...] [--aois N] [--trials N] [--record [NAME]]``
prints a table for each method, and with ``--record`` writes ``benches/record/search-<date>.md``.
The AOIs are synthetic stacks, their labels made worse by `sn7fast.data.degrade`; needs optuna.
"""

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from sn7fast import Cube, __version__
from sn7fast.data.degrade import degrade
from sn7fast.data.synthetic import synthetic_stack
from sn7fast.postprocess import METHODS, PostProcessing
from sn7fast.search import Sample, search

RECORD = Path(__file__).resolve().parents[1] / "record"


def samples(count, size, strength):
    """AOIs by seed, all alike but for the seed."""
    made = []
    for seed in range(count):
        aoi = synthetic_stack(
            seed=seed, shape_yx=(size, size), months=12, buildings=size**2 // 330,
            births_per_month=size**2 / 16000,
        )  # fmt: skip
        seen = degrade(aoi.truth, seed=seed, strength=strength, probabilities=True)
        # The labels lack what the AOI's own clouds hide: that is no change, and not seen either.
        valid = seen.valid & (aoi.cloud_masks == 0)
        cube = Cube.from_arrays(seen.prob, months=aoi.months, valid=valid, grid=aoi.grid)
        made.append(Sample(f"seed {seed:02}", cube, aoi.truth))
    return made


def main():
    parser = argparse.ArgumentParser(description="What a search is worth.")
    parser.add_argument("--method", nargs="+", default=list(METHODS), choices=list(METHODS))
    parser.add_argument("--aois", type=int, default=12)
    parser.add_argument("--size", type=int, default=384, help="rows and columns of an AOI")
    parser.add_argument("--strength", type=float, default=1.0, help="of the degradation")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--folds", type=int, default=4)
    parser.add_argument("--record", nargs="?", const=f"search-{datetime.now(UTC):%Y-%m-%d}")
    options = parser.parse_args()
    made = samples(options.aois, options.size, options.strength)
    parts = [
        f"# Search on synthetic AOIs\n\nsn7fast {__version__}, {datetime.now(UTC):%Y-%m-%d}: "
        f"{options.aois} AOIs of {options.size} x {options.size} and 12 months, degraded at "
        f"strength {options.strength:g}; {options.trials} trials a search, {options.folds} folds. "
        "In brackets 95 % intervals of a bootstrap over AOIs.\n"
    ]
    for method in options.method:
        found = search(
            made, start=PostProcessing(method), trials=options.trials, folds=options.folds
        )
        warnings = "".join(f"\nwarning: {text}" for text in found.warnings)
        parts.append(f"## {method}\n\n```\n{found.table()}{warnings}\n```\n")
        print(parts[-1], file=sys.stderr, flush=True)
    text = "\n".join(parts)
    print(text)
    if options.record:
        (RECORD / f"{options.record}.md").write_text(text)


if __name__ == "__main__":
    main()
