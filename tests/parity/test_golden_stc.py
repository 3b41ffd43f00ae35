"""Spatio-temporal collapse against the recorded results of the original, step by step."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import check_golden_more
from golden_cases import runs
from sn7fast import Footprints, _core
from sn7fast.stc import StcParams, collapse_stc

pytestmark = pytest.mark.usefixtures("shared")

EVERY_RUN = runs("stc") + runs("stc", raising=True)


def recorded(run, rules):
    with np.load(run.folder / f"{run.case}.npz") as arrays:
        return check_golden_more.StcRun(run.data, dict(arrays), run.index, rules)


@pytest.mark.parametrize("rules", ["current", "2020"])
@pytest.mark.parametrize("run", EVERY_RUN)
def test_every_step_is_as_recorded(run, rules):
    assert list(recorded(run, rules).problems()) == []


@pytest.mark.parametrize("run", runs("stc", raising=True))
def test_without_change_the_others_are_returned(run):
    case = recorded(run, "current")
    stack = collapse_stc(case.cube, StcParams(**run.params))
    regions = len(case.expected["stages"][0]["contours"])
    assert (len(stack) > 0) == (regions > 0)
    assert len(np.unique(stack.ids)) <= max(regions, 1) * 2


@pytest.mark.parametrize("run", runs("stc", without=lambda run: "many_labels" not in run.case))
def test_wide_labels_lose_no_region(run):
    case = recorded(run, "current")
    mean = _core.stc_mean(case.frames, case.masks, case.params.thres1)
    narrow, wide = (
        Footprints(*_core.stc_regions(mean, 0.6, 0.4, replace(case.params, labels_8bit=flag))[1])
        for flag in (True, False)
    )
    assert case.expected["stages"][0]["n_labels"] > 256
    assert len(wide) > len(narrow) == len(case.expected["stages"][0]["contours"])


def test_the_script_says_that_all_is_ok(golden_folder):
    script = Path(check_golden_more.__file__)
    done = subprocess.run(
        [sys.executable, str(script), str(golden_folder), "stc"],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ok, total = done.stdout.splitlines()[-1].split(":")[1].split(" ok")[0].split("/")
    assert int(ok) == int(total) > 0
