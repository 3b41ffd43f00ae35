"""track with method "filtered" against the recorded results of the fourth place's tracker."""

import pytest

from golden_cases import lost_ids, runs
from golden_filtered import check_tracking_filtered, input_of, parameters
from sn7fast import track

pytestmark = pytest.mark.usefixtures("shared")


@pytest.mark.parametrize("run", runs("tracking_filtered", without=lost_ids))
def test_same_rows_and_identifiers(run):
    assert check_tracking_filtered(run.data, {}, run.index) is None


@pytest.mark.parametrize("run", runs("tracking_filtered", without=lambda run: not lost_ids(run)))
def test_an_empty_first_month_is_no_detections(run):
    """The original loses its identifiers there; here the next month is the first."""
    params, reverse = parameters(run.params)
    before = input_of(run.data)
    assert len(before.frame(before.months[0])) == 0
    after = track(before, method="filtered", params=params, reverse=reverse)
    assert len(after) > 0
    first = after.months[-1] if reverse else after.months[1]
    # Ranks in that month, before the rules drop some.
    ids = after.ids[after.rows(first)]
    assert ids.min() >= 0
    assert ids.max() < len(before.frame(first))
