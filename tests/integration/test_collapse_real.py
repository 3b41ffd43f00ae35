"""Temporal collapse on real data: predictions of AOI 0368E, and real labels made worse."""

import csv

import numpy as np
import pytest
from click.testing import CliRunner

from sn7fast import Cube, collapse, polygonize_frames, read_csv, score_scot, track
from sn7fast.cli.group import commands
from sn7fast.data.degrade import degrade
from sn7fast.data.discover import discover
from sn7fast.data.load import load_masks

AOI = "L15-0368E-1245N_1474_3210_13"
SPARSE = "L15-0358E-1220N_1433_3310_13"


def masks_of(folder, months=None):
    """(months, uint8 masks 0 and 255)."""
    frames = [f for f in discover(folder).frames if months is None or f.month in months]
    masks, _ = load_masks(frames)
    return [frame.month for frame in frames], np.where(np.stack(masks) > 0, 255, 0).astype("u1")


def tracked(masks, months):
    return track(polygonize_frames(masks, months=months, aoi="aoi", min_area_px=4), min_iou=0.25)


@pytest.fixture(scope="module")
def predicted(real_data):
    return masks_of(real_data / "sn7-pred-stack" / AOI)


@pytest.fixture(scope="module")
def truth(real_data, predicted):
    months, masks = masks_of(real_data / "sn7-label-stack" / AOI, predicted[0])
    return tracked(masks, months)


def test_real_predictions(predicted, truth):
    months, masks = predicted
    stack = collapse(Cube.from_arrays(masks, months=months), aoi="aoi")
    aoi = score_scot(truth, stack).aois["aoi"]
    baseline = score_scot(truth, tracked(masks, months)).aois["aoi"]
    assert baseline.score == pytest.approx(0.4949, abs=5e-4)
    assert aoi.score >= 0.86
    assert aoi.track >= 0.92
    assert aoi.change >= 0.69
    assert aoi.mismatches <= 5


@pytest.mark.parametrize("aoi", [AOI, SPARSE])
def test_degraded_labels(real_data, aoi):
    months, masks = masks_of(real_data / "sn7-label-stack" / aoi)
    part = np.ascontiguousarray(masks[:, :512, :512])
    known = tracked(part, months)
    seen = degrade(known, seed=3, shape_yx=(512, 512))
    # Under cloud nothing is labelled, as in SpaceNet 7.
    x, y = ((known.footprints.bounds[:, :2] + known.footprints.bounds[:, 2:]) / 2).astype(int).T
    labelled = known.take(seen.valid[known.month_index, y, x])
    stack = collapse(Cube.from_arrays(seen.masks, months=months, valid=seen.valid), aoi="aoi")
    score = score_scot(labelled, stack).score
    baseline = score_scot(labelled, tracked(seen.masks, months)).score
    assert score > 0.65
    assert score > baseline + 0.4


def test_command(real_data, tmp_path, predicted):
    out, dates = tmp_path / "tracks.csv", tmp_path / "new" / "dates.csv"
    arguments = ["collapse", real_data / "sn7-pred-stack", "--out", out, "--buildings", dates]
    result = CliRunner().invoke(commands, [*map(str, arguments), "--set", "min_months=3"])
    assert result.exit_code == 0, result.output
    (stack,) = read_csv(out).values()
    assert stack.aoi == AOI
    assert len(stack) > 100_000
    with dates.open() as file:
        rows = list(csv.DictReader(file))
    assert {int(row["id"]) for row in rows} == set(stack.ids.tolist())
    assert {row["aoi"] for row in rows} == {AOI}
    months = predicted[0]
    new = [row for row in rows if row["first_month"] != months[0]]
    assert 50 < len(new) < 400
    for row in new:
        assert row["first_month_lo"] <= row["first_month"] <= row["first_month_hi"]
        assert row["last_month"] in months
