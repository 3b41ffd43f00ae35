"""AOIs that are begun while the one before is at work: the same files, whatever happens."""

import os
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from many_aois import tree
from nn_fakes import fake_model, pointwise
from pipeline_stacks import GRID, HOUSES, mask_of, write_images, write_masks
from sn7fast.io.lock import locked
from sn7fast.io.rasters import write_mask
from sn7fast.pipeline import aoi as pipeline_aoi
from sn7fast.pipeline import plan, room, run_jobs
from sn7fast.postprocess import PostProcessing

LONG_S = 20
AOIS = ("bay", "cape", "dune")
BASELINE = PostProcessing(method="baseline")


def write_source(folder, kind):
    for number, aoi in enumerate(AOIS):
        write = write_images if kind == "images" else write_masks
        write(folder, 3, houses=HOUSES[number:] + HOUSES[:1], aoi=aoi)
    return folder


@pytest.fixture(params=["images", "masks"])
def source(request, tmp_path):
    return write_source(tmp_path / "in", request.param)


@pytest.fixture
def masks(tmp_path):
    return write_source(tmp_path / "in", "masks")


@pytest.fixture
def images(tmp_path):
    return write_source(tmp_path / "in", "images")


def jobs_of(source, out, model=None, **settings):
    model = model or fake_model()
    return plan(source, out, **{"weights": model, "post": BASELINE} | settings), [model]


def run(source, out, *, model=None, tell=None, shard=None, **settings):
    jobs, models = jobs_of(source, out, model, **settings)
    return run_jobs(jobs, models=models, tell=tell, shard=shard)


def one_by_one(source, out, **settings):
    """Each AOI in a run of its own: nothing is beside it."""
    for number in range(len(AOIS)):
        run(source, out, shard=f"{number + 1}/{len(AOIS)}", **settings)
    return tree(out)


class Calls:
    """Notes the calls of a function, and does more before some of them.

    Attributes:
        made: (name of the AOI, thread) of each.
    """

    def __init__(self, monkeypatch, module, name):
        self.made, self.before, self.begun = [], {}, threading.Condition()
        self._real = getattr(module, name)
        monkeypatch.setattr(module, name, self)

    def __call__(self, steps, *more):
        aoi = steps.job.aoi
        with self.begun:
            self.made.append((aoi, threading.current_thread()))
            self.begun.notify_all()
        if aoi in self.before:
            self.before[aoi]()
        return self._real(steps, *more)

    @property
    def aois(self):
        return [aoi for aoi, _ in self.made]

    def wait_for(self, aoi):
        with self.begun:
            assert self.begun.wait_for(lambda: aoi in self.aois, LONG_S), f"{aoi} never began"


def test_the_same_files_and_news(source, tmp_path):
    wanted, events = one_by_one(source, tmp_path / "wanted"), []
    result = run(source, tmp_path / "out", tell=events.append)
    assert tree(tmp_path / "out") == wanted
    assert [one.aoi for one in result.outcomes] == list(AOIS)
    assert result.failed == {}
    over = [event.aoi for event in events if (event.step, event.state) == ("aoi", "done")]
    assert over == list(AOIS)
    again = run(source, tmp_path / "out")
    assert all(one.done == () for one in again.outcomes)
    assert tree(tmp_path / "out") == wanted


def test_masks_are_read_while_the_area_before_is_at_work(masks, tmp_path, monkeypatch):
    read = Calls(monkeypatch, room, "load_cube_of")
    tracked = Calls(monkeypatch, pipeline_aoi, "track_aoi")
    tracked.before["bay"] = lambda: read.wait_for("cape")
    tracked.before["cape"] = lambda: read.wait_for("dune")
    result = run(masks, tmp_path / "out")
    assert read.aois == tracked.aois == list(AOIS)
    main = threading.current_thread()
    assert {thread for _, thread in tracked.made} == {main}
    assert len({thread for _, thread in read.made} - {main}) == 1
    assert all("read" in one.seconds for one in result.outcomes)
    # Nothing to do: nothing is read.
    run(masks, tmp_path / "out")
    assert read.aois == list(AOIS)


def test_images_are_predicted_while_the_area_before_is_at_work(images, tmp_path, monkeypatch):
    predicted = Calls(monkeypatch, pipeline_aoi, "predicted")
    written = Calls(monkeypatch, pipeline_aoi, "write_page")
    written.before["bay"] = lambda: predicted.wait_for("cape")
    written.before["cape"] = lambda: predicted.wait_for("dune")
    run(images, tmp_path / "out")
    assert predicted.aois == written.aois == list(AOIS)


@pytest.mark.parametrize(("memory_mb", "ahead"), [(0.14, 1), (0.16, 3)])
def test_masks_are_read_ahead_as_far_as_memory_goes(
    masks, memory_mb, ahead, tmp_path, monkeypatch
):  # fmt: skip
    """One AOI needs 0.134 MB, of which its masks are 0.023 MB."""
    wanted = one_by_one(masks, tmp_path / "wanted")
    read = Calls(monkeypatch, room, "load_cube_of")
    tracked = Calls(monkeypatch, pipeline_aoi, "track_aoi")
    run(masks, tmp_path / "out", memory_mb=memory_mb)
    assert read.aois == list(AOIS[:ahead])
    assert tracked.aois == list(AOIS)
    assert tree(tmp_path / "out") == wanted


def test_images_wait_for_memory(images, tmp_path, monkeypatch):
    """They need 0.165 MB while they are predicted, and 0.134 MB after that."""
    wanted = one_by_one(images, tmp_path / "wanted")
    order = []
    predicted = Calls(monkeypatch, pipeline_aoi, "predicted")
    written = Calls(monkeypatch, pipeline_aoi, "write_page")
    for aoi in AOIS:
        predicted.before[aoi] = lambda aoi=aoi: order.append(("predict", aoi))
        written.before[aoi] = lambda aoi=aoi: order.append(("page", aoi))
    run(images, tmp_path / "out", memory_mb=0.2)
    assert order == [(step, aoi) for aoi in AOIS for step in ("predict", "page")]
    assert tree(tmp_path / "out") == wanted


def test_an_area_that_is_done_in_bands_has_nothing_beside_it(masks, tmp_path, monkeypatch):
    for time_, path in enumerate(sorted((masks / "cape").iterdir())):
        large = np.zeros((600, 400), np.uint8)
        large[500:548, 300:340] = mask_of(time_)
        write_mask(path, large, replace(GRID, shape_yx=large.shape))
    wanted = one_by_one(masks, tmp_path / "wanted")
    read = Calls(monkeypatch, room, "load_cube_of")
    run(masks, tmp_path / "out", memory_mb=8)
    assert read.aois == ["bay"]
    assert tree(tmp_path / "out") == wanted


def test_one_that_cannot_be_read_is_left_out(masks, tmp_path):
    for path in (masks / "cape").iterdir():
        path.write_bytes(path.read_bytes()[:100])
    events = []
    result = run(masks, tmp_path / "out", tell=events.append)
    assert list(result.failed) == ["cape"]
    assert result.failed["cape"].startswith("cape: none of its 3 masks could be used: ")
    assert sorted(result.gathered.counts) == ["bay", "dune"]
    told = [event.text for event in events if (event.step, event.state) == ("aoi", "failed")]
    assert told == [result.failed["cape"]]


def test_one_whose_reading_fails_half_way_is_left_out(masks, tmp_path):
    """Its files open; their pixels are not there."""
    path = sorted((masks / "cape").iterdir())[1]
    path.write_bytes(path.read_bytes()[:-60])
    result = run(masks, tmp_path / "out")
    assert list(result.failed) == ["cape"]
    assert str(path) in result.failed["cape"]
    assert sorted(result.gathered.counts) == ["bay", "dune"]


def test_what_changes_after_it_was_read_is_done_again(masks, tmp_path, monkeypatch):
    wanted = one_by_one(masks, tmp_path / "wanted")
    path = sorted((masks / "cape").iterdir())[1]
    other = sorted((masks / "cape").iterdir())[0].read_bytes()
    tracked = Calls(monkeypatch, pipeline_aoi, "track_aoi")
    tracked.before["cape"] = lambda: path.write_bytes(other)
    run(masks, tmp_path / "out")
    name = "buildings/cape.geojson"
    assert tree(tmp_path / "out")[name] == wanted[name]
    tracked.before.clear()
    done = {one.aoi: one.done for one in run(masks, tmp_path / "out").outcomes}
    assert "postprocess" in done["cape"]
    assert done["bay"] == done["dune"] == ()
    assert tree(tmp_path / "out")[name] != wanted[name]


def leftovers(out):
    return [
        path
        for path in out.rglob("*")
        if path.name == ".part" or path.name.startswith(".sn7fast-") or ".part." in path.name
    ]


def is_free(out, aoi):
    with locked(out / "state" / aoi / ".lock", aoi):
        return True


def test_an_interrupt_ends_the_prediction_that_was_begun(images, tmp_path, monkeypatch):
    wanted, out = one_by_one(images, tmp_path / "wanted"), tmp_path / "out"
    began, interrupted = threading.Event(), threading.Event()

    def slow(batch):
        if threading.current_thread() is not threading.main_thread() and is_at_work.is_set():
            began.set()
            assert interrupted.wait(LONG_S)
            # Until the run is known to be over.
            time.sleep(0.3)
        return pointwise(batch)

    def interrupt():
        is_at_work.set()
        assert began.wait(LONG_S)
        interrupted.set()
        raise KeyboardInterrupt

    is_at_work = threading.Event()
    tracked = Calls(monkeypatch, pipeline_aoi, "track_aoi")
    tracked.before["bay"] = interrupt
    model = fake_model(slow)
    with pytest.raises(KeyboardInterrupt, match="interrupted; what was finished is kept"):
        run(images, out, model=model)
    assert len(model.backend.calls) < 2 * 3, "all images of both areas were predicted"
    assert leftovers(out) == []
    assert all(is_free(out, aoi) for aoi in ("bay", "cape"))
    assert not (out / "state" / "dune").exists()
    assert not any(thread.name == "sn7fast-ahead" for thread in threading.enumerate())
    tracked.before.clear()
    run(images, out)
    assert tree(out) == wanted


@pytest.mark.skipif(os.name == "nt", reason="no locks there")
def test_an_interrupt_ends_the_wait_for_a_lock(masks, tmp_path, monkeypatch):
    out, waits = tmp_path / "out", threading.Event()
    tracked = Calls(monkeypatch, pipeline_aoi, "track_aoi")

    def interrupt():
        assert waits.wait(LONG_S)
        raise KeyboardInterrupt

    def tell(told):
        if told.aoi == "cape" and "waiting" in told.text:
            waits.set()

    tracked.before["bay"] = interrupt
    home = out / "state" / "cape"
    home.mkdir(parents=True)
    start = time.monotonic()
    with locked(home / ".lock", "cape"), pytest.raises(KeyboardInterrupt):
        run(masks, out, tell=tell, wait_s=100)
    assert time.monotonic() - start < 9, "waited for all of its time"
    assert leftovers(out) == []
    assert is_free(out, "bay")


def test_what_was_read_and_not_taken_is_given_up(masks, tmp_path, monkeypatch):
    out = tmp_path / "out"
    read = Calls(monkeypatch, room, "load_cube_of")
    tracked = Calls(monkeypatch, pipeline_aoi, "track_aoi")

    def interrupt():
        read.wait_for("cape")
        raise KeyboardInterrupt

    tracked.before["bay"] = interrupt
    with pytest.raises(KeyboardInterrupt):
        run(masks, out)
    assert read.aois == ["bay", "cape"]
    assert all(is_free(out, aoi) for aoi in ("bay", "cape"))


def test_news_come_one_at_a_time(images, tmp_path):
    inside, threads = [], set()

    def tell(told):
        inside.append(told)
        threads.add(threading.current_thread())
        time.sleep(0.001)
        assert inside == [told]
        inside.clear()

    run(images, tmp_path / "out", tell=tell)
    assert len(threads) == 2


def test_a_large_image_tells_of_its_batches(tmp_path):
    """So that a run that is over ends with the batch."""
    write_images(tmp_path / "in", 1)
    pixels = []

    def tell(told):
        if told.state == "pixels":
            pixels.append(told.pixels)

    from sn7fast.nn.settings import PredictSettings

    run(
        tmp_path / "in", tmp_path / "out", tell=tell, settings=PredictSettings(tile=16, batch=2)
    )  # fmt: skip
    assert len(pixels) > 3
    assert np.sum(pixels) == 48 * 40
