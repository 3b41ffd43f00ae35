"""What goes wrong: in the source, on the disk, in between, and by other processes."""

import datetime
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from full_disks import full_disk, read_only
from many_aois import tree
from nn_fakes import fake_model, pointwise, write_rgba
from pipeline_stacks import GRID, mask_of, write_images, write_masks
from sn7fast import Grid, InputError, StackError, read_geojson
from sn7fast.data.images import ImageEntry
from sn7fast.data.manifest import Manifest
from sn7fast.io.lock import locked
from sn7fast.io.rasters import write_bands
from sn7fast.pipeline import plan, run_aoi, run_jobs
from sn7fast.pipeline.plan import labels_of
from sn7fast.pipeline.stacks import read_stack
from sn7fast.postprocess import PostProcessing

BASELINE = PostProcessing(method="baseline")


def outcome_of(source, out, model=None, **settings):
    model = model or fake_model()
    settings = {"weights": model, "post": BASELINE, "report": False} | settings
    (job,) = plan(source, out, **settings)
    return run_aoi(job, models=[model])


def test_months_may_be_missing(tmp_path):
    source = write_masks(tmp_path / "in", 4)
    (source / "harbour" / "2018_02.tif").unlink()
    outcome = outcome_of(source, tmp_path / "out")
    assert outcome.failed is None
    stack = read_stack(tmp_path / "out" / "state" / "harbour" / "tracks.npz")
    assert stack.months == ("2018_01", "2018_03", "2018_04")


def test_a_file_in_the_place_of_the_folder_is_told_before_any_work(tmp_path):
    source = write_masks(tmp_path / "in", 2)
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(InputError, match=r"out: .*out.csv is a file, wanted a folder"):
        plan(source, tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "mine"


def test_a_month_that_is_there_twice_is_refused(tmp_path):
    source = write_masks(tmp_path / "in", 2)
    path = source / "harbour" / "2018_01.tif"
    shutil.copy(path, source / "harbour" / "2018-01.tif")
    with pytest.raises(
        StackError, match=r"two files for month 2018_01 of harbour: .*2018-01.tif.*; a manifest can"
    ):
        plan(source, tmp_path / "out")
    # In a manifest they may have days.
    (tmp_path / "own.csv").write_text(
        f"path,aoi,date\n{path},harbour,2018-01-03\nin/harbour/2018_02.tif,harbour,2018-01-20\n"
    )
    outcome = outcome_of(tmp_path / "own.csv", tmp_path / "out")
    assert outcome.failed.startswith("harbour: two files for month 2018_01: ")
    assert outcome.failed.count(".tif") == 2


OTHER = {
    "shape": (
        Grid((48, 41), GRID.transform, GRID.crs),
        r"differ in shape: 48 x 40 against 48 x 41",
    ),
    "CRS": (replace(GRID, crs="EPSG:32633"), "differ in CRS: EPSG:32632 against EPSG:32633"),
    "resolution": (
        Grid((48, 40), (20, 0, 399960, 0, -20, 4900020), GRID.crs),
        r"resolution \(pixels of 10 x 10 against 20 x 20\) and lie 48.0 px apart",
    ),
    "place": (Grid((48, 40), (10, 0, 399990, 0, -10, 4900020), GRID.crs), "lie 3.0 px apart"),
    "rotation": (
        Grid((48, 40), (9.8, 2, 399960, 2, -9.8, 4900020), GRID.crs),
        "are turned or mirrored and lie",
    ),
    "south-up": (
        Grid((48, 40), (10, 0, 399960, 0, 10, 4899540), GRID.crs),
        "are turned or mirrored and lie 48.0 px apart",
    ),
}


@pytest.mark.parametrize("kind", ["images", "masks"])
@pytest.mark.parametrize("what", OTHER)
def test_frames_that_do_not_lie_on_each_other_are_refused(tmp_path, what, kind):
    grid, message = OTHER[what]
    source = (write_images if kind == "images" else write_masks)(tmp_path / "in", 3)
    path = source / "harbour" / "2018_02.tif"
    pixels = np.zeros(grid.shape_yx, np.uint8)
    if kind == "images":
        write_rgba(path, np.repeat(pixels[None], 3, axis=0), grid=grid)
    else:
        write_bands(path, pixels[None], grid)
    model = fake_model()
    outcome = outcome_of(source, tmp_path / "out", model)
    assert outcome.failed.startswith(f"harbour: {kind} ")
    assert re.search(message, outcome.failed)
    assert str(path) in outcome.failed
    assert str(source / "harbour" / "2018_01.tif") in outcome.failed
    # Told before a network was at work.
    assert model.backend.calls == []
    assert [path.name for path in (tmp_path / "out").rglob("*") if path.is_file()] == [".lock"]


def test_a_shift_below_half_a_pixel_is_none(tmp_path):
    source = write_images(tmp_path / "in", 2)
    near = Grid((48, 40), (10, 0, 399964, 0, -10, 4900020), GRID.crs)
    write_images(source, 1, grid=near)
    assert outcome_of(source, tmp_path / "out").failed is None


TURNED = {
    "south-up": (lambda mask: mask[::-1], (10, 0, 399960, 0, 10, 4899540)),
    "mirrored": (lambda mask: mask[:, ::-1], (-10, 0, 400360, 0, -10, 4900020)),
    "a quarter turned": (lambda mask: np.rot90(mask), (0, -10, 400360, -10, 0, 4900020)),
}


@pytest.mark.parametrize("how", TURNED)
def test_turned_rasters_come_out_at_their_place(tmp_path, how):
    """The same ground, stored another way round: the same footprints on the map."""
    turn, transform = TURNED[how]
    write_masks(tmp_path / "up", 2)
    for index in range(2):
        pixels = np.ascontiguousarray(turn(mask_of(index)))
        path = tmp_path / "turned" / "harbour" / f"2018_0{index + 1}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bands(path, pixels[None], Grid(pixels.shape, transform, GRID.crs))
    import geopandas
    import pyogrio

    found = []
    for name in ("up", "turned"):
        out = tmp_path / f"out {name}"
        formats = [".geojson", ".parquet", ".gpkg"]
        outcome = outcome_of(tmp_path / name, out, formats=formats, change=True)
        assert outcome.failed is None
        frames = [
            geopandas.read_parquet(out / "buildings" / "harbour.parquet"),
            pyogrio.read_dataframe(out / "buildings" / "harbour.gpkg"),
            pyogrio.read_dataframe(out / "buildings" / "harbour.geojson").to_crs(GRID.crs),
        ]
        for frame in frames:
            frame["x"], frame["y"] = frame.centroid.x.round(2), frame.centroid.y.round(2)
            found.append(frame.sort_values(["month", "x", "y"]).reset_index())
            assert (frame["area_m2"] > 400).all()
    for one, other in zip(found[:3], found[3:], strict=True):
        assert len(one) == 5
        for column in ("x", "y", "area_m2", "confidence"):
            np.testing.assert_allclose(one[column], other[column], rtol=1e-9)
        assert one["month"].tolist() == other["month"].tolist()


def test_images_without_a_georeference_give_pixels_and_say_so(tmp_path):
    source = write_images(tmp_path / "in", 2, grid=None)
    outcome = outcome_of(source, tmp_path / "out", formats=[".geojson", ".parquet"], change=True)
    assert outcome.failed is None
    assert outcome.notes == ("no georeference: footprints are in pixels",)
    stack = read_stack(tmp_path / "out" / "state" / "harbour" / "tracks.npz")
    found = read_geojson(tmp_path / "out" / "buildings" / "harbour.geojson")
    np.testing.assert_array_equal(found.footprints.coords, stack.footprints.coords)
    header = (tmp_path / "out" / "buildings" / "harbour.csv").read_text().splitlines()[0]
    assert "median_area_px,x_px,y_px" in header
    # And so does a run that does nothing.
    assert outcome_of(source, tmp_path / "out", formats=[".geojson", ".parquet"],
                      change=True).notes == outcome.notes  # fmt: skip


def test_damaged_and_absent_images_are_left_out_and_told(tmp_path):
    source = write_images(tmp_path / "in", 4)
    path = source / "harbour" / "2018_02.tif"
    content = path.read_bytes()
    path.write_bytes(content[:300])
    told = []
    (job,) = plan(source, tmp_path / "out", weights=fake_model(), post=BASELINE, report=False)
    (source / "harbour" / "2018_03.tif").unlink()
    outcome = run_aoi(job, told.append, models=[fake_model()])
    assert outcome.failed is None
    assert sorted(Path(name).name for name in outcome.failed_images) == [
        "2018_02.tif",
        "2018_03.tif",
    ]
    assert outcome.counts["months"] == 2
    assert {Path(one.path).name for one in told if one.state == "failed"} == {
        "2018_02.tif", "2018_03.tif"
    }  # fmt: skip
    # What is whole again is taken in.
    path.write_bytes(content)
    outcome = run_aoi(job, models=[fake_model()])
    assert outcome.counts["months"] == 3
    assert len(outcome.written) == 1
    for one in (source / "harbour").iterdir():
        one.unlink()
    outcome = run_aoi(job, models=[fake_model()])
    assert outcome.failed.startswith("harbour: none of its 4 images could be used: ")


@pytest.mark.parametrize("what", ["vanishes", "changes"])
def test_an_image_that_goes_or_changes_in_mid_run(tmp_path, what):
    source = write_images(tmp_path / "in", 6)
    path = source / "harbour" / "2018_06.tif"

    def network(batch):
        if path.exists() and what == "vanishes":
            path.unlink()
        elif what == "changes":
            # At one blow, or a reader might meet half a file.
            other = tmp_path / "other.tif"
            other.write_bytes(path.read_bytes() + b"x")
            other.replace(path)
        return pointwise(batch)

    outcome = outcome_of(source, tmp_path / "out", fake_model(network))
    assert outcome.failed is None
    assert list(outcome.failed_images) == [str(path)]
    message = outcome.failed_images[str(path)]
    assert ("changed while it was read" in message) == (what == "changes")
    assert outcome.counts["months"] == 5
    assert not (tmp_path / "out" / "probabilities" / "harbour" / "harbour_2018_06.tif").exists()


def test_masks_that_go_in_mid_run_fail_the_area(tmp_path, monkeypatch):
    from sn7fast.pipeline import cubes

    source = write_masks(tmp_path / "in", 3)
    load = cubes.load_cube

    def late(frames, **options):
        frames[1].path.unlink()
        return load(frames, **options)

    monkeypatch.setattr(cubes, "load_cube", late)
    outcome = outcome_of(source, tmp_path / "out")
    assert "2018_02.tif: cannot be opened: No such file" in outcome.failed
    assert not (tmp_path / "out" / "buildings").exists()


def test_a_full_disk(tmp_path):
    """What there is room for is there, all else fails the area and leaves nothing."""
    source = write_masks(tmp_path / "in", 4)
    outcome_of(source, tmp_path / "expected")
    with full_disk():
        outcome = outcome_of(source, tmp_path / "out")
    assert os.strerror(errno.EFBIG) in outcome.failed
    assert not list((tmp_path / "out").rglob(".sn7fast*"))
    assert not list((tmp_path / "out").rglob(".part"))
    assert outcome_of(source, tmp_path / "out").failed is None
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")


@pytest.mark.parametrize("place", ["", "state/harbour", "buildings"])
def test_a_read_only_folder(tmp_path, place):
    source, out = write_masks(tmp_path / "in", 3), tmp_path / "out"
    outcome_of(source, out)
    before = tree(out)
    write_masks(tmp_path / "in", 4)
    with read_only(out / place):
        outcome = outcome_of(source, out if place else out / "below")
    assert outcome.failed.endswith(os.strerror(errno.EACCES))
    assert {name: text for name, text in tree(out).items() if "buildings" in name} == {
        name: text for name, text in before.items() if "buildings" in name
    }
    assert outcome_of(source, out).failed is None


def test_manifests_of_programs(tmp_path):
    day = datetime.date(2020, 1, 1)
    evil = ImageEntry(tmp_path / "x.tif", "../evil", day, "2020_01")
    for entries, text in ((), "m.csv: has no images"), ((evil,), "name of a folder"):
        with pytest.raises(InputError, match=text):
            plan(Manifest(Path("m.csv"), entries), tmp_path / "out")


def test_labels_that_are_there_twice_are_told(tmp_path):
    aoi = "L15-0331E-1257N_1327_3160_13"
    folder = tmp_path / "in" / "train" / aoi / "labels_match_pix"
    folder.mkdir(parents=True)
    stem = f"global_monthly_2018_01_mosaic_{aoi}_Buildings"
    (folder / f"{stem}.geojson").touch()
    other = tmp_path / "in" / "more" / aoi / "labels_match_pix"
    shutil.copytree(folder, other)
    with pytest.raises(StackError, match="two files"):
        labels_of(tmp_path / "in")


HOLD = """
import sys, time
from pathlib import Path
from sn7fast.io.lock import locked
with locked(Path(sys.argv[1]), "it"):
    print("held", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def hold(path, seconds):
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path), str(seconds)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_two_runs_on_one_area(tmp_path):
    source, out = write_masks(tmp_path / "in", 2), tmp_path / "out"
    lock = out / "state" / "harbour" / ".lock"
    lock.parent.mkdir(parents=True)
    with hold(lock, 60) as process:
        outcome = outcome_of(source, out)
        assert outcome.failed.startswith(f"{out}: AOI harbour: process {process.pid} on ")
        assert outcome.failed.endswith("wait until it has ended, or choose another folder")
        assert list(out.rglob("*.csv")) == []
        # A dead owner has no lock.
        process.kill()
        process.wait()
        assert outcome_of(source, out).failed is None
    assert lock.read_bytes() == b""


def test_an_area_of_another_run_is_not_noted_as_failed(tmp_path):
    source, out = write_masks(tmp_path / "in", 2), tmp_path / "out"
    (job,) = plan(source, out, post=BASELINE, report=False)
    job.layout.state.mkdir(parents=True)
    with hold(job.layout.lock, 60) as process:

        def tell(told):
            if told.state == "failed":
                # It ends before this run comes to note what became of the area.
                process.kill()
                process.wait()

        with pytest.raises(InputError, match="works on it already"):
            run_jobs([job], tell=tell)
    assert not (job.layout.state / "result.json").exists()


def test_waiting_for_another_run(tmp_path):
    told = []
    with hold(tmp_path / "lock", 1.0) as process, locked(
        tmp_path / "lock", "it", wait_s=30, tell=told.append
    ):  # fmt: skip
        assert told[0].startswith(f"it: process {process.pid} on ")
        assert len(told) == 1
    with hold(tmp_path / "lock", 5) as process:
        start = time.monotonic()
        with pytest.raises(InputError, match="works on it already"):
            locked(tmp_path / "lock", "it", wait_s=0.5).__enter__()
        assert 0.5 <= time.monotonic() - start < 4
        process.kill()


RUN = """
import sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from nn_fakes import fake_model, pointwise
from sn7fast.pipeline import plan, run_aoi

def slow(batch):
    time.sleep(0.03)
    return pointwise(batch)

model = fake_model(slow)
(job,) = plan(sys.argv[2], sys.argv[3], weights=model, report=False)
print("ready", flush=True)
run_aoi(job, models=[model])
"""


def test_ctrl_c_anywhere(tmp_path):
    source = write_images(tmp_path / "in", 6)
    post = PostProcessing()
    assert outcome_of(source, tmp_path / "expected", post=post).failed is None
    expected = tree(tmp_path / "expected")
    out = tmp_path / "out"
    command = [sys.executable, "-c", RUN, str(Path(__file__).parent.parent), str(source), str(out)]
    ended = []
    for wait in (0.02, 0.1, 0.2, 0.3):
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        ) as process:  # fmt: skip
            assert process.stdout.readline() == "ready\n"
            time.sleep(wait)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            ended.append(process.returncode)
        found = tree(out)
        assert {name for name in found if found[name] != expected[name]} <= {
            "state/harbour/manifest.json"
        }
    # A run that was over before its signal is none that was interrupted.
    assert set(ended) <= {0, -signal.SIGINT}
    assert -signal.SIGINT in ended
    assert outcome_of(source, out, post=post).failed is None
    assert tree(out) == expected


def test_sources_that_are_none(tmp_path):
    with pytest.raises(InputError, match="does not exist, wanted a folder, a manifest or a cube"):
        plan(tmp_path / "none", tmp_path / "out")
    (tmp_path / "in").mkdir()
    with pytest.raises(InputError, match="nothing found"):
        plan(tmp_path / "in", tmp_path / "out")
    source = write_masks(tmp_path / "in", 1)
    for changes, message in (
        ({"kind": "movies"}, "kind: got 'movies', wanted auto, images or probabilities"),
        ({"formats": [".shp"]}, r"suffix: got '\.shp', wanted one of"),
        ({"scale": 5}, "scale: got 5"),
        ({"wait_s": -1}, "wait_s: got -1"),
        ({"kind": "images", "weights": []}, "weights: got none"),
        ({"kind": "images", "weights": None}, "weights: got None for images, wanted a file"),
    ):
        with pytest.raises(InputError, match=message):
            plan(source, tmp_path / "out", **changes)
    with pytest.raises(InputError, match="lies in the source"):
        plan(source, source / "out")
    for name in ("Harbour", "HARBOUR"):
        write_masks(tmp_path / "two", 1, aoi=name)
    with pytest.raises(InputError, match="the AOIs HARBOUR and Harbour, whose files would have"):
        plan(tmp_path / "two", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_first_raster_may_be_damaged(tmp_path):
    source = write_masks(tmp_path / "in", 3)
    write_masks(tmp_path / "in", 3, aoi="a meadow")
    for name in ("a meadow/2018_01.tif", "a meadow/2018_02.tif"):
        (source / name).write_bytes(b"II*\0")
    jobs = plan(source, tmp_path / "out", post=BASELINE, report=False)
    assert [(job.aoi, job.kind) for job in jobs] == [
        ("a meadow", "probabilities"), ("harbour", "probabilities")
    ]  # fmt: skip
    one, other = map(run_aoi, jobs)
    assert len(one.failed_images) == 2
    assert one.counts["months"] == 1
    assert other.failed_images == {}


def test_settings_of_images_are_none_of_masks(tmp_path):
    source = write_masks(tmp_path / "in", 1)
    (tmp_path / "own.csv").write_text(
        f"path,aoi,date,scale\n{source}/harbour/2018_01.tif,harbour,2018-01,0.5\n"
    )
    outcome = outcome_of(tmp_path / "own.csv", tmp_path / "out")
    assert (
        "scale: got it for a mask or probabilities, which are taken as they are" in outcome.failed
    )
    # One band can be an image, too.
    model = fake_model(bands=("gray",), mean=(100,), std=(50,))
    (tmp_path / "own.csv").write_text(
        f"path,aoi,date\n{source}/harbour/2018_01.tif,harbour,2018-01\n"
    )
    outcome = outcome_of(tmp_path / "own.csv", tmp_path / "out", model, kind="images")
    assert outcome.failed is None
    assert len(outcome.written) == 1
