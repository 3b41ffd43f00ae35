"""Temporal collapse: what must hold for any cube."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sn7fast
from sn7fast import Cube, collapse
from sn7fast.data.synthetic import synthetic_stack


@pytest.fixture
def two_threads():
    before = sn7fast.get_num_threads()
    yield
    sn7fast.set_num_threads(before)


def as_cube(aoi):
    return Cube.from_arrays(aoi.predicted_masks, months=aoi.months, valid=aoi.cloud_masks == 0)


def same(one, other):
    return (
        np.array_equal(one.ids, other.ids)
        and np.array_equal(one.frame_offsets, other.frame_offsets)
        and np.array_equal(one.footprints.coords, other.footprints.coords)
        and np.array_equal(one.buildings.confidence, other.buildings.confidence)
    )


def test_threads_change_nothing(two_threads):
    cube = as_cube(synthetic_stack(seed=3, shape_yx=(300, 260), months=10, buildings=300))
    stacks = []
    for count in (1, 2, 3):
        sn7fast.set_num_threads(count)
        stacks.append(collapse(cube))
    assert len(stacks[0]) > 1000
    assert all(same(stacks[0], other) for other in stacks[1:])


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    count=st.integers(1, 6),
    rows=st.integers(1, 30),
    columns=st.integers(1, 40),
    kind=st.sampled_from(["mask", "bytes", "floats"]),
    clouds=st.floats(0, 1),
)
def test_any_cube_gives_a_valid_stack(seed, count, rows, columns, kind, clouds):
    rng = np.random.default_rng(seed)
    coarse = rng.random((count, (rows + 3) // 4, (columns + 3) // 4), np.float32)
    prob = coarse.repeat(4, axis=1).repeat(4, axis=2)[:, :rows, :columns]
    if kind != "floats":
        prob = (prob > 0.5).astype(np.uint8) * 255 if kind == "mask" else (prob * 255).astype("u1")
    valid = rng.random(prob.shape) >= clouds
    if prob.dtype == np.uint8 and prob.max() == 1:
        prob *= 255
    cube = Cube.from_arrays(prob, months=[f"{k:02}" for k in range(count)], valid=valid)
    stack = collapse(cube)
    for month, footprints in stack.frames():
        ids = stack.ids[stack.rows(month)]
        assert (np.diff(ids) > 0).all()
        assert footprints.to_shapely().size == 0 or all(p.is_valid for p in footprints.to_shapely())
        # Buildings of a month do not overlap.
        burnt = sn7fast.rasterize(footprints, (rows, columns)) > 0
        assert burnt.sum() == footprints.areas.sum()
    table = stack.buildings
    assert set(stack.ids.tolist()) <= set(table.ids.tolist())
    assert (table.first_month_lo <= table.first_month).all()
    assert (table.first_month <= table.first_month_hi).all()
    assert (table.first_month <= table.last_month).all()
    assert ((table.confidence > 0) & (table.confidence <= 1 + 1e-9)).all()
