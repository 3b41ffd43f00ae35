"""The filtered tracker on the predicted months: without rules, and by its presets."""

import numpy as np
import pytest

from sn7fast import FilterParams, track


def check_of(proposal):
    """What has to hold of any answer: rows of the input, and no identifier twice in a month."""

    def check(tracked):
        seen = ~np.isnan(tracked.iou)
        assert 0.8 * len(proposal) < seen.sum() <= len(proposal)
        pairs = np.stack([tracked.month_index, tracked.ids])
        assert len(np.unique(pairs, axis=1).T) == len(tracked)

    return check


@pytest.mark.benchmark(group="track_no_rules")
def test_no_rules(ours, proposal):
    wanted = track(proposal)

    def check(tracked):
        assert np.array_equal(tracked.ids, wanted.ids)
        assert np.array_equal(tracked.iou, wanted.iou)

    ours(lambda: track(proposal, method="filtered", params=FilterParams()), check)


@pytest.mark.benchmark(group="track_motokimura")
def test_motokimura(ours, proposal):
    params = FilterParams.preset("motokimura")
    ours(lambda: track(proposal, method="filtered", params=params), check_of(proposal))


@pytest.mark.benchmark(group="track_cannab")
def test_cannab(ours, proposal):
    params = FilterParams.preset("cannab")
    ours(lambda: track(proposal, method="filtered", params=params), check_of(proposal))


@pytest.mark.benchmark(group="track_selim_sef")
def test_selim_sef(ours, proposal):
    params = FilterParams.preset("selim_sef")
    ours(lambda: track(proposal, method="filtered", params=params), check_of(proposal))
