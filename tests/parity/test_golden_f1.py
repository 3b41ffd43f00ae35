"""compat.Evaluator against the recorded results of the original."""

import json

import pytest

from golden_cases import runs
from parity.ledger import check
from sn7fast import compat

pytestmark = pytest.mark.usefixtures("shared")

COUNTS = ("TruePos", "FalsePos", "FalseNeg", "Precision", "Recall", "F1Score")


def write(path, geometries, properties):
    features = [
        {"type": "Feature", "properties": row, "geometry": geometry}
        for geometry, row in zip(geometries, properties, strict=True)
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def evaluate(run, folder):
    ground, proposal = run.input["ground"], run.input["proposal"]
    truth = write(folder / "truth.geojson", ground, [{} for _ in ground])
    rows = [{"conf": row["conf"], "position": i} for i, row in enumerate(proposal)]
    found = write(folder / "proposal.geojson", [row["geometry"] for row in proposal], rows)
    evaluator = compat.Evaluator(truth)
    evaluator.load_proposal(found, conf_field_list=["conf"] if run.params["use_conf"] else [])
    (result,) = evaluator.eval_iou(miniou=run.params["miniou"], calculate_class_scores=False)
    return result, evaluator.proposal_GDF


@pytest.mark.parametrize("run", runs("f1"))
def test_same_counts_order_and_iou(run, tmp_path):
    result, proposals = evaluate(run, tmp_path)
    expected = run.expected
    found = []
    for name in COUNTS:
        if result[name] != pytest.approx(expected[name], abs=1e-12):
            found.append(f"{name} {result[name]}, wanted {expected[name]}")
    if len(proposals):
        if proposals["position"].tolist() != expected["order"]:
            found.append("order differs")
        if proposals["iou_score_all"].tolist() != pytest.approx(
            expected["iou_in_order"], abs=1e-12
        ):
            found.append("IoU differs")
    check(run, "; ".join(found))


@pytest.mark.parametrize("run", runs("f1", raising=True))
def test_an_empty_proposal_with_a_confidence_field_scores_zero(run, tmp_path):
    result, _ = evaluate(run, tmp_path)
    ground = len(run.input["ground"])
    assert [result[name] for name in COUNTS] == [0, 0, ground, 0, 0, 0]
