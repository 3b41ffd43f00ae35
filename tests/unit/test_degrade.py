"""True masks made worse: the same bytes every time, each fault visible, none at strength 0."""

from dataclasses import fields

import numpy as np
import pytest
import shapely

from scenes import stack as stack_of
from sn7fast import polygonize, polygonize_frames, track
from sn7fast.data.degrade import Degraded, Faults, degrade
from sn7fast.data.synthetic import synthetic_stack
from sn7fast.errors import InputError

NONE = dict.fromkeys((field.name for field in fields(Faults)), 0.0)


@pytest.fixture(scope="module")
def masks():
    made = synthetic_stack(seed=3, shape_yx=(160, 200), months=8, buildings=300, cloud_chance=0)
    return made.truth_masks


def only(**faults):
    return Faults(**{**NONE, **faults})


def count(mask):
    return len(polygonize(mask))


def test_same_seed_same_bytes(masks):
    one, same, other = (degrade(masks, seed=s, probabilities=True) for s in (4, 4, 5))
    for name in ("masks", "valid", "prob", "shifts_px"):
        assert np.array_equal(getattr(one, name), getattr(same, name))
        assert not np.array_equal(getattr(one, name), getattr(other, name))


def test_form(masks):
    seen = degrade(masks, seed=1, probabilities=True)
    assert isinstance(seen, Degraded)
    assert seen.masks.shape == seen.valid.shape == seen.prob.shape == masks.shape
    assert seen.masks.dtype == seen.prob.dtype == np.uint8
    assert seen.valid.dtype == bool
    assert set(np.unique(seen.masks)) == {0, 255}
    assert degrade(masks, seed=1).prob is None
    assert np.array_equal(degrade(masks, seed=1).masks, seen.masks)


def test_strength_0_changes_nothing(masks):
    seen = degrade(masks, seed=1, strength=0, probabilities=True)
    assert np.array_equal(seen.masks, masks)
    assert np.array_equal(seen.prob, masks)
    assert seen.valid.all()
    assert not seen.shifts_px.any()


def test_more_strength_is_worse(masks):
    agreement = []
    for strength in (0, 0.5, 1, 2):
        seen = degrade(masks, seed=1, strength=strength, faults=Faults(cloud_chance=0)).masks
        agreement.append(((seen & masks) > 0).sum() / ((seen | masks) > 0).sum())
    assert agreement == sorted(agreement, reverse=True)
    assert agreement[0] == 1
    assert 0.3 < agreement[2] < 0.9


def test_stack_and_its_masks_are_the_same(masks):
    stack = polygonize_frames(masks, months=[f"2018_{m:02}" for m in range(1, 9)])
    for given in (stack, track(stack)):
        seen = degrade(given, seed=2, shape_yx=masks.shape[1:])
        assert np.array_equal(seen.masks, degrade(masks, seed=2).masks)


def test_probabilities_agree_with_the_masks(masks):
    seen = degrade(masks, seed=1, strength=1.5, probabilities=True)
    assert np.array_equal(seen.prob > 127, seen.masks > 0)
    assert not seen.prob[~seen.valid].any()
    # Doubtful ones as well as certain ones, and faint traces of what is missed.
    assert len(np.unique(seen.prob)) > 100
    faint = (seen.prob > 20) & (seen.prob <= 127) & (masks > 0)
    assert faint.sum() > 100


def test_shift():
    masks = np.zeros((30, 60, 60), np.uint8)
    masks[:, 20:40, 20:40] = 255
    seen = degrade(masks, seed=0, faults=only(shift_px=1.5))
    lengths = np.hypot(*seen.shifts_px.T)
    assert lengths.max() <= 1.5
    assert lengths.max() > 1.3
    assert (np.ptp(seen.shifts_px, axis=0) > 2).all()
    for mask, (x, y) in zip(seen.masks, seen.shifts_px, strict=True):
        rows, columns = np.nonzero(mask)
        # The square keeps its size but for its corners, and moves by whole pixels.
        assert abs(len(rows) - 400) <= 24
        assert rows.mean() - 29.5 == pytest.approx(y, abs=0.6)
        assert columns.mean() - 29.5 == pytest.approx(x, abs=0.6)


def test_parts_of_a_pixel_show_in_the_probabilities():
    masks = np.zeros((5, 40, 40), np.uint8)
    masks[:, 10:30, 10:30] = 255
    seen = degrade(masks, seed=0, strength=0.2, faults=only(shift_px=1.5), probabilities=True)
    for prob, (x, _) in zip(seen.prob, seen.shifts_px, strict=True):
        left, right = prob[20, 8:12].sum(dtype=int), prob[20, 28:32].sum(dtype=int)
        assert np.sign(right - left) == np.sign(x)


def test_missed_always(masks):
    seen = degrade(masks, seed=0, faults=only(missed_always=0.3)).masks
    truth = track(polygonize_frames(masks, months=[str(m) for m in range(8)]))
    lost = []
    for month, footprints in truth.frames():
        corners = footprints.coords[footprints.ring_offsets[footprints.polygon_offsets[:-1]]]
        x, y = corners.astype(int).T
        # The top left corner is set unless the building is missing; blurring takes some corners.
        gone = footprints.areas >= 9
        near = seen[int(month)]
        hit = [near[b : b + 4, a : a + 4].any() for a, b in zip(x, y, strict=True)]
        ids = truth.ids[truth.rows(month)]
        lost.append(set(ids[gone & ~np.array(hit)].tolist()))
    first = set(truth.ids[truth.rows("0")].tolist())
    always = lost[0] & first
    assert 0.05 * len(first) < len(always) < 0.5 * len(first)
    # Who is missed in the first month is missed in all, where nothing new stands beside it.
    assert len(always - set.intersection(*lost)) <= 0.05 * len(first)


def test_missed_monthly(masks):
    still = np.repeat(masks[:1], 8, axis=0)
    seen = degrade(still, seed=0, faults=only(missed_monthly=0.2)).masks
    counts = np.array([count(mask) for mask in seen])
    ever = count(seen.max(axis=0))
    assert (counts < 0.97 * ever).all()
    assert len({mask.tobytes() for mask in seen}) == 8


def test_merged(masks):
    still = np.repeat(masks[-1:], 6, axis=0)
    apart = degrade(still, seed=0, faults=only(shift_px=0)).masks
    joined = degrade(still, seed=0, faults=only(merged=0.5)).masks
    counts = [count(mask) for mask in joined]
    assert max(counts) < 0.97 * count(apart[0])
    assert not ((apart > 0) & (joined == 0)).any()
    # Mostly the same places, not all.
    more = (joined > 0) & (apart == 0)
    assert more.all(axis=0).sum() > 0.3 * more.any(axis=0).sum()
    assert more.all(axis=0).sum() < more.any(axis=0).sum()


@pytest.mark.parametrize(("name", "lasting"), [("false_always", True), ("false_monthly", False)])
def test_false_alarms(masks, name, lasting):
    still = np.repeat(masks[:1], 8, axis=0)
    true = degrade(still, seed=0, faults=only()).masks
    seen = degrade(still, seed=0, faults=only(**{name: 0.3})).masks
    more = (seen > 0) & (true == 0)
    assert all(month.sum() > 20 for month in more)
    times = more.sum(axis=0)
    assert ((times >= 3).sum() > 0.3 * (times > 0).sum()) == lasting


def test_clouds(masks):
    seen = degrade(masks, seed=0, faults=only(cloud_chance=1.0))
    clear = degrade(masks, seed=0, faults=only())
    assert clear.valid.all()
    assert not seen.valid.all(axis=(1, 2)).any()
    assert np.array_equal(seen.masks, np.where(seen.valid, clear.masks, 0))


def test_outlines_swell_and_shrink(masks):
    still = np.repeat(masks[:1], 8, axis=0)
    sizes = (degrade(still, seed=0, faults=only(cut=0.3)).masks > 0).sum(axis=(1, 2))
    plain = (degrade(still, seed=0, faults=only()).masks > 0).sum(axis=(1, 2))
    assert sizes.min() < 0.9 * plain[0]
    assert sizes.max() > 1.1 * plain[0]


def test_empty_footprints_are_nowhere():
    square = shapely.box(3, 3, 9, 9)
    made = [stack_of([[square, shapely.Polygon()]] * 3), stack_of([[square]] * 3)]
    faults = only(missed_monthly=1.0, false_monthly=1.0)
    one, other = (degrade(s, seed=1, faults=faults, shape_yx=(20, 20)).masks for s in made)
    assert one.any()
    assert other.any()


def test_nothing_to_see():
    empty = degrade(np.zeros((3, 20, 30), np.uint8), seed=1, probabilities=True)
    assert not empty.masks.any()
    assert not empty.prob.any()
    none = degrade(np.zeros((0, 20, 30), np.uint8), seed=1)
    assert none.masks.shape == none.valid.shape == (0, 20, 30)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seed": -1}, "seed: got -1"),
        ({"strength": -0.1}, "strength: got -0.1"),
        ({"strength": float("nan")}, "strength: got nan"),
        ({"strength": 9}, "strength: got 9, wanted 0 to 3"),
        ({"shape_yx": (3, 3)}, r"shape_yx: got \(3, 3\), wanted \(20, 30\)"),
        ({"truth": np.zeros((20, 30), np.uint8)}, r"truth: got uint8 of shape \(20, 30\)"),
        ({"truth": np.zeros((2, 20, 30), np.float32)}, "truth: got float32"),
        ({"truth": stack_of([[]])}, "shape_yx: got None"),
    ],
)
def test_bad_arguments(arguments, message):
    given = {"truth": np.zeros((2, 20, 30), np.uint8), **arguments}
    with pytest.raises(InputError, match=message):
        degrade(given.pop("truth"), **given)


@pytest.mark.parametrize(
    ("name", "value"),
    [("shift_px", -1), ("missed_always", 1.5), ("merged", float("nan")), ("cut", "x")],
)
def test_bad_faults(name, value):
    with pytest.raises(InputError, match=f"{name}: got"):
        Faults(**{name: value})
