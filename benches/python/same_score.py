"""Is a SCOT of sn7fast that of the reference? Ties of the assignment may be broken either way."""

import math

# Share of the pairs that may be chosen otherwise, at the same sum of IoU.
TIES = 1e-3
# A pair chosen otherwise is a switch or not, and so are the next pairs of its two identifiers.
SWITCHES_OF_A_PAIR = 3


def rows_of(stack):
    """(month, id, polygon) of each footprint, as the reference takes them."""
    polygons = stack.footprints.to_shapely()
    months = [stack.months[k] for k in stack.month_index]
    return list(zip(months, stack.ids.tolist(), polygons, strict=True))


def check_score(score, expected):
    """Same matches in each month, same sum of their IoU, and what follows from these."""
    (aoi,) = score.aois.values()
    assert list(aoi.months) == [month["timestep"] for month in expected["months"]]
    assert aoi.track_tp > 1000
    tied = 0
    for month, reference in zip(aoi.months.values(), expected["months"], strict=True):
        for count in ("tp", "fp", "fn"):
            assert getattr(month, count) == reference[count]
        total = math.fsum(pair[2] for pair in reference["pairs"])
        assert math.isclose(math.fsum(month.iou), total, rel_tol=1e-12)
        pairs = set(zip(month.truth_ids.tolist(), month.proposal_ids.tolist(), strict=True))
        tied += len(pairs ^ {pair[:2] for pair in reference["pairs"]})
    assert tied <= TIES * aoi.track_tp
    mismatches, *_, change_tp, change_fp, change_fn, _, _ = expected["stats"]
    # Without ties all of these are equalities.
    assert abs(aoi.mismatches - mismatches) <= SWITCHES_OF_A_PAIR * tied
    assert abs(aoi.change_tp - change_tp) <= tied
    assert abs(aoi.change_fp - change_fp) <= tied
    assert abs(aoi.change_fn - change_fn) <= tied
    if tied == 0:
        assert math.isclose(aoi.score, expected["score"], rel_tol=1e-12)
