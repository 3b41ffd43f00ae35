"""compat.scot_one_aoi and scot_multi_aoi against the recorded results of the original."""

import geopandas as gpd
import pytest

from golden_cases import polygons, runs
from parity.ledger import check
from sn7fast import compat

# Warnings about quirks 13, 14 and 17 are shown by test_quirks.
pytestmark = [
    pytest.mark.usefixtures("shared"),
    pytest.mark.filterwarnings("ignore::sn7fast.compat.QuirkWarning"),
]


def table(rows):
    columns = {name: [row[name] for row in rows] for name in ("aoi", "timestep", "id")}
    return gpd.GeoDataFrame(columns, geometry=polygons(row["geometry"] for row in rows))


def difference(got, expected, unique):
    """Where the optimum is not unique, only the counts without mismatches are defined."""
    if not unique:
        got, expected = ([n[1] + n[0], n[2] - n[0], n[3] - n[0]] for n in (got, expected))
    return "" if got == pytest.approx(expected, abs=1e-12) else f"{got}, wanted {expected}"


@pytest.mark.parametrize("run", runs("scot"))
def test_same_ten_numbers(run):
    params = run.params
    function = params.pop("function")
    ground, proposal = table(run.input["ground"]), table(run.input["proposal"])
    expected, unique = run.expected, run.expected["all_optima_unique"]
    if function == "scot_one_aoi":
        score, stats = compat.scot_one_aoi(ground, proposal, stats=True, **params)
        check(run, difference(stats, expected["stats"], unique))
        assert score == stats[-1]
        assert score == compat.scot_one_aoi(ground, proposal, **params)
    else:
        score, stats = compat.scot_multi_aoi(ground, proposal, stats=True, **params)
        assert list(stats) == sorted(expected["stats"])
        found = [difference(stats[aoi], expected["stats"][aoi], unique) for aoi in stats]
        check(run, "; ".join(filter(None, found)))
        assert score == pytest.approx(expected["score"], abs=1e-12)


@pytest.mark.parametrize("run", runs("scot"))
def test_same_pairs_each_month(run):
    ground, proposal = table(run.input["ground"]), table(run.input["proposal"])
    limits = run.params["threshold"], run.params["base_reward"]
    for month in run.expected["months"]:
        rows = [side[side.timestep == month["timestep"]] for side in (ground, proposal)]
        if run.params["function"] == "scot_multi_aoi":
            rows = [side[side.aoi == month["aoi"]] for side in rows]
        got = compat.match_footprints(*rows, *limits)
        assert (got.tp, got.fp, got.fn) == (month["tp"], month["fp"], month["fn"])
        assert got.f1 == pytest.approx(month["f1"], abs=1e-12)
        if month["unique_optimum"]:
            assert got.grnd_ids == month["grnd_ids"]
            assert got.prop_ids == month["prop_ids"]
        if any(side.id.duplicated().any() for side in rows):
            continue  # the rewards are not base + IoU there
        total = sum(got.iou) + got.tp * limits[1]
        assert total == pytest.approx(month["total_reward"], abs=1e-9)
        if month["unique_optimum"]:
            assert got.iou == pytest.approx(month["iou"], abs=1e-12)


@pytest.mark.parametrize("run", runs("scot_csv"))
def test_same_score_of_csv_files(run):
    # The original reads identifiers as text; these cases have no ties (quirk 16).
    truth, proposal = (run.folder / run.data[name] for name in ("truth_csv", "prop_csv"))
    score, stats = compat.multi_temporal_buildings(proposal, truth, stats=True, **run.params)
    expected = run.expected["stats"]
    assert stats.keys() == expected.keys()
    found = [difference(stats[aoi], expected[aoi], True) for aoi in stats]
    check(run, "; ".join(filter(None, found)))
    assert score == pytest.approx(run.expected["score"], abs=1e-12)
