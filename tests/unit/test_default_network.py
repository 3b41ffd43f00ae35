"""The network that comes with sn7fast: what it is, and that it sees houses it never saw before."""

import numpy as np
import pytest

pytest.importorskip("onnxruntime")

from sn7fast import Footprints, Stack, polygonize, rasterize, score_f1
from sn7fast.data.catalog import Catalog
from sn7fast.data.images import read_sn7_image
from sn7fast.data.labels import read_labels
from sn7fast.data.synthetic import synthetic_scene
from sn7fast.nn.model import default_model, load_model

MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def model():
    return load_model(threads=1)


def figures(model, image, labels):
    """Pixel IoU, and F1 of footprints at IoU 0.25."""
    logits = model(image[None])[0, 0]
    true = rasterize(labels, logits.shape) > 0
    iou = ((logits > 0) & true).sum() / ((logits > 0) | true).sum()
    large = labels[np.flatnonzero(labels.areas >= 4)]
    found = polygonize(logits, min_area_px=4)
    assert isinstance(found, Footprints)
    stacks = [Stack.from_frames([one], months=["2020_01"], aoi="one") for one in (large, found)]
    return float(iou), score_f1(*stacks).pooled.f1


def test_it_is_small_and_says_how_to_feed_it(model):
    assert default_model().stat().st_size <= MOST_BYTES
    spec = model.spec
    assert (spec.outputs, spec.scale, spec.gives) == (
        ("footprint", "boundary", "contact"),
        1,
        "logits",
    )
    assert (spec.bands, spec.pixels) == (("red", "green", "blue"), "uint8")
    assert spec.info["training"]["recipe"] == "default"


def test_on_scenes_it_has_not_seen(model):
    """Seeds far from those of its training; the card has the figures of larger ones."""
    found = []
    for seed in (50_100, 50_101, 50_102, 50_103):
        scene = synthetic_scene(seed=seed, shape_yx=(256, 256), months=1, cloud_chance=0)
        (month,) = scene.months
        image = np.ascontiguousarray(scene.image(month)[..., :3].transpose(2, 0, 1))
        found.append(figures(model, image, scene.truth.frame(month)))
    iou, f1 = np.mean(found, axis=0)
    assert iou > 0.35
    assert f1 > 0.4


def test_on_the_real_tile(model, real_data):
    """Never trained on. The bounds are a little below the card's figures."""
    (files,) = Catalog.scan(real_data / "sn7-full-tile").files()
    image, _, grid = read_sn7_image(files)
    labels = read_labels(files.labels_match_pix, grid, in_pixels=True)
    iou, f1 = figures(model, image, labels)
    assert iou > 0.38
    assert f1 > 0.45


def test_what_it_says_does_not_depend_on_threads():
    """Workers have fewer of them than a process that is alone, and must make the same bytes."""
    images = np.random.default_rng(0).integers(0, 256, (2, 3, 200, 264), np.uint8)
    wanted = load_model(threads=1)(images)
    for threads in (2, 3, 4, 7):
        np.testing.assert_array_equal(load_model(threads=threads)(images), wanted)


def test_threads_of_the_environment(monkeypatch):
    """That is how a worker tells the network how many it may use."""
    monkeypatch.setenv("SN7FAST_NUM_THREADS", "3")
    monkeypatch.setattr("sn7fast.nn.backend_onnx.get_num_threads", lambda: 3)
    assert load_model().backend.threads == 3
    assert load_model(threads=1).backend.threads == 1
    monkeypatch.delenv("SN7FAST_NUM_THREADS")
    assert load_model().backend.threads is None
