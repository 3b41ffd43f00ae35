"""The command line: what it does, what it says, how it exits, and that nothing half-done stays."""

import json
import os
import subprocess
import sys

import geopandas
import numpy as np
import pyogrio
import pytest
import rasterio
from click.testing import CliRunner

from sn7fast.cli.group import commands
from sn7fast.data.sn7 import sn7_grid, sn7_stem
from sn7fast.data.synthetic import synthetic_scene
from sn7fast.io import read_csv
from sn7fast.io.rasters import write_mask

NORTH = "L15-0368E-1245N_1474_3210_13"
SOUTH = "L15-0358E-1220N_1433_3310_13"
COMMANDS = ("demo", "prep", "predict", "export", "polygonize", "track", "score", "doctor")

# Three months of one AOI: a building that stays, one that is built in the second month.
OLD, NEW = (slice(2, 6), slice(2, 7)), (slice(10, 14), slice(8, 12))
MONTHS = {"2018_01": [OLD], "2018_02": [OLD, NEW], "2018_04": [OLD, NEW]}


def run(*arguments, **options):
    return CliRunner().invoke(commands, [str(argument) for argument in arguments], **options)


def ok(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


def write_months(folder, aoi=NORTH, months=MONTHS, shape=(20, 24)):
    """Masks as of SpaceNet 7; returns the folder."""
    folder.mkdir(parents=True)
    for month, buildings in months.items():
        mask = np.zeros(shape, np.uint8)
        for building in buildings:
            mask[building] = 255
        path = folder / f"{sn7_stem(aoi, month)}_Buildings.tif"
        write_mask(path, mask, sn7_grid(aoi, shape))
    return folder


@pytest.fixture
def masks(tmp_path):
    return write_months(tmp_path / "masks")


@pytest.fixture
def two_aois(tmp_path):
    write_months(tmp_path / "aois" / NORTH / "masks")
    write_months(tmp_path / "aois" / SOUTH / "masks", SOUTH)
    return tmp_path / "aois"


def features(path):
    return json.loads(path.read_text())["features"]


def names(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


# Help and usage


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example(name):
    assert f"Example: sn7fast {name}" in ok(name, "--help").output


def test_help_of_the_group_lists_the_commands():
    output = ok("--help").output
    assert all(f"\n  {name} " in output for name in COMMANDS)
    assert "sn7fast, version" in ok("--version").output


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("polygonize",),
        ("polygonize", "in"),
        ("polygonize", "in", "--out", "out", "--connectivity", "6"),
        ("track", "in", "--out", "out.csv", "--min-iou", "2"),
        ("score", "a", "b", "--metric", "scot,f2"),
        ("score", "a", "b", "--beta", "0"),
        ("demo", "--seed", "-1"),
    ],
)
def test_wrong_usage_exits_2_with_one_line_and_where_to_look(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*arguments)
    assert result.exit_code == 2
    error, advice = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert advice.startswith("next: sn7fast")
    assert list(tmp_path.iterdir()) == []


def test_no_command_shows_the_help():
    result = run()
    assert result.exit_code == 2
    assert result.stderr.startswith("Usage: sn7fast")


# polygonize


def test_polygonize_one_aoi(masks, tmp_path):
    out = tmp_path / "footprints"
    result = ok("polygonize", masks, "--out", out)
    assert "5 footprints in 3 months of 1 AOI," in result.stdout
    assert names(out) == [f"{sn7_stem(NORTH, month)}_Buildings.geojson" for month in MONTHS]
    found = features(out / names(out)[1])
    rings = [set(map(tuple, feature["geometry"]["coordinates"][0])) for feature in found]
    assert {(2, 2), (2, 6), (7, 6), (7, 2)} in rings
    assert {(8, 10), (8, 14), (12, 14), (12, 10)} in rings


def test_polygonize_several_aois_into_folders(two_aois, tmp_path):
    out = tmp_path / "out"
    ok("polygonize", two_aois, "--out", out, "--quiet")
    assert len(names(out)) == 6
    assert {path.parent.name for path in out.rglob("*.geojson")} == {NORTH, SOUTH}


def test_polygonize_min_area_threshold_connectivity_and_simplify(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    mask = np.zeros((20, 20), np.uint8)
    mask[2:12, 2:12] = np.triu(np.full((10, 10), 200, np.uint8))
    mask[15, 15] = mask[16, 16] = 100
    write_mask(folder / "town_2020_01.tif", mask)
    counts = {}
    for name, extra in {
        "plain": (),
        "corner": ("--connectivity", 8),
        "large": ("--min-area", 2),
        "bright": ("--threshold", 150),
        "smooth": ("--simplify", 1.5),
    }.items():
        ok("polygonize", folder, "--out", tmp_path / name, *extra)
        found = features(tmp_path / name / "town_2020_01.geojson")
        counts[name] = len(found), len(json.dumps(found[0]["geometry"]["coordinates"]))
    assert [counts[name][0] for name in ("plain", "corner", "large", "bright")] == [3, 2, 1, 1]
    assert counts["smooth"][1] < counts["plain"][1] / 2


def test_csv_without_identifiers_is_refused_with_the_way_out(masks, tmp_path):
    result = run("polygonize", masks, "--out", tmp_path / "out.csv")
    assert result.exit_code == 2
    assert "use: sn7fast track" in result.stderr
    assert names(tmp_path) == names(masks.parent)


# Outputs that are there already


@pytest.mark.parametrize("command", ["polygonize", "track"])
def test_folder_that_is_not_empty_is_kept_unless_told(command, masks, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "precious").touch()
    result = run(command, masks, "--out", out)
    assert result.exit_code == 2
    assert "there already" in result.stderr
    assert names(out) == ["precious"]
    ok(command, masks, "--out", out, "--overwrite")
    assert len(names(out)) == 3
    assert "precious" not in names(out)


def test_empty_folder_is_used(masks, tmp_path):
    (tmp_path / "out").mkdir()
    ok("polygonize", masks, "--out", tmp_path / "out")


def test_csv_that_is_there_is_kept_unless_told(masks, tmp_path):
    out = tmp_path / "out.csv"
    out.write_text("precious")
    assert run("track", masks, "--out", out).exit_code == 2
    assert out.read_text() == "precious"
    ok("track", masks, "--out", out, "--overwrite")
    assert out.read_text().startswith("filename,id,geometry")


def test_an_input_or_the_current_folder_is_never_replaced(masks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for out in (masks, masks.parent, "."):
        result = run("polygonize", masks, "--out", out, "--overwrite")
        assert result.exit_code == 2
        assert "would take the place of" in result.stderr
    assert len(names(masks)) == 3


def test_file_in_the_place_of_a_folder_and_the_other_way(masks, tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "folder.csv").mkdir()
    assert run("polygonize", masks, "--out", tmp_path / "file", "--overwrite").exit_code == 2
    assert run("track", masks, "--out", tmp_path / "folder.csv", "--overwrite").exit_code == 2


# track


def test_track_to_csv_and_to_geojson(masks, tmp_path):
    result = ok("track", masks, "--out", tmp_path / "deep" / "tracks.csv")
    assert "5 footprints of 2 buildings in 1 AOI," in result.stdout
    lines = (tmp_path / "deep" / "tracks.csv").read_text().splitlines()
    assert lines[0] == "filename,id,geometry"
    ids = [tuple(line.split(",")[:2]) for line in lines[1:]]
    expected = [("2018_01", 0), ("2018_02", 0), ("2018_02", 1), ("2018_04", 0), ("2018_04", 1)]
    assert sorted(ids) == [(sn7_stem(NORTH, month), str(number)) for month, number in expected]

    ok("track", masks, "--out", tmp_path / "tracks")
    last = features(tmp_path / "tracks" / f"{sn7_stem(NORTH, '2018_04')}_Buildings.geojson")
    assert {feature["properties"]["Id"] for feature in last} == {0, 1}
    assert [feature["properties"]["iou_score"] for feature in last] == [1, 1]


@pytest.mark.parametrize("suffix", ["parquet", "gpkg", "fgb", "geojson"])
def test_track_to_files_of_a_gis(two_aois, tmp_path, suffix):
    out = tmp_path / "deep" / f"tracks.{suffix}"
    ok("track", two_aois, "--out", out)
    ok("track", two_aois, "--out", tmp_path / "tracks.csv")
    assert names(out.parent) == [out.name]
    stacks = read_csv(tmp_path / "tracks.csv")
    read = geopandas.read_parquet if suffix == "parquet" else pyogrio.read_dataframe
    frame = read(out)
    identifier = "Id" if suffix == "geojson" else "id"
    found = frame[["aoi", "month", identifier]].to_numpy().tolist()
    expected = [
        [aoi, stack.months[month], number]
        for aoi, stack in stacks.items()
        for month, number in zip(stack.month_index, stack.ids, strict=True)
    ]
    assert sorted(found) == sorted(expected)
    assert frame.crs == ("EPSG:4326" if suffix == "geojson" else "EPSG:3857")
    again = run("track", two_aois, "--out", out)
    assert again.exit_code == 2
    assert "is there already" in again.stderr


def test_track_of_a_csv_has_no_place_on_the_ground(tracks, tmp_path):
    result = run("track", tracks, "--out", tmp_path / "out.geojson")
    assert result.exit_code == 3
    assert "got a stack without a CRS" in result.stderr
    ok("track", tracks, "--out", tmp_path / "out.parquet")
    assert geopandas.read_parquet(tmp_path / "out.parquet").crs is None


def test_track_of_geojson_and_of_csv_equals_track_of_masks(two_aois, tmp_path):
    ok("polygonize", two_aois, "--out", tmp_path / "footprints")
    ok("track", two_aois, "--out", tmp_path / "masks.csv")
    ok("track", tmp_path / "footprints", "--out", tmp_path / "geojson.csv")
    ok("track", tmp_path / "masks.csv", "--out", tmp_path / "again.csv")
    tables = [sorted((tmp_path / f"{name}.csv").read_text().splitlines())
              for name in ("masks", "geojson", "again")]  # fmt: skip
    assert tables[0] == tables[1] == tables[2]


def test_track_in_reverse(masks, tmp_path):
    ok("track", masks, "--out", tmp_path / "out.csv", "--reverse")
    text = (tmp_path / "out.csv").read_text()
    # Seen from the end, both buildings are there at the start.
    first = [line for line in text.splitlines() if "2018_04" in line]
    assert len(first) == 2


def test_empty_months_are_kept(tmp_path):
    folder = write_months(tmp_path / "masks", months={"2018_01": [], "2018_02": [OLD]})
    ok("track", folder, "--out", tmp_path / "out.csv")
    assert "POLYGON EMPTY" in (tmp_path / "out.csv").read_text()
    ok("track", tmp_path / "out.csv", "--out", tmp_path / "out")
    assert len(names(tmp_path / "out")) == 2


def test_empty_aoi_gives_no_footprints(tmp_path):
    folder = write_months(tmp_path / "masks", months={"2018_01": [], "2018_02": []})
    result = ok("track", folder, "--out", tmp_path / "out.csv")
    assert "0 footprints of 0 buildings in 1 AOI," in result.stdout


# score


@pytest.fixture
def tracks(two_aois, tmp_path):
    ok("track", two_aois, "--out", tmp_path / "tracks.csv")
    return tmp_path / "tracks.csv"


def test_truth_against_itself(tracks):
    result = ok("score", tracks, tracks)
    lines = result.stdout.splitlines()
    assert lines[0].split()[:5] == ["AOI", "SCOT", "track", "change", "mismatches"]
    assert lines[2].split() == [SOUTH, *["1.0000"] * 3, "0", "1/0/0", "5/0/0", "1.0000"]
    assert lines[3].split()[0] == NORTH
    assert lines[-1].split() == ["mean", "of", "2", *["1.0000"] * 4]
    assert result.stderr == ""


def test_score_of_masks_says_that_it_tracks(two_aois, tracks):
    result = ok("score", two_aois, tracks)
    assert "note: truth has no identifiers: tracked with IoU of at least 0.25" in result.stderr
    assert result.stdout.splitlines()[-1].split()[3] == "1.0000"
    assert ok("score", two_aois, two_aois, "--quiet").stderr == ""


def test_score_as_json(tracks, tmp_path):
    path = tmp_path / "scores.json"
    with_table = ok("score", tracks, tracks, "--json", path)
    assert "SCOT" in with_table.stdout
    report = json.loads(path.read_text())
    assert report["settings"]["truth_min_area_px"] == 4
    assert report["scot"]["aois"][NORTH]["change_tp"] == 1
    assert set(report["f1"]["aois"]) == {NORTH, SOUTH}
    for arguments in (["--json"], ["--json", "-"]):
        assert json.loads(ok("score", tracks, tracks, *arguments).stdout) == report
    only = json.loads(ok("score", tracks, tracks, "--metric", "scot", "--json", "-").stdout)
    assert "f1" not in only


def test_f1_needs_no_identifiers(two_aois, tmp_path):
    ok("polygonize", two_aois, "--out", tmp_path / "footprints")
    result = ok("score", two_aois, tmp_path / "footprints", "--metric", "f1")
    assert result.stderr == ""
    assert result.stdout.splitlines()[2].split() == [SOUTH, "1.0000", "5/0/0"]


def test_truth_min_area_and_iou_reach_the_scorer(tracks):
    everything = json.loads(ok("score", tracks, tracks, "--json", "--truth-min-area", 18).stdout)
    # The new building has 16 px, the old one 20.
    assert everything["scot"]["aois"][NORTH]["track_fp"] == 2
    assert run("score", tracks, tracks, "--iou", 1).exit_code == 0


def test_no_common_aoi(tmp_path):
    write_months(tmp_path / "a", NORTH)
    write_months(tmp_path / "b", SOUTH)
    result = run("score", tmp_path / "a", tmp_path / "b")
    assert result.exit_code == 3
    assert "no common AOI" in result.stderr
    assert NORTH in result.stderr
    assert SOUTH in result.stderr


def test_nothing_proposed_scores_zero(tracks, tmp_path):
    for text in ("", "filename,id,geometry\n"):
        (tmp_path / "none.csv").write_text(text)
        result = ok("score", tracks, tmp_path / "none.csv")
        assert "2 AOIs of the truth not in the proposal, scored 0" in result.stderr
        assert "0.0000" in result.stdout.splitlines()[-1]
    result = run("score", tmp_path / "none.csv", tracks)
    assert result.exit_code == 3
    assert "none.csv has none" in result.stderr


def test_single_aois_of_other_names_are_taken_together(tmp_path):
    for name in ("labels", "preds"):
        folder = tmp_path / name
        folder.mkdir()
        for month, buildings in MONTHS.items():
            mask = np.zeros((20, 20), np.uint8)
            for building in buildings:
                mask[building] = 1
            write_mask(folder / f"{name}_{month}.tif", mask)
    result = ok("score", tmp_path / "labels", tmp_path / "preds")
    assert "truth is called labels and proposal preds: taken as the same AOI" in result.stderr


def test_aois_on_one_side_only(two_aois, tmp_path):
    north = two_aois / NORTH
    missing = ok("score", two_aois, north)
    assert f"1 AOI of the truth not in the proposal, scored 0: {SOUTH}" in missing.stderr
    assert "0.5000" in missing.stdout.splitlines()[-1]
    extra = ok("score", north, two_aois)
    assert f"1 AOI of the proposal not in the truth, left out: {SOUTH}" in extra.stderr


def test_months_on_one_side_only(masks, tmp_path):
    write_months(tmp_path / "fewer", months={m: MONTHS[m] for m in ("2018_01", "2018_02")})
    more = ok("score", tmp_path / "fewer", masks)
    assert "1 month of the proposal not in the truth, ignored by SCOT" in more.stderr
    assert "2018_04" in more.stderr
    fewer = ok("score", masks, tmp_path / "fewer")
    assert "1 month of the truth not in the proposal" in fewer.stderr


def test_truth_without_construction_is_explained(tmp_path):
    folder = write_months(tmp_path / "masks", months={"2018_01": [OLD], "2018_02": [OLD]})
    result = ok("score", folder, folder)
    assert "nothing is built in the truth after its first month" in result.stderr
    assert result.stdout.splitlines()[2].split()[1:4] == ["0.0000", "1.0000", "0.0000"]


# Bad input


def cut(folder):
    path = sorted(folder.iterdir())[1]
    path.write_bytes(path.read_bytes()[:80])
    return [path.name]


def emptied(folder):
    path = sorted(folder.iterdir())[1]
    path.write_bytes(b"")
    return [path.name]


def virtual(folder):
    one, path, *_ = sorted(folder.iterdir())
    path.write_text(
        '<VRTDataset rasterXSize="24" rasterYSize="20"><VRTRasterBand dataType="Byte" band="1">'
        f'<SimpleSource><SourceFilename relativeToVRT="1">{one.name}</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )
    return [path.name, "virtual raster"]


def four_bands(folder):
    path = sorted(folder.iterdir())[1]
    profile = {"count": 4, "dtype": "uint8", "transform": rasterio.Affine(1, 0, 5, 0, -1, 5)}
    with rasterio.open(path, "w", driver="GTiff", width=24, height=20, **profile) as dataset:
        dataset.write(np.zeros((4, 20, 24), np.uint8))
    return [path.name, "got 4 bands"]


def another_shape(folder):
    one, path, *_ = sorted(folder.iterdir())
    write_mask(path, np.zeros((19, 24), np.uint8))
    return [one.name, path.name, "20 x 24", "19 x 24"]


def month_twice(folder):
    path = sorted(folder.iterdir())[1]
    other = path.with_name(path.name.replace("_Buildings", ""))
    other.write_bytes(path.read_bytes())
    return [path.name, other.name, "two files for month"]


def no_month(folder):
    path = sorted(folder.iterdir())[1]
    path.rename(path.with_name("mask.tif"))
    return ["mask.tif", "no month"]


def geojson_among_masks(folder):
    (folder / "town_2020_01.geojson").write_text('{"type": "FeatureCollection", "features": []}')
    return ["town_2020_01.geojson", "one kind"]


def nothing(folder):
    for path in folder.iterdir():
        path.unlink()
    return [folder.name, "nothing found"]


SPOILED = [cut, emptied, virtual, four_bands, another_shape, month_twice, no_month, nothing]


# polygonize looks at masks alone.
CASES = [(command, spoil) for command in ("polygonize", "track", "score") for spoil in SPOILED]
CASES += [("track", geojson_among_masks), ("score", geojson_among_masks)]


@pytest.mark.parametrize(("command", "spoil"), CASES)
def test_bad_masks(command, spoil, masks, tmp_path):
    named = spoil(masks)
    before = names(tmp_path)
    out = ("--json", tmp_path / "out.json") if command == "score" else ("--out", tmp_path / "out")
    result = run(command, masks, *([masks] if command == "score" else []), *out)
    assert result.exit_code == 3
    first = result.stderr.splitlines()[0]
    assert first.startswith("error: ")
    assert all(name in first for name in named)
    assert "Traceback" not in result.output
    assert names(tmp_path) == before


def test_missing_input(tmp_path):
    result = run("track", tmp_path / "none", "--out", tmp_path / "out.csv")
    assert result.exit_code == 3
    assert result.stderr.startswith(f"error: {tmp_path / 'none'}: does not exist")


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "Feature"}',
        "[1, 2",
        '{"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, '
        '"geometry": {"type": "Point", "coordinates": [1, 2]}}]}',
    ],
)
def test_bad_geojson(text, tmp_path):
    folder = tmp_path / "footprints"
    folder.mkdir()
    (folder / "town_2020_01.geojson").write_text(text)
    result = run("track", folder, "--out", tmp_path / "out")
    assert result.exit_code == 3
    assert "town_2020_01.geojson" in result.stderr
    assert not (tmp_path / "out").exists()


def square(x, properties):
    ring = [[x, 0], [x + 5, 0], [x + 5, 5], [x, 5], [x, 0]]
    geometry = {"type": "Polygon", "coordinates": [ring]}
    return {"type": "Feature", "properties": properties, "geometry": geometry}


def write_collection(path, *found, **members):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"type": "FeatureCollection", "features": found, **members}))


def test_identifiers_in_some_months_only(tmp_path):
    folder = tmp_path / "footprints"
    write_collection(folder / "town_2020_01.geojson", square(0, {"Id": 1}))
    write_collection(folder / "town_2020_02.geojson", square(0, {}))
    write_collection(folder / "town_2020_03.geojson")
    result = run("score", folder, folder)
    assert result.exit_code == 3
    assert "town_2020_01.geojson has a property Id" in result.stderr
    assert "town_2020_02.geojson has none" in result.stderr


def test_map_coordinates_are_not_taken_for_pixels(tmp_path):
    folder = tmp_path / "footprints"
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}
    write_collection(folder / "town_2020_01.geojson", square(0, {}), crs=crs)
    result = run("track", folder, "--out", tmp_path / "out.csv")
    assert result.exit_code == 3
    assert "EPSG::3857, wanted pixels" in result.stderr


def test_pixels_labelled_as_degrees_are_pixels(tmp_path):
    folder = tmp_path / "footprints"
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
    write_collection(folder / "town_2020_01.geojson", square(0, {}), crs=crs)
    ok("track", folder, "--out", tmp_path / "out.csv")


def test_bad_csv(tmp_path):
    path = tmp_path / "tracks.csv"
    path.write_text("name,number\n1,2\n")
    result = run("score", path, path)
    assert result.exit_code == 3
    assert "tracks.csv" in result.stderr


def test_aoi_that_is_no_folder_name(tmp_path):
    path = tmp_path / "tracks.csv"
    rows = [f'global_monthly_2018_01_mosaic_{aoi},0,"POLYGON ((0 0, 0 4, 4 4, 0 0))"'
            for aoi in ("..", NORTH)]  # fmt: skip
    path.write_text("\n".join(["filename,id,geometry", *rows, ""]))
    result = run("track", path, "--out", tmp_path / "out" / "folder")
    assert result.exit_code == 3
    assert "cannot be the name of a folder" in result.stderr
    assert names(tmp_path) == ["tracks.csv"]


# Many AOIs


def spoil_one(two_aois):
    path = next((two_aois / SOUTH).rglob("*.tif"))
    path.write_bytes(b"rubbish")
    return path


def test_one_bad_aoi_does_not_stop_the_others(two_aois, tmp_path):
    bad = spoil_one(two_aois)
    for command, out in (("polygonize", "out"), ("track", "tracks"), ("track", "tracks.csv")):
        result = run(command, two_aois, "--out", tmp_path / out)
        assert result.exit_code == 4
        assert f"error: AOI {SOUTH} left out: {bad}" in result.stderr
    assert {path.parent.name for path in (tmp_path / "out").rglob("*.geojson")} == {NORTH}
    assert SOUTH not in (tmp_path / "tracks.csv").read_text()
    result = run("score", two_aois, two_aois, "--json")
    assert result.exit_code == 4
    assert "the mean is over 1 AOI, 1 left out" in result.stderr
    assert list(json.loads(result.stdout)["failed"]) == [SOUTH]


def test_identifier_twice_in_a_month_spoils_its_aoi_alone(tracks, tmp_path):
    folder = tmp_path / "twice"
    for aoi, other in ((NORTH, 1), (SOUTH, 0)):
        name = f"{sn7_stem(aoi, '2018_01')}.geojson"
        write_collection(folder / name, square(0, {"Id": 0}), square(9, {"Id": other}))
    result = run("score", folder, folder)
    assert result.exit_code == 4
    assert f"error: AOI {SOUTH} left out" in result.stderr
    assert result.stdout.splitlines()[2].split()[0] == NORTH
    assert result.stdout.splitlines()[-1].split()[:3] == ["mean", "of", "1"]


def test_no_good_aoi_writes_nothing(two_aois, tmp_path):
    for path in two_aois.rglob("*.tif"):
        path.write_bytes(b"rubbish")
    before = names(tmp_path)
    for command in ("polygonize", "track"):
        result = run(command, two_aois, "--out", tmp_path / "out")
        assert result.exit_code == 3
        assert "none of 2 AOIs could be used" in result.stderr
    assert names(tmp_path) == before


# Other ways out


def broken(error):
    def stands_in(*_, **__):
        raise error

    return stands_in


def test_bug_is_reported_without_a_traceback(masks, tmp_path, monkeypatch):
    monkeypatch.setattr("sn7fast.data.discover.discover", broken(RuntimeError("oh no")))
    result = run("polygonize", masks, "--out", tmp_path / "out")
    assert result.exit_code == 70
    assert "error: RuntimeError: oh no" in result.stderr
    assert "please report it" in result.stderr
    assert "Traceback" not in result.output
    monkeypatch.setenv("SN7FAST_DEBUG", "1")
    assert "Traceback" in run("polygonize", masks, "--out", tmp_path / "out").stderr


@pytest.mark.parametrize("command", ["polygonize", "track"])
def test_interrupted_in_the_middle_of_writing(command, two_aois, tmp_path, monkeypatch):
    from sn7fast.io import geojson

    written = []

    def interrupted(path, *arguments, **options):
        if len(written) == 4:
            raise KeyboardInterrupt
        written.append(path)
        original(path, *arguments, **options)

    original = geojson.write_geojson
    monkeypatch.setattr(geojson, "write_geojson", interrupted)
    before = names(tmp_path)
    result = run(command, two_aois, "--out", tmp_path / "out")
    assert result.exit_code == 130
    assert len(written) == 4
    assert names(tmp_path) == before


def test_output_that_cannot_be_written(masks, tmp_path):
    (tmp_path / "file").touch()
    for command, out in (("polygonize", "file/out"), ("track", "file/out.csv")):
        result = run(command, masks, "--out", tmp_path / out)
        assert result.exit_code == 3
        assert result.stderr.startswith("error: ")
        assert "file" in result.stderr


# demo and doctor


@pytest.fixture
def small_demo(monkeypatch):
    """The demo with a small town."""
    monkeypatch.setattr("sn7fast.cli.demo._SHAPE", (160, 160))
    monkeypatch.setattr("sn7fast.cli.demo._MONTHS", 6)


@pytest.mark.usefixtures("small_demo")
def test_demo_writes_what_it_says_and_scores_again_the_same(tmp_path):
    out = tmp_path / "out"
    result = ok("demo", "--out", out, "--seed", 3)
    for step in ("paint its images", "images to tracked buildings", "mean of 1"):
        assert step in result.stdout
    report = json.loads((out / "scores.json").read_text())
    assert 0 < report["scot"]["track"] < 1
    again = json.loads(ok("score", out / "truth.csv", out / "tracks.csv", "--json").stdout)
    assert again["scot"] == report["scot"]
    assert again["f1"] == report["f1"]
    assert len(list((out / "probabilities").rglob("*.tif"))) == 6
    assert len(list((out / "buildings").glob("*.geojson"))) == 1
    assert (out / "overview.png").stat().st_size > 1000
    assert '<h1 id="title">Synthetic town 3</h1>' in (out / "report.html").read_text()


@pytest.mark.usefixtures("small_demo")
def test_demo_replaces_its_own_output_and_no_other(tmp_path):
    out = tmp_path / "out"
    ok("demo", "--out", out, "--quiet")
    first = (out / "tracks.csv").read_bytes()
    assert ok("demo", "--out", out, "--quiet").output == ""
    assert (out / "tracks.csv").read_bytes() == first
    (out / "demo.json").unlink()
    result = run("demo", "--out", out)
    assert result.exit_code == 2
    assert (out / "tracks.csv").exists()


def test_pipeline(tmp_path):
    synthetic_scene(seed=3, shape_yx=(96, 96), months=3).write_sn7(tmp_path / "train")
    out = tmp_path / "out"
    first = json.loads(ok("pipeline", tmp_path / "train", "--out", out, "--json").stdout)
    assert len(first["aois"]) == 1
    header = next((out / "buildings").glob("*.csv")).read_text().splitlines()[0]
    assert header.endswith("first_month_lo,first_month_hi,last_month,confidence,observed")
    assert first["scot"] is not None
    again = ok("pipeline", tmp_path / "train", "--out", out, "--set", "method=baseline")
    assert "0 images (3 more were there)" in again.stdout
    (page,) = (out / "reports").iterdir()
    assert again.stderr.endswith(f"note: to look at in a browser: {page}\n")
    assert json.loads((out / "run.json").read_text())["postprocess"]["method"] == "baseline"
    result = run("pipeline", tmp_path / "train", "--out", out, "--set", "methods=baseline")
    assert result.exit_code == 3
    assert "method" in result.stderr
    result = run("pipeline", tmp_path / "train", "--out", out, "--tile", "32", "--overlap", "20")
    assert result.exit_code == 2
    assert result.stderr.startswith("error: --overlap: got 20")


def test_pipeline_of_masks_has_no_images_to_count(two_aois, tmp_path):
    result = ok("pipeline", two_aois, "--out", tmp_path / "out", "--no-report")
    assert "out: 2 AOIs, 4 buildings, " in result.stdout
    assert "in a browser" not in result.stderr


def test_doctor():
    plain = ok("doctor").stdout
    assert "release build" in plain or "debug build" in plain
    facts = json.loads(ok("doctor", "--json").stdout)
    assert facts["packages"]["numpy"]["version"] == np.__version__
    assert facts["packages"]["geopandas"]["from"] == "sn7fast[vector]"
    assert facts["tasks"]["sn7fast.compat"]["ready"]
    assert facts["core"]["threads"] >= 1


# As a process


def test_module_and_light_help():
    code = (
        "import sys, runpy\n"
        "sys.argv = ['sn7fast', '--help']\n"
        "try: runpy.run_module('sn7fast.run', run_name='__main__')\n"
        "except SystemExit as error: assert error.code == 0\n"
        "heavy = {'rasterio', 'shapely', 'pandas', 'tqdm', 'importlib.metadata'}\n"
        "print('HEAVY', sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage: sn7fast" in done.stdout
    assert "HEAVY []" in done.stdout


def test_process_from_masks_to_scores(masks, tmp_path):
    def sn7fast(*arguments):
        command = [sys.executable, "-m", "sn7fast.run", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    tracked = sn7fast("track", masks, "--out", tmp_path / "tracks.csv")
    assert (tracked.returncode, tracked.stderr) == (0, "")
    scored = sn7fast("score", tmp_path / "tracks.csv", tmp_path / "tracks.csv")
    assert (scored.returncode, scored.stderr) == (0, "")
    assert scored.stdout.splitlines()[-1].split() == ["mean", "of", "1", *["1.0000"] * 4]
    bad = sn7fast("score", tmp_path / "none", tmp_path / "tracks.csv")
    assert bad.returncode == 3
    assert bad.stderr.startswith("error: ")


def test_reader_that_closes_early(masks, tmp_path):
    ok("track", masks, "--out", tmp_path / "tracks.csv")
    read, write = os.pipe()
    os.close(read)
    paths = [str(tmp_path / "tracks.csv")] * 2
    command = [sys.executable, "-m", "sn7fast.run", "score", *paths, "--json"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


# Mistakes with names of files


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("collapse", "IN", "--out", "tracks.shp"), "got the suffix .shp, wanted .parquet"),
        (("track", "IN", "--out", "tracks.kml"), "or none for a folder of GeoJSON"),
        (("polygonize", "IN", "--out", "all.gpkg"), "got the suffix .gpkg, wanted .geojson"),
        (("report", "IN", "--out", "page.htm"), "wanted .html, or none for a folder of pages"),
        (
            ("collapse", "IN", "--out", "a.csv", "--buildings", "a.csv"),
            "--buildings: a.csv is the file of --out too",
        ),
        (
            ("score", "IN", "IN", "--attribution", "a.json", "--json", "a.json"),
            "--attribution: a.json is the file of --json too",
        ),
    ],
)
def test_outputs_that_cannot_be_meant(arguments, message, masks, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = run(*(masks if one == "IN" else one for one in arguments))
    assert result.exit_code == 2
    assert message in result.stderr
    assert names(tmp_path) == [f"masks/{path.name}" for path in sorted(masks.iterdir())]


def test_a_folder_may_have_a_dot_in_its_name(masks, tmp_path):
    ok("track", masks, "--out", tmp_path / "run.v2")
    (tmp_path / "run.old").mkdir()
    ok("track", masks, "--out", tmp_path / "run.old")
    assert len(names(tmp_path / "run.v2")) == len(names(tmp_path / "run.old")) == 3


def test_geoparquet_is_scored_as_the_csv_is(two_aois, tmp_path):
    csv, parquet = tmp_path / "tracks.csv", tmp_path / "tracks.parquet"
    ok("track", two_aois, "--out", csv)
    ok("track", two_aois, "--out", parquet)
    expected = ok("score", csv, csv).stdout
    assert ok("score", csv, parquet).stdout == expected
    assert ok("score", parquet, csv).stdout == expected


def test_run_of_the_pipeline_is_scored_by_its_tracks_and_is_no_truth(tracks, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    (tmp_path / "run" / "tracks.csv").write_bytes(tracks.read_bytes())
    assert ok("score", tracks, tmp_path / "run").stdout == ok("score", tracks, tracks).stdout
    result = run("score", tmp_path / "run", tracks)
    assert result.exit_code == 3
    assert "is what the pipeline made, wanted the truth" in result.stderr
