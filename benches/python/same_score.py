"""Is a SCOT of sn7fast that of the reference? Ties of the assignment may be broken either way."""

import math

# Pairs of equal reward may be chosen either way, and then count as a switch or not.
TIES = 5


def rows_of(stack):
    """(month, id, polygon) of each footprint, as the reference takes them."""
    polygons = stack.footprints.to_shapely()
    months = [stack.months[k] for k in stack.month_index]
    return list(zip(months, stack.ids.tolist(), polygons, strict=True))


def check_score(score, expected):
    """Same matches in each month, same sum of their IoU, same scores."""
    (aoi,) = score.aois.values()
    assert list(aoi.months) == [month["timestep"] for month in expected["months"]]
    for month, reference in zip(aoi.months.values(), expected["months"], strict=True):
        for count in ("tp", "fp", "fn"):
            assert getattr(month, count) == reference[count]
        total = math.fsum(pair[2] for pair in reference["pairs"])
        assert math.isclose(math.fsum(month.iou), total, rel_tol=1e-12)
    mismatches, *_, change_tp, change_fp, change_fn, _, combined = expected["stats"]
    assert aoi.track_tp > 1000
    assert abs(aoi.mismatches - mismatches) <= TIES
    assert abs(aoi.change_tp - change_tp) <= TIES
    assert abs(aoi.change_fp - change_fp) <= TIES
    assert abs(aoi.change_fn - change_fn) <= TIES
    assert math.isclose(aoi.score, combined, abs_tol=1e-3)
