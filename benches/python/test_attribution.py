"""SCOT of the predicted months with what each building costs it."""

import pytest

from sn7fast import attribute_scot, score_scot

pytestmark = pytest.mark.benchmark(group="attribution")


def test_sn7fast(ours, truth, proposal):
    score = score_scot(truth, proposal).score

    def check(attribution):
        assert attribution.scot.score == score
        assert attribution.total == pytest.approx(1 - score, abs=1e-12)

    ours(lambda: attribute_scot(truth, proposal), check)
