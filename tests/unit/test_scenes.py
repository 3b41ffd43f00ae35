"""Synthetic scenes: images with figures as in SpaceNet 7, and labels that say what is in them."""

import hashlib

import numpy as np
import pytest

from sn7fast.data.catalog import Catalog
from sn7fast.data.images import read_sn7_image
from sn7fast.data.labels import read_labels
from sn7fast.data.sn7 import sn7_grid
from sn7fast.data.synthetic import synthetic_scene
from sn7fast.data.synthetic.coverage import points_in, share_of_pixels
from sn7fast.data.valid import valid_pixels
from sn7fast.errors import InputError
from sn7fast.io.rasters import read_mask
from sn7fast.rasterize import rasterize


def small(**changes):
    arguments = {"seed": 3, "shape_yx": (128, 160), "months": 4, "kind": "town"}
    return synthetic_scene(**{**arguments, **changes})


def digest(scene):
    arrays = scene.truth.footprints.coords, scene.truth.ids, scene.cloud_masks, scene.images_masked
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


def test_same_seed_same_bytes():
    assert digest(small()) == digest(small())
    assert digest(small()) != digest(small(seed=4))


def test_a_month_looks_the_same_whatever_was_painted_before():
    one, other = small(), small()
    last = one.image(one.months[-1])
    for month in other.months:
        painted = other.image(month)
    assert np.array_equal(last, painted)


def test_form():
    scene = small(cloud_chance=1)
    for images in (scene.images, scene.images_masked):
        assert images.shape == (4, 128, 160, 4)
        assert images.dtype == np.uint8
        assert set(np.unique(images[..., 3])) <= {0, 255}
        is_black = (images[..., :3] == 0).all(axis=3)
        assert np.array_equal(is_black, images[..., 3] == 0)


def test_clouds_hide_what_the_masks_say():
    scene = small(seed=1, cloud_chance=1, months=6)
    is_cloud = scene.cloud_masks > 0
    assert is_cloud.any()
    shown = scene.images_masked[..., 3] > 0
    assert np.array_equal(shown, scene.valid)
    assert np.array_equal(shown, ~is_cloud & scene.frame_mask)
    # As delivered the clouds are there to be seen, and nothing else differs.
    delivered, masked = scene.images, scene.images_masked
    assert np.array_equal(delivered[shown], masked[shown])
    hidden = is_cloud & scene.frame_mask
    clear = small(seed=1, cloud_chance=0, months=6).images
    assert delivered[hidden][:, :3].mean() > clear[hidden][:, :3].mean() + 20


def test_buildings_under_cloud_come_back_with_their_id():
    scene = small(seed=1, cloud_chance=0.6, months=8, births_per_month=0)
    everything = set(scene.truth.ids.tolist())
    hidden = 0
    for index, month in enumerate(scene.months):
        ids = set(scene.truth.ids[scene.truth.rows(month)].tolist())
        if not scene.cloud_masks[index].any():
            assert ids == everything
        hidden += len(everything - ids)
    assert hidden > 0


def test_ring_at_the_edge():
    masks = [small(seed=seed, months=1).frame_mask for seed in range(12)]
    rings = [mask for mask in masks if not mask.all()]
    assert 0 < len(rings) < 12
    assert rings[0][1:-1, 1:-1].all()
    assert not rings[0][0].any()


def test_roofs_stand_where_labels_are():
    """Some houses are bright on dark ground, others the reverse: edges lie at their outlines."""
    ratios = []
    for seed in range(6):
        scene = small(seed=seed, shape_yx=(256, 256), cloud_chance=0, months=1)
        image = scene.image(scene.months[0])[..., :3].astype(float).mean(axis=2)
        mask = rasterize(scene.truth.frame(scene.months[0]), (256, 256)) > 0
        steps = np.abs(np.diff(image, axis=1))
        is_outline = mask[:, 1:] != mask[:, :-1]
        ratios.append(steps[is_outline].mean() / steps[~is_outline].mean())
    assert min(ratios) > 1.3
    assert np.median(ratios) > 2


def test_a_house_is_built_in_the_month_of_its_label():
    scene = small(seed=2, months=12, births_per_month=8, cloud_chance=0, shape_yx=(192, 192))
    before, after = scene.months[0], scene.months[-1]
    ids = [scene.truth.ids[scene.truth.rows(month)] for month in (before, after)]
    new = scene.truth.frame(after)[~np.isin(ids[1], ids[0])]
    assert len(new) > 20
    masks = rasterize(new, (192, 192)) > 0, rasterize(scene.truth.frame(before), (192, 192)) == 0
    change = np.abs(scene.image(after)[..., :3].astype(float) - scene.image(before)[..., :3])
    change = change.mean(axis=2)
    assert change[masks[0]].mean() > 1.3 * change[~masks[0] & masks[1]].mean()


def test_statistics_as_in_spacenet():
    means, stds, shares, areas = [], [], [], []
    for seed in range(60):
        scene = synthetic_scene(seed=seed, shape_yx=(160, 160), months=1, cloud_chance=0)
        month = scene.months[0]
        pixels = scene.image(month)[scene.frame_mask][:, :3].astype(float)
        means.append(pixels.mean(axis=0))
        stds.append(pixels.std(axis=0))
        shares.append((rasterize(scene.truth.frame(month), (160, 160)) > 0).mean())
        areas.append(scene.truth.frame(month).areas)
    # SpaceNet 7: 119.8, 105.2, 77.3 and 39.5, 31.4, 28.3.
    assert np.mean(means, axis=0) == pytest.approx([119.8, 105.2, 77.3], rel=0.12)
    assert np.mean(stds, axis=0) == pytest.approx([39.5, 31.4, 28.3], rel=0.25)
    # Areas differ as much as those of SpaceNet 7, of which one is as dark as this.
    assert np.min(means, axis=0)[0] < 85
    assert np.mean(shares) == pytest.approx(0.066, abs=0.03)
    assert max(shares) > 0.15
    assert np.mean(np.concatenate(areas)) == pytest.approx(15, rel=0.35)
    assert np.median(np.concatenate(areas)) == pytest.approx(11, rel=0.25)


def test_layout_is_read_back(tmp_path):
    scene = small(cloud_chance=0.7, seed=1, months=4)
    home = scene.write_sn7(tmp_path)
    assert home == tmp_path / scene.aoi
    catalog = Catalog.scan(tmp_path)
    assert catalog.names == (scene.aoi,)
    assert catalog.ignored == ()
    assert [files.month for files in catalog.files()] == list(scene.months)
    for index, files in enumerate(catalog.files()):
        image, valid, grid = read_sn7_image(files)
        painted = scene.image(files.month)
        assert np.array_equal(np.moveaxis(image, 0, -1), painted[..., :3])
        assert np.array_equal(valid, painted[..., 3] > 0)
        assert np.array_equal(valid_pixels(files), scene.valid[index])
        assert grid == scene.grid
        assert (files.udm_mask is not None) == scene.cloud_masks[index].any()
        labels = scene.truth.frame(files.month)
        for path in (files.labels_match_pix, files.labels_match, files.labels):
            found = read_labels(
                path, grid, in_pixels=path == files.labels_match_pix, default_crs="OGC:CRS84"
            )
            assert np.allclose(found.coords, labels.coords, atol=1e-4)
        burnt, _ = read_mask(files.mask)
        assert np.array_equal(burnt, rasterize(labels, grid.shape_yx))


def test_1023_rows(tmp_path):
    scene = synthetic_scene(seed=1, shape_yx=(1023, 1024), months=1, cloud_chance=1)
    assert scene.image(scene.months[0]).shape == (1023, 1024, 4)
    scene.write_sn7(tmp_path)
    files = next(Catalog.scan(tmp_path).files())
    udm, _ = read_mask(files.udm_mask)
    assert udm.shape == (1024, 1024)
    assert np.array_equal(udm[:1023], scene.cloud_masks[0])


def test_each_seed_has_its_place():
    scenes = [small(seed=seed, months=1) for seed in (0, 1, 255, 256, 65535)]
    assert len({scene.aoi for scene in scenes}) == 5
    for scene in scenes:
        assert scene.grid == sn7_grid(scene.aoi, (128, 160))


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"seed": -1}, "seed"),
        ({"months": 0}, "months"),
        ({"shape_yx": (63, 100)}, "shape_yx: got"),
        ({"biome": "moon"}, "biome: got 'moon'"),
        ({"kind": "port"}, "kind: got 'port'"),
        ({"buildings": 0}, "buildings"),
        ({"cloud_chance": float("nan")}, "cloud_chance"),
        ({"births_per_month": -1}, "births_per_month"),
        ({"aoi": "town"}, "aoi: got 'town'"),
    ],
)
def test_bad_arguments(arguments, named):
    with pytest.raises(InputError, match=named):
        small(**arguments)


def test_no_such_month():
    with pytest.raises(InputError, match="1999_01"):
        small().image("1999_01")


def test_footprints_are_valid_and_do_not_overlap_however_streets_bend():
    shapely = pytest.importorskip("shapely")
    bent = 0
    for seed in range(8):
        scene = small(seed=seed, shape_yx=(256, 256), months=1, cloud_chance=0)
        bent += scene.character.warp_px > 0
        polygons = scene.truth.footprints.to_shapely()
        assert shapely.is_valid(polygons).all()
        total = shapely.area(polygons).sum()
        assert shapely.area(shapely.union_all(polygons)) == pytest.approx(total, rel=2e-3)
    assert bent > 2


def test_points_cover_the_area_of_houses():
    # 6.3 px square, of which a quarter is missing.
    corners = np.array([[[10.0, 10], [16, 12], [15, 15], [12, 14], [11, 17], [8, 16]]])
    assert len(points_in(corners, (32, 32)).place) / 16 == pytest.approx(30, rel=0.03)
    # Those beyond the frame are left out, and each point lies in one place.
    places = points_in(corners - 11, (32, 32)).place
    assert len(np.unique(places)) == len(places) < 16 * 29
    assert share_of_pixels(places, (32, 32)).sum() * 16 == len(places)
