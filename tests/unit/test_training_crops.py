"""What is decoded, cut and changed before a network sees it."""

import csv
import json

import numpy as np
import pytest

pytest.importorskip("torch")

from sn7fast.data.catalog import Catalog
from sn7fast.data.prep import TRAIN_TABLE, PrepOptions, prepare
from sn7fast.data.sn7 import sn7_aoi
from sn7fast.errors import InputError, RasterError
from sn7fast.io.rasters import opened, write_bands, write_mask
from sn7fast.nn.spec import ModelSpec
from sn7fast.nn.training.augment import blurred, changes_light, relit, turned
from sn7fast.nn.training.crops import Crops
from sn7fast.nn.training.order import Batches
from sn7fast.nn.training.pixels import (
    CHANNEL_BIT,
    VALID_BIT,
    decode,
    mean_and_deviation,
    read_table,
)
from sn7fast.nn.training.recipe import Augment, Recipe
from tiny_training import CHANNELS, recipe, write_prepared, write_scene

SPEC = ModelSpec.small(width=4, depth=2, outputs=("footprint",))
STRONG = Augment(
    flip_x=0.5, flip_y=0.5, rotate90=1, brightness=20, contrast=0.3, gamma=0.3, colour=8,
    saturation=0.4, noise=4, grain=4, blur=1, sharpen=1, haze=0.3,
)  # fmt: skip


def read(path):
    with opened(path) as dataset:
        return dataset.read()


def crops(prepared, cache, *, training=True, spec=SPEC, **changes):
    made = Recipe.model_validate(recipe(prepared, **changes))
    return Crops(cache, decode(read_table(prepared), cache), made, spec, training=training)


def test_decoded_pixels_are_those_of_the_files(tmp_path):
    prepared = write_prepared(
        tmp_path, channels=CHANNELS, scale=2, cloud=(slice(5, 20), slice(0, 30))
    )
    samples = read_table(prepared)
    assert len(samples) == 6
    for sample, pixels in zip(samples, decode(samples, tmp_path / "cache"), strict=True):
        image, target = pixels.arrays(tmp_path / "cache")
        stored = read(sample.image)
        np.testing.assert_array_equal(np.moveaxis(image, -1, 0), stored[:3])
        valid = (stored[3] > 0).repeat(2, 0).repeat(2, 1)
        np.testing.assert_array_equal((target & VALID_BIT) > 0, valid)
        for name, band in zip(CHANNELS, read(sample.mask), strict=True):
            np.testing.assert_array_equal((target & CHANNEL_BIT[name]) > 0, band > 0)
        assert (pixels.scale, pixels.channels, pixels.shape_yx) == (2, CHANNELS, (72, 80))


def test_mean_and_deviation_over_valid_pixels(tmp_path):
    prepared = write_prepared(tmp_path, cloud=(slice(5, 20), slice(0, 30)))
    samples = read_table(prepared)
    mean, std = mean_and_deviation(decode(samples, tmp_path / "cache"))
    images = [read(sample.image) for sample in samples]
    values = np.concatenate([image[:3, image[3] > 0] for image in images], axis=1)
    np.testing.assert_allclose(mean, values.mean(1), rtol=1e-12)
    np.testing.assert_allclose(std, values.std(1), rtol=1e-12)
    with pytest.raises(InputError, match="no pixel of the training images is valid"):
        mean_and_deviation([])


def test_a_cache_is_used_again_until_a_file_changes(tmp_path):
    prepared = write_prepared(tmp_path, aois=1)
    samples, cache = read_table(prepared), tmp_path / "cache"
    first = decode(samples, cache)
    stamp = (cache / "index.json").stat().st_mtime_ns
    assert decode(samples, cache) == first
    assert (cache / "index.json").stat().st_mtime_ns == stamp
    mask = read(samples[0].mask)
    mask[:] = 0
    write_bands(samples[0].mask, mask, names=["footprint"])
    target = decode(samples, cache)[0].arrays(cache)[1]
    assert not (target & CHANNEL_BIT["footprint"]).any()


def test_a_valid_raster_counts_too(tmp_path):
    write_scene(tmp_path / "data", sn7_aoi(1000, 3000), "2018_01")
    options = PrepOptions(valid=True)
    (aoi,) = prepare(Catalog.scan(tmp_path / "data"), tmp_path / "prepared", options)
    seen = np.full((72, 80), 255, np.uint8)
    seen[:9, :9] = 0
    write_mask(aoi.months[0].valid, seen)
    image, target = decode(read_table(tmp_path / "prepared"), tmp_path / "cache")[0].arrays(
        tmp_path / "cache"
    )
    np.testing.assert_array_equal((target & VALID_BIT) > 0, seen > 0)
    assert not image[:9, :9].any()


def test_a_folder_that_is_no_cache_stays(tmp_path):
    prepared = write_prepared(tmp_path, aois=1)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").touch()
    with pytest.raises(InputError, match="mine: is no cache"):
        decode(read_table(prepared), tmp_path / "mine")
    assert (tmp_path / "mine/thesis.txt").exists()


def test_image_and_mask_of_different_size(tmp_path):
    prepared = write_prepared(tmp_path, aois=1)
    sample = read_table(prepared)[1]
    write_bands(sample.mask, np.zeros((1, 71, 80), np.uint8), names=["footprint"])
    with pytest.raises(RasterError, match=r"_Buildings\.tif: got 71 x 80 .* has 72 x 80"):
        decode(read_table(prepared), tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_labels_outside_their_image_are_refused_before(tmp_path):
    far = [(500, 500, 510, 510)]
    with pytest.raises(InputError, match="all 1 footprints lie outside the image"):
        write_prepared(tmp_path, aois=1, houses=far)
    partly = [(-4, 3, 5, 9), (78, 70, 90, 80), (300, 300, 310, 310)]
    prepared = write_prepared(tmp_path / "other", aois=1, months=1, houses=partly)
    (pixels,) = decode(read_table(prepared), tmp_path / "cache")
    target = pixels.arrays(tmp_path / "cache")[1]
    assert np.count_nonzero(target & CHANNEL_BIT["footprint"]) == 5 * 6 + 2 * 2


def test_missing_table_image_and_rows(tmp_path):
    with pytest.raises(InputError, match=f"{TRAIN_TABLE}: cannot be opened"):
        read_table(tmp_path)
    with (tmp_path / TRAIN_TABLE).open("w", newline="") as file:
        csv.writer(file).writerow(["image", "label"])
    with pytest.raises(InputError, match="at least one row"):
        read_table(tmp_path)
    prepared = write_prepared(tmp_path / "other", aois=1)
    samples = read_table(prepared)
    samples[0].image.unlink()
    with pytest.raises(InputError, match=f"{samples[0].image.name}: does not exist"):
        decode(samples, tmp_path / "cache")


def test_a_mask_with_other_bands(tmp_path):
    prepared = write_prepared(tmp_path, aois=1)
    write_bands(read_table(prepared)[0].mask, np.zeros((1, 72, 80), np.uint8), names=["roof"])
    with pytest.raises(RasterError, match="got bands roof"):
        decode(read_table(prepared), tmp_path / "cache")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"crops__size": 80}, "crops.size: got 80, .* has 72 x 80"),
        ({"data__channels": ["footprint", "contact"]}, "got contact, the mask of .* has footprint"),
        ({"data__scale": 2}, "data.scale: got 2, the mask of .* has scale 1"),
    ],
)
def test_crops_that_the_data_cannot_give(tmp_path, changes, message):
    prepared = write_prepared(tmp_path, aois=1)
    with pytest.raises(InputError, match=message):
        crops(prepared, tmp_path / "cache", **changes)


def test_a_crop_is_the_same_whoever_asks(tmp_path):
    prepared = write_prepared(tmp_path)
    one = crops(prepared, tmp_path / "cache", augment=STRONG.model_dump())
    other = crops(prepared, tmp_path / "cache", augment=STRONG.model_dump())
    assert len(one) == 6 * 3
    backwards = [other[2, index] for index in reversed(range(18))][::-1]
    for index in range(18):
        for a, b in zip(one[2, index], backwards[index], strict=True):
            np.testing.assert_array_equal(a, b)
    assert not np.array_equal(one[2, 5][0], one[3, 5][0])
    assert not np.array_equal(one[2, 5][0], one[2, 11][0])  # the same image once more


def test_what_a_crop_is(tmp_path):
    prepared = write_prepared(tmp_path, channels=CHANNELS, scale=2)
    changes = {"data__scale": 2, "data__channels": ["footprint", "boundary"]}
    spec = ModelSpec.small(scale=2, outputs=("footprint", "boundary"))
    image, target, counts = crops(prepared, tmp_path / "cache", spec=spec, **changes)[0, 0]
    assert (image.shape, image.dtype) == ((3, 16, 16), np.float32)
    assert (target.shape, target.dtype) == ((2, 32, 32), bool)
    assert (counts.shape, counts.all()) == ((1, 32, 32), True)
    spec = ModelSpec.xdxd(scale=2)
    enlarged = crops(prepared, tmp_path / "cache", spec=spec, **changes)[0, 0][0]
    assert enlarged.shape == (3, 32, 32)


def test_masked_pixels(tmp_path):
    prepared = write_prepared(tmp_path, months=1, cloud=(slice(0, 40), slice(0, 80)))
    strong = {"augment": STRONG.model_dump(), "crops__size": 64}
    for index in range(9):
        image, _, counts = crops(prepared, tmp_path / "cache", **strong)[0, index]
        assert counts.any() != counts.all()
        assert not image[:, ~counts[0]].any()
    held = crops(prepared, tmp_path / "cache", data__ignore_masked=False)
    assert all(held[0, index][2].all() for index in range(9))


def test_crops_to_validate_with(tmp_path):
    prepared = write_prepared(tmp_path, aois=1, months=1)
    cache = tmp_path / "cache"
    stored = read(read_table(prepared)[0].image)[:3]
    grid = crops(prepared, cache, training=False)
    assert len(grid) == 3 * 3
    seen = np.zeros((72, 80), bool)
    for index, (row, column) in enumerate((r, c) for r in (0, 32, 40) for c in (0, 32, 48)):
        np.testing.assert_array_equal(
            grid[0, index][0], stored[:, row : row + 32, column : column + 32]
        )
        seen[row : row + 32, column : column + 32] = True
    assert seen.all()
    centre = crops(prepared, cache, training=False, crops__validation="centre")
    assert len(centre) == 1
    np.testing.assert_array_equal(centre[7, 0][0], stored[:, 20:52, 24:56])


def test_crops_around_buildings(tmp_path):
    houses = [(60, 50, 64, 54)]
    prepared = write_prepared(tmp_path, aois=1, months=1, houses=houses)
    few = {"crops__size": 16, "crops__per_image": 40, "augment": {}}
    centred = crops(prepared, tmp_path / "cache", crops__building_centred=1, **few)
    anywhere = crops(prepared, tmp_path / "cache", **few)
    assert all(centred[0, index][1][:, 5:11, 5:11].any() for index in range(40))
    assert sum(anywhere[0, index][1].any() for index in range(40)) < 20


# Changes


def test_image_and_target_turn_alike():
    image = np.arange(36, dtype=np.uint8).reshape(6, 6)
    fine = image.repeat(2, 0).repeat(2, 1)
    seen = set()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        turned_image, target = turned(rng, image[..., None], fine, STRONG)
        np.testing.assert_array_equal(target[::2, ::2], turned_image[..., 0])
        seen.add(turned_image.tobytes())
    assert len(seen) == 8


def test_no_change_without_chances():
    image = np.arange(27, dtype=np.uint8).reshape(3, 3, 3)
    same, target = turned(np.random.default_rng(0), image, image[..., 0], Augment())
    np.testing.assert_array_equal(same, image)
    np.testing.assert_array_equal(target, image[..., 0])
    assert not changes_light(Augment(flip_x=1))
    np.testing.assert_array_equal(relit(np.random.default_rng(0), image, Augment()), image)


@pytest.mark.parametrize(
    "name",
    [
        "brightness",
        "contrast",
        "gamma",
        "colour",
        "saturation",
        "noise",
        "grain",
        "blur",
        "sharpen",
        "haze",
    ],
)
def test_each_change_of_light(name):
    image = np.random.default_rng(1).integers(0, 256, (20, 20, 3), np.uint8)
    augment = Augment(**{name: 0.5})
    assert changes_light(augment)
    changed = 0
    for seed in range(16):
        lit = relit(np.random.default_rng(seed), image, augment)
        assert (lit.dtype, lit.shape) == (np.float32, image.shape)
        assert lit.min() >= 0
        assert lit.max() <= 255
        changed += not np.array_equal(lit, image)
    assert changed >= 3


def test_blur_keeps_the_mean_and_flat_ground():
    flat = np.full((12, 9, 3), 77, np.float32)
    np.testing.assert_allclose(blurred(flat, 1.3), flat, rtol=1e-6)
    point = np.zeros((31, 31, 1), np.float32)
    point[15, 15] = 1000
    wide = blurred(point, 1.5)
    assert wide.sum() == pytest.approx(1000, rel=1e-5)
    offsets = np.arange(31) - 15
    variance = (wide[..., 0].sum(0) * offsets**2).sum() / 1000
    assert variance == pytest.approx(1.5**2, rel=0.05)


# Order


def test_each_crop_comes_once_an_epoch_in_another_order():
    order = Batches(10, 4, seed=5)
    first = [name for batch in order for name in batch]
    assert [len(batch) for batch in order] == [4, 4, 2]
    assert sorted(index for _, index in first) == list(range(10))
    order.epoch = 1
    second = [name for batch in order for name in batch]
    assert [i for _, i in first] != [i for _, i in second]
    assert {epoch for epoch, _ in second} == {1}
    order.first = 2
    assert [name for batch in order for name in batch] == second[8:]
    assert len(order) == 3


@pytest.mark.parametrize("count", [10, 11, 2])
def test_processes_share_an_epoch(count):
    def share(seed, rank):
        return [
            name for batch in Batches(count, 3, seed=seed, rank=rank, world=3) for name in batch
        ]

    shares = [share(0, rank) for rank in range(3)]
    assert len({len(share) for share in shares}) == 1
    assert {index for share in shares for _, index in share} == set(range(count))
    fixed = [share(None, rank) for rank in range(3)]
    assert sorted(index for share in fixed for _, index in share) == list(range(count))


def test_the_index_names_its_sources(tmp_path):
    prepared = write_prepared(tmp_path, aois=1, months=1)
    decode(read_table(prepared), tmp_path / "cache")
    index = json.loads((tmp_path / "cache/index.json").read_text())
    assert len(index["sources"][0]["files"]) == 2
