"""Golden cases of the filtered tracker: what is given, and where the result differs."""

import numpy as np
import shapely
from shapely.geometry import shape

from sn7fast import FilterParams, Footprints, Stack, _core, track

# Always off in the cases.
_LOW_VARIANCE = "track_from_low_variance"


def parameters(params):
    """(params, reverse) as `track` takes them, of what the original was given."""
    params = dict(params)
    reverse = params.pop("reverse")
    assert not params.pop(_LOW_VARIANCE)
    return FilterParams(**params), reverse


def input_of(data):
    """The months of a case as a stack, in the order of their names."""
    months = sorted(data["input"]["months"], key=lambda month: month["name"])
    frames = [
        Footprints.from_shapely([shape(geometry) for geometry in month["features"]])
        for month in months
    ]
    return Stack.from_frames(frames, months=[month["name"] for month in months], aoi="golden")


def lost_ids(expected):
    """Whether the original gave NaN for identifiers, after an empty first month."""
    return any(None in month["Id"] for month in expected["months"])


def check_tracking_filtered(data, arrays, index):
    """What differs, None if nothing does, "skipped" where the original lost its identifiers.

    Args:
        data: A case, as its JSON file has it.
        arrays: Not used; those of other kinds.
        index: Which of its runs.
    """
    run = data["runs"][index]
    expected = run["expected"]
    if lost_ids(expected):
        return "skipped"
    before = input_of(data)
    params, reverse = parameters(run["params"])
    after = track(before, method="filtered", params=params, reverse=reverse)
    # Equal polygons can be told apart by the row they came from only.
    source, *_ = _core.track_filtered(
        before.footprints.arrays, before.frame_offsets, params, reverse, None, None
    )
    for month in expected["months"]:
        rows = after.rows(month["name"])
        positions = source[rows] - before.rows(month["name"]).start
        # Rows come in input order here, by falling area there.
        order = np.argsort(-after.frame(month["name"]).areas, kind="stable")
        for name, got, wanted in (
            ("order", positions, month["order"]),
            ("Id", after.ids[rows], month["Id"]),
        ):
            if got[order].tolist() != wanted:
                return f"{month['name']}: {name} differs: {got[order][:9]}, wanted {wanted[:9]}"
        if not np.allclose(after.iou[rows][order], month["iou_score"], rtol=0, atol=1e-12):
            return f"{month['name']}: iou_score differs"
    return master_difference(after, expected, latest=params.shape_update_method == "latest",
                             reverse=reverse)  # fmt: skip


def master_difference(after, expected, *, latest, reverse):
    """What differs in the list of master polygons at the end."""
    if "master_Id" not in expected:
        return None if len(after) == 0 else "rows where there should be none"
    if expected["master_Id"] != np.unique(after.ids).tolist():
        return "master_Id differs"
    months = after.month_index if not reverse else -after.month_index
    areas = []
    for number in expected["master_Id"]:
        rows = np.flatnonzero(after.ids == number)
        row = rows[months[rows].argmax() if latest else months[rows].argmin()]
        areas.append(shapely.area(after.footprints[[row]].to_shapely()[0]))
    same = np.allclose(areas, expected["master_area"], rtol=0, atol=1e-9)
    return None if same else "master_area differs"
