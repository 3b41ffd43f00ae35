"""compat.track_footprint_identifiers against the recorded results of the original."""

import json

import numpy as np
import pytest

from golden_cases import lost_ids, runs
from parity.ledger import check
from sn7fast import compat

pytestmark = pytest.mark.usefixtures("shared")


def write_months(months, folder, *, has_value=True):
    folder.mkdir()
    properties = {"value": 255.0} if has_value else {}
    for month in months:
        features = [
            {"type": "Feature", "properties": properties | {"position": i}, "geometry": geometry}
            for i, geometry in enumerate(month["features"])
        ]
        collection = {"type": "FeatureCollection", "features": features}
        (folder / f"{month['name']}.geojson").write_text(json.dumps(collection))


def track(run, tmp_path):
    """Folder of the tracked files."""
    write_months(run.input["months"], tmp_path / "in", has_value=run.input.get("has_value", True))
    compat.track_footprint_identifiers(
        tmp_path / "in",
        tmp_path / "out",
        min_iou=run.params["min_iou"],
        reverse_order=run.params["reverse_order"],
        verbose=False,
    )
    return tmp_path / "out"


def properties_of(path):
    return [feature["properties"] for feature in json.loads(path.read_text())["features"]]


def difference(folder, months):
    for month in months:
        rows = properties_of(folder / f"{month['name']}.geojson")
        for field, wanted in (("position", month["order"]), ("Id", month["Id"])):
            got = [row[field] for row in rows]
            if got != wanted:
                return f"{month['name']}: {field} differs: {got[:9]}, wanted {wanted[:9]}"
        iou = [row["iou_score"] for row in rows]
        if not np.allclose(iou, month["iou_score"], rtol=0, atol=1e-12):
            return f"{month['name']}: iou_score differs"
    return ""


@pytest.mark.parametrize("run", runs("tracking", without=lost_ids))
def test_same_identifiers_in_the_same_order(run, tmp_path):
    folder = track(run, tmp_path)
    check(run, difference(folder, run.expected["months"]))
    assert {path.stem for path in folder.iterdir()} == {m["name"] for m in run.input["months"]}


@pytest.mark.parametrize("run", runs("tracking", raising=True))
def test_months_written_before_the_original_fails_are_the_same(run, tmp_path):
    folder = track(run, tmp_path)
    check(run, difference(folder, run.expected["months"]))
    assert {path.stem for path in folder.iterdir()} == {m["name"] for m in run.input["months"]}


@pytest.mark.parametrize("run", runs("tracking", without=lambda run: "csv" not in run.expected))
def test_same_csv(run, tmp_path):
    folder = track(run, tmp_path)
    compat.sn7_convert_geojsons_to_csv([folder], tmp_path / "out.csv")
    check(run, "" if (tmp_path / "out.csv").read_text() == run.expected["csv"] else "CSV differs")
