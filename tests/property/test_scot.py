"""SCOT and F1: what does not change them, what makes them 1, and their slow twin."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reference.scot import STATS, one_aoi
from scenes import boxes, permuted, scored, seeds, settlements, shifted, stack
from sn7fast import score_f1, score_scot


def counts(score):
    """All numbers of the score of one area, pairs aside."""
    (aoi,) = score.aois.values()
    numbers = aoi.to_dict()
    months = numbers.pop("months")
    keep = ("tp", "fp", "fn", "mismatches", "change_tp", "change_fp", "change_fn")
    return numbers, {month: [of[name] for name in keep] for month, of in months.items()}


def same(one, other):
    (a, months_a), (b, months_b) = counts(one), counts(other)
    return a == b and months_a == months_b


@given(settlements())
def test_truth_scores_one_against_itself(made):
    truth, _ = made
    aoi = score_scot(truth, truth).aois["area"]
    footprints = len(truth)
    assert aoi.mismatches == aoi.track_fp == aoi.track_fn == aoi.change_fp == aoi.change_fn == 0
    assert aoi.track_tp == footprints
    assert aoi.track == (1 if footprints else 0)
    assert aoi.score == (1 if aoi.has_change else 0)
    assert score_f1(truth, truth).pooled.f1 == (1 if footprints else 0)


@given(scored())
def test_scores_lie_between_zero_and_one_and_hang_together(sides):
    truth, proposal = sides
    score = score_scot(truth, proposal)
    aoi = score.aois["area"]
    assert 0 <= aoi.score <= 1
    assert 0 <= aoi.track <= 1
    assert 0 <= aoi.change <= 1
    months = aoi.months.values()
    matched = sum(month.tp for month in months)
    assert aoi.track_tp == matched - aoi.mismatches
    assert aoi.track_fp == sum(month.fp for month in months) + aoi.mismatches
    assert aoi.track_fn == sum(month.fn for month in months) + aoi.mismatches
    assert aoi.change_tp == sum(month.change_tp for month in months)
    for month in months:
        assert len(month.truth_ids) == len(month.proposal_ids) == len(month.iou) == month.tp
        assert (month.iou > 0.25).all()
        assert (np.diff(month.truth_ids) > 0).all()
    f1 = score_f1(truth, proposal).aois["area"]
    for name, month in aoi.months.items():
        counted = f1.months[name]
        assert (month.tp, month.fp, month.fn) == (
            counted.true_positives,
            counted.false_positives,
            counted.false_negatives,
        )


@given(scored(), seeds())
def test_permuting_rows_changes_nothing(sides, random):
    truth, proposal = sides
    mixed = [permuted(side, random) for side in sides]
    assert same(score_scot(truth, proposal), score_scot(*mixed))
    assert score_f1(truth, proposal) == score_f1(*mixed)


@given(scored(), seeds(), st.sampled_from([1, 1000, 2**40]))
def test_other_names_for_ids_change_nothing(sides, random, spread):
    def renamed(one):
        names = np.unique(one.ids)
        new = random.choice(2 * len(names) + 1, len(names), replace=False) * spread - 3 * spread
        return one.with_ids(new[np.searchsorted(names, one.ids)])

    truth, proposal = sides
    assert same(score_scot(truth, proposal), score_scot(renamed(truth), renamed(proposal)))


@given(seeds(), st.integers(-999, 999), st.integers(-999, 999))
def test_shifting_changes_nothing(random, dx, dy):
    months = [boxes(random, 8), boxes(random, 8)]
    others = [boxes(random, 8), boxes(random, 8)]
    ids = [random.permutation(8), random.permutation(8)]

    def moved(frames):
        return [shifted(f, dx, dy) for f in frames]

    here = score_scot(stack(months, ids), stack(others, ids))
    there = score_scot(stack(moved(months), ids), stack(moved(others), ids))
    assert same(here, there)
    for one, other in zip(
        here.aois["area"].months.values(), there.aois["area"].months.values(), strict=True
    ):
        assert (one.truth_ids == other.truth_ids).all()
        assert (one.proposal_ids == other.proposal_ids).all()


def rows_of(one):
    polygons = one.footprints.to_shapely()
    months = np.array(one.months, object)[one.month_index] if len(one) else []
    return list(zip(months, one.ids.tolist(), polygons, strict=True))


@given(scored(), st.booleans())
def test_equal_to_the_reference(sides, count_other_months):
    truth, proposal = sides
    if count_other_months:
        # A stack knows of a month without any footprint, the rows of the reference do not.
        rows = np.diff(truth.frame_offsets) + np.diff(proposal.frame_offsets)
        assume((rows > 0).all())
    wanted = one_aoi(rows_of(truth), rows_of(proposal), count_other_months=count_other_months)
    found = score_scot(
        truth, proposal, unmatched_months="count" if count_other_months else "ignore"
    ).aois["area"]
    assert [getattr(found, name) for name in STATS] == pytest.approx(wanted["stats"], abs=1e-12)
    for month in wanted["months"]:
        ours = found.months[month["timestep"]]
        pairs = sorted(month["pairs"])
        assert ours.truth_ids.tolist() == [g for g, _, _ in pairs]
        assert ours.proposal_ids.tolist() == [p for _, p, _ in pairs]
        assert ours.iou == pytest.approx([iou for _, _, iou in pairs], abs=1e-12)


@given(seeds(), st.sampled_from([0.0, 1.0, 100.0]), st.sampled_from([0.0, 0.25, 0.5]))
def test_ties_have_the_totals_of_the_reference(random, base_reward, threshold):
    """Which of several best pairs are taken is free; how many and how good they are is not."""

    def months():
        sizes = random.integers(0, 9, 3)
        ids = [random.permutation(12)[:size] for size in sizes]
        return stack([boxes(random, size, field=6, size=3) for size in sizes], ids)

    truth, proposal = months(), months()
    wanted = one_aoi(rows_of(truth), rows_of(proposal), threshold, base_reward)
    found = score_scot(truth, proposal, iou_threshold=threshold, base_reward=base_reward)
    for month in wanted["months"]:
        ours = found.aois["area"].months[month["timestep"]]
        reward = sum(base_reward + iou for *_, iou in month["pairs"])
        assert (base_reward + ours.iou).sum() == pytest.approx(reward, abs=1e-9)
        if base_reward > 0:
            assert (ours.tp, ours.fp, ours.fn) == (month["tp"], month["fp"], month["fn"])


@given(scored())
def test_months_that_only_the_proposal_has(sides):
    truth, proposal = sides
    shorter = truth.take(truth.month_index > 0)
    ignored = score_scot(shorter, proposal).aois["area"]
    counted = score_scot(shorter, proposal, unmatched_months="count").aois["area"]
    first = len(proposal.frame(proposal.months[0])) if proposal.months else 0
    assert counted.track_fp + counted.track_tp == len(proposal)
    assert first == 0 or truth.months[0] not in ignored.months


@given(scored(), st.floats(0, 60))
def test_small_truth_is_left_out(sides, least):
    truth, proposal = sides
    kept = truth.take(truth.footprints.areas >= least)
    assert same(score_scot(truth, proposal, truth_min_area_px=least), score_scot(kept, proposal))


@given(st.lists(scored(), min_size=1, max_size=3))
def test_areas_are_scored_apart(pairs):
    truths = {f"area {k}": truth for k, (truth, _) in enumerate(pairs)}
    proposals = {f"area {k}": proposal for k, (_, proposal) in enumerate(pairs)}
    together = score_scot(truths, proposals)
    alone = [score_scot(truth, proposal) for truth, proposal in pairs]
    assert together.score == pytest.approx(np.mean([score.score for score in alone]))
    assert [aoi.track for aoi in together.aois.values()] == [score.track for score in alone]
    f1 = score_f1(truths, proposals)
    assert f1.pooled.true_positives == sum(
        score_f1(truth, proposal).pooled.true_positives for truth, proposal in pairs
    )
