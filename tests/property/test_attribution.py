"""Attribution of SCOT: it adds up, charges who is at fault, and does not depend on the order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenes import permuted, scored, seeds
from sn7fast import attribute_scot, score_scot


def table(attribution):
    """Costs by side and id, of a single AOI."""
    (aoi,) = attribution.aois.values()
    return {(row.pop("side"), row.pop("id")): row for row in aoi.rows()}


@given(
    scored(),
    st.fixed_dictionaries(
        {
            "unmatched_months": st.sampled_from(["ignore", "count"]),
            "beta": st.sampled_from([0.0, 0.5, 2.0, 1e4]),
            "truth_min_area_px": st.sampled_from([0.0, 20.0]),
            "iou_threshold": st.sampled_from([0.0, 0.25, 0.6]),
        }
    ),
)
def test_adds_up_to_what_is_lost(sides, options):
    attribution = attribute_scot(*sides, **options)
    assert attribution.scot.score == score_scot(*sides, **options).score
    (aoi,) = attribution.aois.values()
    lost = 1 - aoi.score.score
    assert aoi.total == pytest.approx(lost, abs=1e-12)
    assert sum(aoi.by_kind.values()) == pytest.approx(lost, abs=1e-12)
    rows = list(aoi.rows())
    assert sum(row["cost"] for row in rows) == pytest.approx(lost, abs=1e-12)
    costs = [row["cost"] for row in rows if row["side"] != "aoi"]
    assert costs == sorted(costs, reverse=True)
    assert (aoi.costs >= 0).all()
    # Each identifier has one row.
    assert len({(row["side"], row["id"]) for row in rows}) == len(rows)


@given(scored(), seeds())
def test_order_of_rows_changes_nothing(sides, random):
    truth, proposal = sides
    one, other = (
        attribute_scot(truth, proposal),
        attribute_scot(*(permuted(s, random) for s in sides)),
    )
    assert table(one) == table(other)


@given(scored(), st.sampled_from([1, 2**40]))
def test_names_of_ids_change_nothing(sides, spread):
    def renamed(one):
        return one.with_ids(-one.ids * spread)

    truth, proposal = sides
    one = table(attribute_scot(truth, proposal))
    other = table(attribute_scot(renamed(truth), renamed(proposal)))
    back = {
        (side, name if name is None else -name // spread): row
        for (side, name), row in other.items()
    }
    assert back == one


@given(st.lists(scored(), min_size=1, max_size=3))
def test_several_areas_are_a_mean(pairs):
    truths = {f"area {k}": truth for k, (truth, _) in enumerate(pairs)}
    proposals = {f"area {k}": proposal for k, (_, proposal) in enumerate(pairs)}
    together = attribute_scot(truths, proposals)
    assert together.total == pytest.approx(1 - together.scot.score, abs=1e-12)
    alone = [attribute_scot(truth, proposal).by_kind for truth, proposal in pairs]
    for kind, cost in together.by_kind.items():
        assert cost == pytest.approx(np.mean([of[kind] for of in alone]), abs=1e-12)


@given(scored())
def test_rows_of_an_id_that_comes_twice(sides):
    truth, proposal = sides
    if len(proposal):
        proposal = proposal.with_ids(proposal.ids // 2)
    attribution = attribute_scot(truth, proposal, duplicate_ids="sum")
    assert attribution.total == pytest.approx(1 - attribution.scot.score, abs=1e-12)
