"""All of compat in a row, against the recorded results of the originals in a row."""

import pytest

from golden_cases import runs
from parity.ledger import check
from sn7fast import compat


@pytest.mark.usefixtures("shared")
@pytest.mark.parametrize("run", runs("pipeline"))
def test_masks_to_score(run, tmp_path):
    params, expected = run.params, run.expected
    (tmp_path / "polygons").mkdir()
    counts = []
    for name, prediction in zip(run.input["names"], run.array("prob"), strict=True):
        found = compat.mask_to_poly_geojson(
            prediction,
            output_path=tmp_path / "polygons" / f"{name}.geojson",
            min_area=params["min_area"],
            bg_threshold=params["bg_threshold"],
            simplify=params["simplify"],
        )
        counts.append(len(found))
    compat.track_footprint_identifiers(
        tmp_path / "polygons",
        tmp_path / "tracked",
        min_iou=params["min_iou"],
        reverse_order=params["reverse_order"],
        verbose=False,
    )
    table = compat.sn7_convert_geojsons_to_csv([tmp_path / "tracked"], tmp_path / "proposal.csv")
    score, stats = compat.multi_temporal_buildings(
        tmp_path / "proposal.csv",
        run.folder / run.data["truth_csv"],
        miniou=params["miniou"],
        min_area=params["truth_min_area"],
        stats=True,
    )
    got = {
        "score": score,
        "stats": stats,
        "n_rows": len(table),
        "n_ids": table["id"].nunique(),
        "max_id": table["id"].max(),
        "polygons_per_month": counts,
    }
    found = [
        f"{name}: {got[name]}, wanted {wanted}"
        for name, wanted in expected.items()
        if not close(got[name], wanted)
    ]
    check(run, "; ".join(found))


def close(got, wanted):
    if isinstance(wanted, dict):
        return got.keys() == wanted.keys() and all(close(got[key], wanted[key]) for key in wanted)
    return got == pytest.approx(wanted, abs=1e-12)
