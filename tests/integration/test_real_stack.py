"""The real predictions of AOI 0368E against its labels: from files, by the command line."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from sn7fast.cli.group import commands
from sn7fast.data.discover import discover
from sn7fast.data.load import load_masks, load_stacks
from sn7fast.data.sn7 import sn7_grid
from sn7fast.errors import RasterError, StackError
from sn7fast.rasterize import rasterize

AOI = "L15-0368E-1245N_1474_3210_13"


def run(*arguments):
    result = CliRunner().invoke(commands, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture(scope="module")
def predicted(real_data):
    return real_data / "sn7-pred-stack"


@pytest.fixture(scope="module")
def labelled(real_data, predicted, tmp_path_factory):
    """The labels of the 19 months that have predictions."""
    folder = tmp_path_factory.mktemp("labels") / AOI / "masks"
    folder.mkdir(parents=True)
    masks = real_data / "sn7-label-stack" / AOI / "masks"
    for frame in discover(predicted).frames:
        name = f"{frame.path.stem}_Buildings.tif"
        (folder / name).symlink_to(masks / name)
    return folder.parent.parent


def test_masks_to_score_in_one_command(labelled, predicted):
    result = run("score", labelled, predicted, "--min-area", 4, "--json")
    report = json.loads(result.stdout)
    aoi = report["scot"]["aois"][AOI]
    # By the slow twin (tests/reference/real_stack.py), up to ties of the assignment.
    assert aoi["score"] == pytest.approx(0.4949, abs=5e-4)
    assert aoi["track"] == pytest.approx(0.8620, abs=5e-4)
    assert aoi["change"] == pytest.approx(0.1831, abs=5e-4)
    assert aoi["mismatches"] == pytest.approx(3427, abs=5)
    assert report["f1"]["mean"] == pytest.approx(0.8840, abs=5e-4)
    assert "truth has no identifiers" in result.stderr


def test_costs_of_buildings_add_up(labelled, predicted, tmp_path):
    path = tmp_path / "costs.json"
    report = run(
        "score", labelled, predicted, "--min-area", 4, "--attribution", path, "--metric", "scot",
        "--json",
    )  # fmt: skip
    score = json.loads(report.stdout)["scot"]["aois"][AOI]
    costs = json.loads(path.read_text())["aois"][AOI]
    assert sum(row["cost"] for row in costs["buildings"]) == pytest.approx(
        1 - score["score"], abs=1e-12
    )
    errors = np.sum([list(counts.values()) for counts in costs["errors"].values()], axis=0)
    unmatched = [score["track_fn"] - score["mismatches"], score["track_fp"] - score["mismatches"]]
    changes = [score["change_fn"], score["change_fp"]]
    assert errors.tolist() == [*unmatched, score["mismatches"], *changes]


def test_the_steps_one_by_one_give_the_same_score(labelled, predicted, tmp_path):
    run("polygonize", predicted, "--out", tmp_path / "footprints", "--min-area", 4)
    run("track", tmp_path / "footprints", "--out", tmp_path / "tracks.csv")
    run("track", labelled, "--out", tmp_path / "truth", "--min-area", 4)
    steps = run("score", tmp_path / "truth", tmp_path / "tracks.csv", "--json")
    at_once = run("score", labelled, predicted, "--min-area", 4, "--json")
    assert json.loads(steps.stdout)["scot"] == json.loads(at_once.stdout)["scot"]
    assert json.loads(steps.stdout)["f1"] == json.loads(at_once.stdout)["f1"]
    assert json.loads(steps.stdout)["notes"] == []


def test_real_stack_is_read_with_its_grid_and_gives_its_masks_back(predicted):
    frames = discover(predicted).frames
    masks, grid = load_masks(frames)
    expected = sn7_grid(AOI)
    assert grid.shape_yx == (1024, 1024)
    assert grid.crs == "EPSG:3857"
    assert grid.transform == pytest.approx(expected.transform, abs=0.002)
    stack = load_stacks(predicted)[AOI]
    assert stack.months[0] == "2018_07"
    assert len(stack.months) == 19
    for month, mask in zip(stack.months, masks, strict=True):
        assert np.array_equal(rasterize(stack.frame(month), grid.shape_yx), mask)


def test_ground_area_of_the_tile(predicted):
    _, grid = load_masks(discover(predicted).frames[:1])
    # The map shows 4.892 km x 4.892 km at latitude 36.23 degrees.
    on_a_sphere = (1024 * 4.77731426716e-3 * np.cos(np.radians(36.23))) ** 2
    assert grid.pixel_area_m2.sum() * 1024 / 1e6 == pytest.approx(on_a_sphere, rel=0.005)


def test_real_spacenet_folder_gives_its_labels_with_ids(real_data):
    stacks = load_stacks(real_data / "sn7-full-tile")
    (stack,) = stacks.values()
    assert stack.months == ("2017_07",)
    assert len(stack) == 2775
    assert sorted(stack.ids.tolist()) == list(range(2775))


def test_labels_in_map_coordinates_are_refused(real_data):
    home = next((real_data / "sn7-full-tile").iterdir())
    for name in ("labels_match", "labels"):
        with pytest.raises((StackError, ValueError), match=r"wanted pixels|null"):
            load_stacks(home / name)


def test_images_are_refused(real_data):
    home = next((real_data / "sn7-full-tile").iterdir())
    with pytest.raises(RasterError, match="got 4 bands"):
        load_stacks(home / "images")


def test_poor_prediction(real_data):
    (stack,) = load_stacks(real_data / "sn7-pred-poor").values()
    masks, grid = load_masks(discover(real_data / "sn7-pred-poor").frames)
    assert np.array_equal(rasterize(stack.footprints, grid.shape_yx) > 0, masks[0] > 0)
