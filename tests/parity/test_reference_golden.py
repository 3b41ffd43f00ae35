"""The slow reference itself against the recorded results of the originals.

It is the judge of the other tests, so it is held to the strictest comparison: orders and rings
included.
"""

import numpy as np
import pytest

from golden_cases import lost_ids, polygons, runs
from reference import f1, masks, scot, tracking
from reference import polygons as polygonize

pytestmark = pytest.mark.usefixtures("shared")


@pytest.mark.parametrize("run", runs("polygonize"))
def test_polygons(run):
    params = run.params
    pred = run.array(params.pop("array", "pred"))
    for name in ("epsg", "ref_shape", "output_path"):
        params.pop(name, None)
    got, values = polygonize.mask_to_polygons(pred, **params)
    expected = polygons(run.expected["polygons"])
    assert [p.wkb for p in got] == [p.wkb for p in expected]
    assert values == run.expected["values"]


@pytest.mark.parametrize("run", runs("masks"))
def test_masks(run):
    params = run.params
    got = masks.training_mask(polygons(run.input["features"]), tuple(params.pop("shape")), **params)
    assert np.array_equal(got, run.array(run.expected["array"]))


@pytest.mark.parametrize("run", runs("tracking", without=lost_ids))
def test_tracking(run):
    months = [(month["name"], polygons(month["features"])) for month in run.input["months"]]
    got = tracking.track(months, run.params["min_iou"], run.params["reverse_order"])
    for month, expected in zip(got, run.expected["months"], strict=True):
        assert month["name"] == expected["name"]
        assert month["order"] == expected["order"]
        assert month["Id"] == expected["Id"]
        np.testing.assert_allclose(month["iou_score"], expected["iou_score"], rtol=0, atol=1e-12)


def rows(table):
    return [(r["timestep"], r["id"], polygons([r["geometry"]])[0]) for r in table]


def by_aoi(table):
    return {
        aoi: rows([row for row in table if row["aoi"] == aoi])
        for aoi in {row["aoi"] for row in table}
    }


@pytest.mark.parametrize("run", runs("scot"))
def test_scot(run):
    params = run.params
    function = params.pop("function")
    ground, proposal = run.input["ground"], run.input["proposal"]
    if function == "scot_one_aoi":
        got = scot.one_aoi(rows(ground), rows(proposal), **params)
        stats = {None: got["stats"]}
        months = got["months"]
        expected = {None: run.expected["stats"]}
    else:
        got = scot.multi_aoi(by_aoi(ground), by_aoi(proposal), **params)
        stats = {aoi: result["stats"] for aoi, result in got["aois"].items()}
        months = [month for result in got["aois"].values() for month in result["months"]]
        expected = run.expected["stats"]
    assert stats.keys() == expected.keys()
    for aoi, numbers in expected.items():
        np.testing.assert_allclose(stats[aoi], numbers, rtol=1e-12)
    assert got["score"] == pytest.approx(run.expected["score"], abs=1e-12)
    for month, wanted in zip(months, run.expected["months"], strict=True):
        assert [g for g, _, _ in month["pairs"]] == wanted["grnd_ids"]
        assert [p for _, p, _ in month["pairs"]] == wanted["prop_ids"]
        if month["repeated_ids"]:
            continue  # recorded is the summed reward less one base reward, which is no IoU
        ious = [iou for _, _, iou in month["pairs"]]
        np.testing.assert_allclose(ious, wanted["iou"], rtol=0, atol=1e-12)


@pytest.mark.parametrize("run", runs("f1"))
def test_f1(run):
    ground = polygons(run.input["ground"])
    proposal = polygons(row["geometry"] for row in run.input["proposal"])
    confidence = [row["conf"] for row in run.input["proposal"]] if run.params["use_conf"] else None
    got = f1.evaluate(ground, proposal, confidence, run.params["miniou"])
    for name, value in run.expected.items():
        if name == "as_is":
            continue
        assert got[name] == pytest.approx(value, abs=1e-12), name
