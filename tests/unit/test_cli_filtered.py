"""``sn7fast track --method filtered``: rules, presets and clouds from files."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

from sn7fast import FilterParams, InputError, RasterError, StackError, read_csv, track
from sn7fast.cli.group import commands
from sn7fast.data.catalog import Catalog
from sn7fast.data.clouds import valid_stack
from sn7fast.data.load import load_stacks
from sn7fast.data.sn7 import sn7_grid, sn7_stem
from sn7fast.data.synthetic import synthetic_stack
from sn7fast.io.rasters import write_mask

AOI = "L15-0368E-1245N_1474_3210_13"
SHAPE = (20, 24)
# A building that is not seen in the third month, and one that flickers.
STAYS, FLICKERS = (slice(2, 6), slice(2, 7)), (slice(10, 14), slice(8, 12))
MONTHS = {
    "2018_01": [STAYS],
    "2018_02": [STAYS, FLICKERS],
    "2018_03": [],
    "2018_04": [STAYS],
    "2018_05": [STAYS],
    "2018_06": [STAYS],
}


def run(*arguments):
    return CliRunner().invoke(commands, [str(argument) for argument in arguments])


def ok(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    for month, buildings in MONTHS.items():
        mask = np.zeros(SHAPE, np.uint8)
        for building in buildings:
            mask[building] = 255
        write_mask(folder / f"{sn7_stem(AOI, month)}_Buildings.tif", mask, sn7_grid(AOI, SHAPE))
    return folder


def write_clouds(folder, month="2018_03", rows=slice(0, 20), columns=slice(0, 4), shape=SHAPE):
    """A UDM raster; returns the folder of AOIs."""
    home = folder / AOI / "UDM_masks"
    home.mkdir(parents=True, exist_ok=True)
    mask = np.zeros(shape, np.uint8)
    mask[rows, columns] = 255
    write_mask(home / f"{sn7_stem(AOI, month)}_UDM.tif", mask, sn7_grid(AOI, shape))
    return folder


def areas(path, month="2018_03"):
    (stack,) = read_csv(path).values()
    return stack.frame(month).areas.tolist()


def test_flickers_go_and_gaps_are_filled(masks, tmp_path):
    result = ok("track", masks, "--out", tmp_path / "out.csv", "--method", "filtered")
    assert "6 footprints of 1 building in 1 AOI" in result.stdout
    assert areas(tmp_path / "out.csv") == [20]
    ok("track", masks, "--out", tmp_path / "out", "--method", "filtered")
    path = tmp_path / "out" / f"{sn7_stem(AOI, '2018_03')}_Buildings.geojson"
    (filled,) = json.loads(path.read_text())["features"]
    assert filled["properties"] == {"Id": 0, "iou_score": None}


@pytest.mark.parametrize("preset", ["motokimura", "cannab", "selim_sef"])
def test_the_preset_reaches_the_tracker(masks, preset, tmp_path):
    ok("track", masks, "--out", tmp_path / "out.csv", "--method", "filtered", "--preset", preset)
    (before,) = load_stacks(masks).values()
    wanted = track(before, method="filtered", params=FilterParams.preset(preset))
    (found,) = read_csv(tmp_path / "out.csv").values()
    assert found.ids.tolist() == wanted.ids.tolist()
    assert np.array_equal(found.footprints.areas, wanted.footprints.areas)


def test_rules_and_least_iou_can_be_set(masks, tmp_path):
    changes = ("--set", "fill=none", "--set", "num_ahead_frames=0", "--set", "fill_max_gap=null")
    result = ok("track", masks, "--out", tmp_path / "out.csv", "--method", "filtered", *changes)
    assert "6 footprints of 2 buildings" in result.stdout
    assert areas(tmp_path / "out.csv") == []
    strict = ("--min-iou", "1", "--set", "late_starts=[[3, 2, 0.5]]")
    ok("track", masks, "--out", tmp_path / "strict.csv", "--method", "filtered", *strict)


def test_clouds_of_another_folder(masks, tmp_path):
    clouds = write_clouds(tmp_path / "sn7")
    arguments = ("--method", "filtered", "--clouds", clouds)
    result = ok("track", masks, "--out", tmp_path / "out.csv", *arguments)
    assert f"note: AOI {AOI}: clouds in 1 of 6 months" in result.stderr
    assert areas(tmp_path / "out.csv") == [12]
    write_clouds(tmp_path / "sn7", columns=slice(0, 9))
    ok("track", masks, "--out", tmp_path / "none.csv", *arguments)
    assert areas(tmp_path / "none.csv") == []


def test_clouds_beside_the_labels(tmp_path):
    made = synthetic_stack(seed=2, shape_yx=(90, 100), months=8, buildings=60, cloud_chance=0.9)
    made.write_sn7(tmp_path / "sn7")
    result = ok("track", tmp_path / "sn7", "--out", tmp_path / "out.csv", "--method", "filtered")
    clouded = (made.cloud_masks > 0).any(axis=(1, 2))
    assert f"clouds in {clouded.sum()} of 8 months" in result.stderr
    valid = valid_stack(Catalog.scan(tmp_path / "sn7")[made.aoi], made.months)
    assert np.array_equal(~valid, made.cloud_masks > 0)
    (found,) = read_csv(tmp_path / "out.csv").values()
    wanted = track(made.truth, method="filtered", valid=valid)
    assert found.ids.tolist() == wanted.ids.tolist()


def test_no_clouds_no_note(masks, tmp_path):
    result = ok("track", masks, "--out", tmp_path / "out.csv", "--method", "filtered")
    assert "clouds" not in result.stderr
    (tmp_path / "empty" / AOI / "masks").mkdir(parents=True)
    (file, *_) = sorted(masks.iterdir())
    (tmp_path / "empty" / AOI / "masks" / file.name).symlink_to(file)
    aoi = Catalog.scan(tmp_path / "empty")[AOI]
    assert valid_stack(aoi, list(MONTHS)) is None


def test_clouds_have_to_fit(masks, tmp_path):
    arguments = ("track", masks, "--out", tmp_path / "out.csv", "--method", "filtered", "--clouds")
    absent = run(*arguments, tmp_path / "nowhere")
    assert absent.exit_code == 3
    assert "does not exist" in absent.stderr
    other = run(*arguments, write_clouds(tmp_path / "large", shape=(40, 48)))
    assert other.exit_code == 3
    assert "got 40 x 48" in other.stderr
    assert not (tmp_path / "out.csv").exists()
    aoi = Catalog.scan(write_clouds(write_clouds(tmp_path / "two"), "2018_04", shape=(40, 48)))[AOI]
    with pytest.raises(StackError, match=r"valid pixels differ in shape: 20 x 24 in month 2018_03"):
        valid_stack(aoi, list(MONTHS))
    with pytest.raises(RasterError, match="wanted the same, or one more"):
        valid_stack(aoi, list(MONTHS), shape_yx=SHAPE)
    assert issubclass(StackError, InputError)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--preset", "cannab"), "--preset: is for --method filtered"),
        (("--set", "fill=none"), "--set: is for --method filtered"),
        (("--clouds", "x"), "--clouds: is for --method filtered"),
        (("--method", "filtered", "--preset", "first"), "'first' is not one of"),
        (
            ("--method", "filtered", "--set", "fil=none"),
            "--set: fil: unknown key; did you mean fill?",
        ),
        (("--method", "filtered", "--set", "fill"), "--set: got 'fill', wanted NAME=VALUE"),
        (("--method", "filtered", "--set", "fill=all"), "--set: fill: got 'all', input should be"),
        (("--method", "filtered", "--set", "min_ratio=-1"), "--set: min_ratio: got -1"),
    ],
)
def test_wrong_usage(masks, tmp_path, arguments, message):
    result = run("track", masks, "--out", tmp_path / "out.csv", *arguments)
    assert result.exit_code == 2
    assert message in result.stderr
    assert not (tmp_path / "out.csv").exists()
