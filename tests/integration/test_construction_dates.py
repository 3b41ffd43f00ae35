"""Are the dates of buildings what they claim to be? On synthetic towns, seen badly."""

from functools import cache

import numpy as np
import pytest

from sn7fast import Cube, collapse, match_footprints
from sn7fast.data.degrade import degrade
from sn7fast.data.synthetic import synthetic_stack

SHAPE = (560, 560)
MONTHS = 24


@cache
def dates(strength, seeds=range(1, 7)):
    """First months by truth and by us, interval and confidence, of the buildings that are new."""
    parts = []
    for seed in seeds:
        town = synthetic_stack(
            seed=seed, months=MONTHS, buildings=1200, births_per_month=40, cloud_chance=0,
            shape_yx=SHAPE,
        )  # fmt: skip
        truth = town.truth
        seen = degrade(truth, seed=seed, strength=strength, shape_yx=SHAPE)
        stack = collapse(Cube.from_arrays(seen.masks, months=town.months, valid=seen.valid))
        _, known = np.unique(truth.ids, return_index=True)
        ids, ours = np.unique(stack.ids, return_index=True)
        pairs = match_footprints(truth.footprints[known], stack.footprints[ours])
        true = truth.month_index[known][pairs.index_a]
        table = stack.buildings
        rows = np.searchsorted(table.ids, ids[pairs.index_b])
        first, low = table.first_month[rows], table.first_month_lo[rows]
        high, confidence = table.first_month_hi[rows], table.confidence[rows]
        new = (true > 0) | (first > 0)
        parts.append(np.stack([true, first, low, high, confidence])[:, new])
    return np.concatenate(parts, axis=1)


@pytest.mark.parametrize("strength", [1, 2, 3])
def test_probabilities_are_what_they_say(strength):
    true, first, _, _, confidence = dates(strength)
    assert len(true) > 1500
    assert (true == first).mean() == pytest.approx(confidence.mean(), abs=0.06)
    assert np.median(np.abs(true - first)) <= 1
    for low, high in ((0.3, 0.6), (0.6, 0.9)):
        sure = (confidence >= low) & (confidence < high)
        assert (true == first)[sure].mean() == pytest.approx(confidence[sure].mean(), abs=0.12)


@pytest.mark.parametrize(("strength", "most"), [(1, 0.9), (2, 0.85), (3, 0.85)])
def test_the_interval_of_80_percent_holds_about_as_many(strength, most):
    # A month is the least that an interval can be: where most months are known with more than
    # 80 %, as at strength 1, the intervals hold more.
    true, _, low, high, _ = dates(strength)
    inside = (low <= true) & (true <= high)
    assert 0.75 <= inside.mean() <= most
