"""Hold sn7fast against golden cases of post-processing (inputs and outputs of the original code).

usage: python tests/check_golden_more.py ROOT KIND [KIND ...]

ROOT is the folder of golden cases; kinds are those of ``KINDS``. Prints a line for each failing
run, then ``KIND: ok/total, skipped``. The exit status is 1 if a run fails.
"""

import json
import re
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry import shape

from sn7fast import Cube, Footprints, _core
from sn7fast.stc import StcParams, collapse_stc, frames_and_masks

THRESHOLDS = (("thres2_h1", "thres2_l1"), ("thres2_h2", "thres2_l2"))
SCORE_TOLERANCE = 1e-4


class StcRun:
    """One run of the stc kind under one set of rules."""

    def __init__(self, data, arrays, index, rules):
        self.arrays, self.index, self.rules = arrays, index, rules
        self.run = data["runs"][index]
        self.expected = self.run["expected" if rules == "current" else "expected_period"]
        self.params = StcParams(rules=rules, labels_8bit=True, **self.run["params"])
        self.names = data["input"]["names"]
        prob, hidden = arrays["prob"], arrays["udm"]
        if data["input"]["prob_divisor"] not in (1, 255) or (
            (prob.dtype == np.uint8) != (data["input"]["prob_divisor"] == 255)
        ):
            raise ValueError("prob: wanted uint8 by 255 or float32 by 1")
        rows, columns = (3 * n for n in hidden.shape[1:])
        valid = ~hidden.repeat(3, axis=1).repeat(3, axis=2)
        # Names sort as the months in them do.
        self.cube = Cube.from_arrays(
            np.ascontiguousarray(prob[:, :rows, :columns]), months=self.names, valid=valid, scale=3
        )
        self.frames, self.masks = frames_and_masks(self.cube)

    def array(self, name):
        prefix = "" if self.rules == "current" else "period_"
        return self.arrays.get(f"{prefix}run{self.index}_{name}")

    def problems(self):
        """What differs, in order of the steps."""
        mean = _core.stc_mean(self.frames, self.masks, self.params.thres1)
        wanted = self.arrays.get(f"run{self.index}_mean")
        if wanted is not None and not np.allclose(mean, wanted, rtol=0, atol=1e-6):
            yield "mean"
        for stage, names in enumerate(THRESHOLDS):
            yield from self.images(mean, stage, *(getattr(self.params, name) for name in names))
        stages = [Stage(stage) for stage in self.expected["stages"]]
        if self.rules == "current":
            for number, (stage, names) in enumerate(zip(stages, THRESHOLDS, strict=False)):
                levels = (getattr(self.params, name) for name in names)
                polygons, contours = _core.stc_regions(mean, *levels, self.params)
                got = Footprints(*contours)
                if lists(got) != lists(stage.contours):
                    yield f"stage {number} contours"
                got, wanted = Footprints(*polygons).to_shapely(), stage.polygons_shapely
                if self.params.polygon_buffer:
                    # Grown regions have no holes here; contours have none anyway.
                    wanted = shapely.polygons(shapely.get_exterior_ring(wanted))
                if len(got) != len(wanted) or not shapely.equals(got, wanted).all():
                    yield f"stage {number} polygons"
        yield from self.months(stages)
        yield from self.table()

    def images(self, mean, stage, high, low):
        """Peaks, seeds, watershed and labels of a stage."""
        peaks = _core.find_peaks(mean, low, self.params.distance, self.rules == "current", None)
        seeds = _core.label_components((peaks | (mean > high)).astype(np.uint32), 4)
        basins = _core.watershed(mean, seeds, low, True, self.rules == "current", False)
        labels = _core.label_components(basins, 8)
        packed = self.array(f"stage{stage}_peaks")
        if packed is None:
            return
        bits = np.unpackbits(packed)[: mean.size].reshape(mean.shape)
        if not np.array_equal(peaks, bits):
            yield f"stage {stage} peaks"
        for name, got in (("seeds", seeds), ("watershed", basins), ("labels", labels)):
            if not np.array_equal(got, self.array(f"stage{stage}_{name}")):
                yield f"stage {stage} {name}"

    def months(self, stages):
        """Series of the recorded contours, and what is made of them."""
        expected = self.expected
        first = stages[0].contours
        scores = self.series(first)
        yield from difference(scores, expected["change_series"], "change series")
        if "raises" in expected:
            return
        appears, shown = _core.stc_months(scores[1], False, self.params)
        changes = stages[0].polygons[appears]
        kept = _core.stc_kept(stages[1].polygons.arrays, changes.arrays, self.params)
        # The original drops what is invalid; whether that is so can depend on versions.
        if np.flatnonzero(kept).tolist() != expected["filter_keep"]:
            yield "filter_keep"
        tracked = stages[1].contours[np.array(expected["filter_keep"], np.int64)]
        scores = self.series(tracked)
        yield from difference(scores, expected["track_series"], "track series")
        _, always = _core.stc_months(scores[1], True, self.params)
        if int(appears.sum()) != expected["n_change"]:
            yield "n_change"
        if np.concatenate([shown[appears], always]).astype(int).tolist() != expected["footprints"]:
            yield "footprints"
        if lists(first[appears]) + lists(tracked) != expected["final_contours"]:
            yield "final_contours"

    def series(self, contours):
        return _core.stc_series(self.frames, self.masks, contours.arrays, self.params)

    def table(self):
        """The whole, against the CSV; under the rules of 2020 its outlines alone."""
        expected = self.expected
        stack = collapse_stc(self.cube, self.params)
        if "raises" in expected:
            if len(stack) != sum(map(len, stack.footprints)):
                yield "result"
            return
        wanted = dict(parse_csv(expected["csv"]))
        if self.rules == "current":
            got = {
                (self.names[month], int(id_)): ring
                for month, id_, ring in zip(
                    stack.month_index, stack.ids, lists(stack.footprints), strict=True
                )
            }
        else:
            final = expected["final_contours"]
            contours = Footprints.from_shapely([shapely.Polygon(ring) for ring in final])
            rings = lists(Footprints(*_core.stc_outlines(contours.arrays, 3.0)))
            got = {
                (name, id_): rings[id_]
                for id_, row in enumerate(expected["footprints"])
                for name, is_shown in zip(self.names, row, strict=True)
                if is_shown
            }
        if got.keys() != wanted.keys():
            yield "csv rows"
        else:
            differ = [key for key in got if not self.same_ring(got[key], wanted[key])]
            if differ:
                yield f"csv outlines, {len(differ)} of {len(got)}"

    def same_ring(self, got, wanted):
        if self.rules == "2020" and len(got) == len(wanted) - 1:
            # The geometry library of 2020 never simplified the start of a ring away.
            wanted = [wanted[-2], *wanted[1:-1]]
        return len(got) == len(wanted) and np.allclose(got, wanted, rtol=0, atol=1e-6)


class Stage:
    """What was recorded of a stage."""

    def __init__(self, recorded):
        self.polygons_shapely = np.array([*map(shape, recorded["polygons"]), None], object)[:-1]
        self.polygons = Footprints.from_shapely(self.polygons_shapely)
        rings = [shapely.Polygon(ring) for ring in recorded["contours"]]
        self.contours = Footprints.from_shapely(rings)


def lists(footprints):
    """Outer rings as lists of points."""
    starts = footprints.ring_offsets[footprints.polygon_offsets]
    return [footprints.coords[a:b].tolist() for a, b in pairwise(starts)]


def difference(got, wanted, name):
    counts, scores = got
    if counts.tolist() != [row["n_pixels"] for row in wanted]:
        yield f"{name}: numbers of pixels"
        return
    expected = np.array([row["scores"] for row in wanted], float).reshape(scores.shape)
    if not np.allclose(scores, expected, rtol=SCORE_TOLERANCE, atol=1e-7, equal_nan=True):
        yield f"{name}: scores"


def parse_csv(text):
    for name, id_, points in re.findall(r'"?([\w-]+),(\d+),\\?"+POLYGON \(\(([^)]*)\)\)', text):
        yield (
            (name, int(id_)),
            [[float(number) for number in point.split()] for point in points.split(",")],
        )


def check_stc(data, arrays, index):
    for rules in ("current", "2020"):
        found = list(StcRun(data, arrays, index, rules).problems())
        if found:
            return f"{rules} rules: {', '.join(found)}"
    return None


KINDS = {"stc": check_stc}


def check(root, kind):
    """Number of runs that fail; prints them and the count."""
    ok = total = skipped = 0
    for path in sorted((Path(root) / kind).glob("*.json")):
        data = json.loads(path.read_text())
        arrays = {}
        if path.with_suffix(".npz").exists():
            with np.load(path.with_suffix(".npz")) as stored:
                arrays = dict(stored)
        for index in range(len(data["runs"])):
            total += 1
            try:
                problem = KINDS[kind](data, arrays, index)
            except Exception as error:
                problem = f"{type(error).__name__}: {error}"
            if problem is None:
                ok += 1
            elif problem == "skipped":
                skipped += 1
            else:
                print(f"{kind}/{path.stem} run {index}: {problem}")  # noqa: T201
    print(f"{kind}: {ok}/{total} ok, {skipped} skipped")  # noqa: T201
    return total - ok - skipped


def main(arguments):
    if len(arguments) < 2 or not set(arguments[1:]) <= set(KINDS):
        print(__doc__, f"kinds: {', '.join(KINDS)}")  # noqa: T201
        return 2
    root, *kinds = arguments
    return 1 if sum(check(root, kind) for kind in kinds) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
