"""The whole way: images to tracks, scores and files, for AOIs of SpaceNet 7 and of a manifest."""

import json

import numpy as np
import pytest
import rasterio

from many_aois import tree
from nn_fakes import fake_model, write_rgba
from pipeline_stacks import write_masks
from sn7fast import Footprints, Stack, read_csv, read_geojson, score_scot
from sn7fast.data.sn7 import sn7_aoi, sn7_grid, sn7_stem
from sn7fast.errors import InputError
from sn7fast.io.geojson import write_geojson
from sn7fast.io.pictures import write_png
from sn7fast.io.rasters import opened
from sn7fast.pipeline import plan, run, run_jobs, run_pipeline
from sn7fast.postprocess import PostProcessing
from sn7fast.preview import preview

MONTHS = ["2018_01", "2018_02", "2018_03"]
# x, y, width, height of bright houses on dark ground, and the first month in which they stand.
HOUSES = [(4, 4, 6, 5, 0), (20, 8, 5, 5, 0), (30, 30, 7, 4, 1), (8, 28, 4, 6, 2)]
BASELINE = PostProcessing(method="baseline")


def houses(time):
    found = [(n, house) for n, house in enumerate(HOUSES) if house[4] <= time]
    boxes = [
        [[(x, y), (x, y + h), (x + w, y + h), (x + w, y), (x, y)]] for _, (x, y, w, h, _) in found
    ]
    return np.array([n for n, _ in found]), boxes


def image(time):
    pixels = np.full((3, 48, 40), 40, np.uint8)
    for x, y, w, h, first in HOUSES:
        if first <= time:
            pixels[:, y : y + h, x : x + w] = 220
    return pixels


def footprints(boxes):
    import shapely

    return Footprints.from_shapely([shapely.Polygon(box[0]) for box in boxes])


def write_aoi(root, aoi, *, labels=True):
    """Three months in the layout of SpaceNet 7; the first house is under a cloud in the second."""
    grid = sn7_grid(aoi, (48, 40))
    for time, month in enumerate(MONTHS):
        valid = np.ones((48, 40), bool)
        valid[:12, :12] = time != 1
        stem = sn7_stem(aoi, month)
        pixels = image(time)
        pixels[:, ~valid] = 0
        write_rgba(root / aoi / "images_masked" / f"{stem}.tif", pixels, valid, grid)
        if labels:
            ids, boxes = houses(time)
            if time == 1:
                ids, boxes = ids[1:], boxes[1:]
            path = root / aoi / "labels_match_pix" / f"{stem}_Buildings.geojson"
            path.parent.mkdir(exist_ok=True)
            write_geojson(path, footprints(boxes), columns={"Id": ids})
    return grid


@pytest.fixture
def train(tmp_path):
    write_aoi(tmp_path / "train", sn7_aoi(1474, 3210))
    write_aoi(tmp_path / "train", sn7_aoi(1433, 3310))
    return tmp_path / "train"


def test_images_become_scored_tracks(train, tmp_path):
    out = tmp_path / "out"
    result = run_pipeline(train, out, weights=fake_model(), post=BASELINE)
    assert list(result.tracks) == [sn7_aoi(1433, 3310), sn7_aoi(1474, 3210)]
    assert result.failed == {} == result.predicted.failed
    for aoi, stack in result.tracks.items():
        assert stack.months == tuple(MONTHS)
        assert np.diff(stack.frame_offsets).tolist() == [2, 2, 4]
        assert stack.grid == sn7_grid(aoi, (48, 40))
    assert result.scot.score == 1
    assert result.f1.mean == 1
    assert json.loads((out / "scores.json").read_text())["scot"] == result.scot.to_dict()
    again = score_scot(read_csv(out / "truth.csv"), read_csv(out / "tracks.csv"))
    assert again.score == 1
    written = json.loads((out / "run.json").read_text())
    assert written["networks"] == [{"sha256": "fake", "run by": "fake"}]
    assert written["postprocess"]["method"] == "baseline"


def test_files_that_a_gis_opens(train, tmp_path):
    out, aoi = tmp_path / "out", sn7_aoi(1474, 3210)
    result = run_pipeline(train, out, weights=fake_model(), post=BASELINE)
    found = read_geojson(out / "buildings" / f"{aoi}.geojson")
    assert len(found.footprints) == 8
    np.testing.assert_array_equal(found.columns["Id"], result.tracks[aoi].ids)
    # Longitude and latitude of the tile 1474, 3210 at zoom 13.
    west = 1474 / 2**13 * 360 - 180
    assert west < found.footprints.coords[:, 0].min() < found.footprints.coords[:, 0].max()
    assert found.footprints.coords[:, 0].max() < west + 360 / 2**13
    table = (out / "buildings" / f"{aoi}.csv").read_text().splitlines()
    assert len(table) == 1 + 4
    with rasterio.open(next((out / "probabilities" / aoi).glob("*2018_02*.tif"))) as dataset:
        assert dataset.crs.to_epsg() == 3857
        assert dataset.nodata == 0
        probability = dataset.read(1)
    assert (probability[:12, :12] == 0).all()
    assert probability[30, 30] > 225


def test_a_second_run_predicts_nothing_and_writes_the_same(train, tmp_path):
    out, model = tmp_path / "out", fake_model()
    run_pipeline(train, out, weights=model, post=BASELINE)
    first = tree(out)
    calls = len(model.backend.calls)
    result = run_pipeline(train, out, weights=model, post=BASELINE)
    assert len(model.backend.calls) == calls
    assert len(result.predicted.kept) == 6
    assert tree(out) == first


def test_other_imagery_by_its_manifest(tmp_path):
    lines = ["path,aoi,date"]
    for time in range(3):
        write_rgba(tmp_path / "own" / f"{time}.tif", image(time))
        lines.append(f"own/{time}.tif,Harbour,2021-0{time + 4}-15")
    (tmp_path / "own.csv").write_text("\n".join(lines) + "\n")
    out = tmp_path / "out"
    result = run_pipeline(tmp_path / "own.csv", out, weights=fake_model(), post=BASELINE)
    stack = result.tracks["Harbour"]
    assert stack.months == ("2021_04", "2021_05", "2021_06")
    assert stack.building_count == 4
    assert result.scot is None is result.f1
    # Without a georeference there are only pixels.
    found = read_geojson(out / "buildings" / "Harbour.geojson").footprints
    np.testing.assert_array_equal(found.coords, stack.footprints.coords)
    assert not (out / "scores.json").exists()


def test_scale_of_the_network(train, tmp_path):
    def enlarged(batch):
        mean = batch.mean(axis=1, keepdims=True).repeat(3, 2).repeat(3, 3)
        return np.concatenate([mean, -mean], axis=1)

    model = fake_model(enlarged, scale=3, resampling="network")
    result = run_pipeline(train, tmp_path / "out", weights=model, post=BASELINE)
    assert result.scot.score == 1
    assert result.tracks[sn7_aoi(1474, 3210)].grid == sn7_grid(sn7_aoi(1474, 3210), (48, 40))


def test_an_aoi_that_fails_does_not_stop_the_others(train, tmp_path):
    aoi = sn7_aoi(1433, 3310)
    path = next((train / aoi / "images_masked").glob("*2018_03*"))
    write_rgba(path, np.zeros((3, 30, 30), np.uint8) + 9)
    told = []
    result = run_pipeline(
        train, tmp_path / "out", weights=fake_model(), post=BASELINE,
        tell=told.append,
    )  # fmt: skip
    assert list(result.tracks) == [sn7_aoi(1474, 3210)]
    failures = {one.aoi: one.text for one in told if (one.step, one.state) == ("aoi", "failed")}
    assert failures == result.failed
    assert "images differ in shape" in result.failed[aoi]


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"formats": [".shp"]}, r"suffix: got '\.shp', wanted one of"),
     ({"formats": [".geojson", ".tif"]}, r"suffix: got '\.tif'")],
)  # fmt: skip
def test_refuses(train, tmp_path, changes, message):
    with pytest.raises(InputError, match=message):
        run_pipeline(train, tmp_path / "out", weights=fake_model(), **changes)
    assert not (tmp_path / "out").exists()


def test_preview(tmp_path):
    ids, boxes = houses(2)
    stack = Stack.from_frames([footprints(boxes)], months=["2018_03"], aoi="a", ids=[ids])
    pixels = image(2).transpose(1, 2, 0)
    picture = preview(pixels, pixels[..., 0], stack, "2018_03")
    assert picture.shape == (96, 3 * 80 + 8, 3)
    assert (picture[:, :80:2][::2] == pixels).all()
    drawn = picture[:, 168:]
    x, y, *_ = HOUSES[0]
    assert drawn[2 * y + 1, 2 * x + 1].tolist() == [230, 159, 0]
    assert drawn[0, 0].tolist() == [20, 20, 20]
    write_png(tmp_path / "a.png", picture)
    with opened(tmp_path / "a.png") as dataset:
        np.testing.assert_array_equal(dataset.read().transpose(1, 2, 0), picture)
    with pytest.raises(InputError, match="picture: got float64"):
        write_png(tmp_path / "b.png", np.zeros((2, 2, 3)))
    assert not (tmp_path / "b.png").exists()
    with pytest.raises(InputError, match="without ids"):
        preview(pixels, pixels[..., 0], stack.with_ids(None), "2018_03")
    with pytest.raises(InputError, match="image: got"):
        preview(pixels, pixels[:9, :, 0], stack, "2018_03")


def test_a_bug_is_told_with_its_trace(tmp_path, monkeypatch):
    def broken(job, tell, models):
        raise KeyError(job.aoi)

    monkeypatch.setattr(run, "run_aoi", broken)
    jobs, told = plan(write_masks(tmp_path / "in", 2), tmp_path / "out"), []
    with pytest.raises(InputError, match="a bug in sn7fast: KeyError: 'harbour'"):
        run_jobs(jobs, tell=told.append)
    failed, note = told
    assert (failed.state, note.state) == ("failed", "note")
    assert "raise KeyError(job.aoi)" in note.text
