"""The synthetic AOI: figures as in SpaceNet 7, truth that is true, the same bytes every time."""

import hashlib

import numpy as np
import pytest

from sn7fast.data.sn7 import sn7_grid, sn7_stem
from sn7fast.data.synthetic import synthetic_stack
from sn7fast.data.synthetic.fields import value_noise
from sn7fast.errors import InputError
from sn7fast.rasterize import rasterize


@pytest.fixture(scope="module")
def made():
    return synthetic_stack(seed=5, months=24, buildings=4700, births_per_month=22.5)


def digest(aoi):
    parts = (*aoi.truth.footprints.arrays[:3], aoi.truth.ids, aoi.truth.frame_offsets)
    masks = (aoi.truth_masks, aoi.predicted_masks, aoi.cloud_masks)
    return hashlib.sha256(b"".join(part.tobytes() for part in (*parts, *masks))).hexdigest()


def small(**changes):
    arguments = {"seed": 1, "shape_yx": (120, 150), "months": 5, "buildings": 60}
    return synthetic_stack(**{**arguments, **changes})


def test_same_seed_same_bytes():
    assert digest(small()) == digest(small())
    assert digest(small()) != digest(small(seed=2))


def test_form():
    made = small()
    assert made.truth_masks.shape == made.predicted_masks.shape == (5, 120, 150)
    for masks in (made.truth_masks, made.predicted_masks, made.cloud_masks):
        assert masks.dtype == np.uint8
        assert set(np.unique(masks)) <= {0, 255}
    assert made.grid == sn7_grid(made.aoi, (120, 150))
    assert len(made.months) == 5
    assert list(made.months) == sorted(set(made.months))


def test_areas_as_in_spacenet(made):
    areas = made.truth.frame(made.months[-1]).areas
    assert areas.mean() == pytest.approx(15, rel=0.1)
    assert np.median(areas) == pytest.approx(11, rel=0.1)
    assert 0.02 < (areas < 4).mean() < 0.2
    assert areas.max() > 100


def test_count_and_births():
    made = synthetic_stack(
        seed=5,
        shape_yx=(512, 512),
        months=24,
        buildings=2000,
        births_per_month=22.5,
        cloud_chance=0,
    )
    standing = np.diff(made.truth.frame_offsets)
    assert standing[-1] == 2000
    births = 2000 - standing[0]
    months = 12 * int(made.months[-1][:4]) + int(made.months[-1][5:]) - 12 * 2018
    assert births == pytest.approx(22.5 * (months - 1), rel=0.2)
    assert (np.diff(standing) >= 0).all()


def test_one_to_three_months_are_missing(made):
    first, last = (12 * int(month[:4]) + int(month[5:]) for month in made.months[::23])
    assert 1 <= last - first + 1 - 24 <= 3


def test_clouds_as_in_spacenet():
    covers = []
    for seed in range(40):
        aoi = synthetic_stack(seed=seed, shape_yx=(64, 64), months=12, buildings=5)
        covers.append((aoi.cloud_masks > 0).mean(axis=(1, 2)))
    cover = np.concatenate(covers)
    assert cover.max() <= 0.6
    assert cover.mean() == pytest.approx(0.06, abs=0.02)
    assert (cover > 0).mean() == pytest.approx(0.4, abs=0.08)


def test_buildings_under_cloud_are_missing_and_come_back_with_their_id(made):
    came_back = 0
    for before, month, after in zip(made.months, made.months[1:], made.months[2:], strict=False):
        ids = [set(made.truth.ids[made.truth.rows(m)].tolist()) for m in (before, month, after)]
        gone = (ids[0] & ids[2]) - ids[1]
        came_back += len(gone)
        if gone:
            assert made.cloud_masks[made.months.index(month)].any()
    assert came_back > 0
    cloudiest = int(made.cloud_masks.mean(axis=(1, 2)).argmax())
    middles = middle_pixels(made.truth.frame(made.months[cloudiest]))
    assert not made.cloud_masks[cloudiest][middles].any()
    assert (made.truth_masks[cloudiest][made.cloud_masks[cloudiest] > 0] > 0).any()


def middle_pixels(footprints):
    """Row and column in the middle of the corners of each footprint."""
    points = [np.unique(one.coords[:-1], axis=0) for one in footprints]
    corners = [p.mean(axis=0) if len(p) == 4 else None for p in points]
    x, y = np.floor([corner for corner in corners if corner is not None]).astype(int).T
    return y, x


def test_a_building_keeps_its_shape(made):
    shapes = {}
    areas = made.truth.footprints.areas
    for building, area in zip(made.truth.ids.tolist(), areas.tolist(), strict=True):
        assert shapes.setdefault(building, area) == area


def test_ids_of_the_first_month_by_descending_area(made):
    rows = made.truth.rows(made.months[0])
    order = np.argsort(made.truth.ids[rows])
    assert (np.diff(made.truth.footprints.areas[rows][order]) <= 0).all()


def test_clear_truth_masks_are_the_buildings(made):
    for index, month in enumerate(made.months):
        if not made.cloud_masks[index].any():
            burnt = rasterize(made.truth.frame(month), made.grid.shape_yx)
            assert np.array_equal(burnt, made.truth_masks[index])


def test_footprints_do_not_overlap(made):
    shapely = pytest.importorskip("shapely")
    polygons = made.truth.frame(made.months[-1]).to_shapely()
    assert shapely.is_valid(polygons).all()
    total = shapely.area(polygons).sum()
    assert shapely.area(shapely.union_all(polygons)) == pytest.approx(total, rel=2e-3)


def test_no_noise_sees_all_but_clouds():
    made = small(noise=0, cloud_chance=1)
    assert made.cloud_masks.any()
    seen = np.where(made.cloud_masks > 0, np.uint8(0), made.truth_masks)
    assert np.array_equal(made.predicted_masks, seen)


def test_noise_of_a_network(made):
    clear = made.cloud_masks == 0
    truth, seen = (made.truth_masks > 0) & clear, made.predicted_masks > 0
    iou = (truth & seen).sum() / (truth | seen).sum()
    assert 0.65 < iou < 0.9
    assert (truth & ~seen).any()
    assert (seen & ~truth).any()
    assert not (seen & ~clear).any()


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"buildings": 10**6}, "buildings: got 1000000"),
        ({"buildings": 0}, "buildings"),
        ({"months": 0}, "months"),
        ({"seed": -1}, "seed"),
        ({"shape_yx": (0, 5)}, "shape_yx"),
        ({"noise": -1}, "noise"),
        ({"cloud_chance": 2}, "cloud_chance"),
        ({"births_per_month": float("nan")}, "births_per_month"),
        ({"aoi": "town"}, "aoi: got 'town'"),
    ],
)
def test_bad_arguments(arguments, named):
    with pytest.raises(InputError, match=named):
        small(**arguments)


def test_one_month_of_one_building():
    made = small(months=1, buildings=1)
    assert len(made.truth) <= 1
    assert made.months == ("2018_01",)


def test_value_noise_is_smooth_and_in_range():
    field = value_noise(np.random.default_rng(0), (100, 130), cell_px=10)
    assert field.shape == (100, 130)
    assert np.abs(field).max() <= 1
    assert np.abs(np.diff(field, axis=0)).max() < 0.35


@pytest.mark.parametrize(
    ("aoi", "left", "top"),
    [
        # From the images of these areas.
        ("L15-1615E-1205N_6460_3370_13", 11564616.62983409, 3551570.0817554137),
        ("L15-0331E-1257N_1327_3160_13", -13545864.404585794, 4578883.742395196),
    ],
)
def test_georeference_from_the_name(aoi, left, top):
    a, b, c, d, e, f = sn7_grid(aoi).transform
    assert (c, f) == pytest.approx((left, top), abs=0.002)
    assert (a, b, d, e) == pytest.approx((4.77731426716, 0, 0, -4.77731426716), abs=1e-8)


def test_stem():
    assert sn7_stem("A", "2018_01") == "global_monthly_2018_01_mosaic_A"
