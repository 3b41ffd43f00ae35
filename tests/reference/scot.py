"""The SCOT metric."""

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment

from reference.overlap import array_of

STATS = (
    "mismatches",
    "track_tp",
    "track_fp",
    "track_fn",
    "track",
    "change_tp",
    "change_fp",
    "change_fn",
    "change",
    "score",
)


def overlaps(ground, proposal):
    """(i, j, iou) of overlapping pairs; areas as given, the overlap on repaired copies.

    iou = inter / (area + area - inter), from separately computed areas.
    """
    ground, proposal = array_of(ground), array_of(proposal)
    repaired_ground, repaired = shapely.make_valid(ground), shapely.make_valid(proposal)
    i, j = shapely.STRtree(repaired).query(repaired_ground, predicate="intersects")
    inter = shapely.area(shapely.intersection(repaired_ground[i], repaired[j]))
    union = shapely.area(ground)[i] + shapely.area(proposal)[j] - inter
    keep = inter > 0
    return i[keep], j[keep], inter[keep] / union[keep]


def match(ground, proposal, threshold=0.25, base_reward=100.0):
    """Best assignment of two lists of (id, polygon): list of (ground id, proposal id, iou).

    Equal ids share a line of the matrix, where IoU and rewards add up.
    """
    ground_ids = sorted({identifier for identifier, _ in ground})
    proposal_ids = sorted({identifier for identifier, _ in proposal})
    row = {identifier: place for place, identifier in enumerate(ground_ids)}
    column = {identifier: place for place, identifier in enumerate(proposal_ids)}
    iou = np.zeros((len(ground_ids), len(proposal_ids)))
    reward = np.zeros_like(iou)
    pairs = overlaps([polygon for _, polygon in ground], [polygon for _, polygon in proposal])
    for i, j, value in zip(*pairs, strict=True):
        place = row[ground[i][0]], column[proposal[j][0]]
        iou[place] += value
        reward[place] += base_reward + value if value > threshold else 0.0
    return [
        (ground_ids[i], proposal_ids[j], iou[i, j])
        for i, j in zip(*linear_sum_assignment(reward, maximize=True), strict=True)
        if iou[i, j] > threshold
    ]


def one_aoi(
    ground,
    proposal,
    threshold=0.25,
    base_reward=100.0,
    beta=2.0,
    count_other_months=False,
    match=match,
):
    """SCOT of one AOI from two lists of (month, id, polygon).

    Returns:
        {"score", "stats": ten numbers named by STATS, "months": [...]}.
    """
    months = {month for month, _, _ in ground}
    if count_other_months:
        months |= {month for month, _, _ in proposal}
    tally = dict.fromkeys(STATS, 0)
    partner_of_ground, partner_of_proposal = {}, {}
    seen_ground, seen_proposal = set(), set()
    details = []
    for step, month in enumerate(sorted(months)):
        truth = [(identifier, polygon) for when, identifier, polygon in ground if when == month]
        found = [(identifier, polygon) for when, identifier, polygon in proposal if when == month]
        pairs = match(truth, found, threshold, base_reward)
        tally["track_tp"] += len(pairs)
        tally["track_fp"] += len(found) - len(pairs)
        tally["track_fn"] += len(truth) - len(pairs)
        for g, p, _ in pairs:
            if partner_of_ground.get(g, p) != p or partner_of_proposal.get(p, g) != g:
                tally["mismatches"] += 1
            partner_of_ground[g], partner_of_proposal[p] = p, g
        ground_ids = {identifier for identifier, _ in truth}
        proposal_ids = {identifier for identifier, _ in found}
        if step:
            new_ground, new_proposal = ground_ids - seen_ground, proposal_ids - seen_proposal
            both = sum(g in new_ground and p in new_proposal for g, p, _ in pairs)
            tally["change_tp"] += both
            tally["change_fp"] += len(new_proposal) - both
            tally["change_fn"] += len(new_ground) - both
        seen_ground |= ground_ids
        seen_proposal |= proposal_ids
        details.append(
            {
                "timestep": month,
                "pairs": pairs,
                "tp": len(pairs),
                "fp": len(found) - len(pairs),
                "fn": len(truth) - len(pairs),
                "repeated_ids": len(ground_ids) < len(truth) or len(proposal_ids) < len(found),
            }
        )
    tally["track_tp"] -= tally["mismatches"]
    tally["track_fp"] += tally["mismatches"]
    tally["track_fn"] += tally["mismatches"]
    for term in ("track", "change"):
        true_pos, wrong = tally[f"{term}_tp"], tally[f"{term}_fp"] + tally[f"{term}_fn"]
        tally[term] = true_pos / (true_pos + wrong / 2) if true_pos or wrong else 0.0
    below = beta**2 * tally["change"] + tally["track"]
    tally["score"] = (1 + beta**2) * tally["change"] * tally["track"] / below if below else 0.0
    return {"score": tally["score"], "stats": list(tally.values()), "months": details}


def multi_aoi(ground, proposal, **options):
    """SCOT of several AOIs, each side a dictionary from AOI to its list of rows."""
    aois = {aoi: one_aoi(ground[aoi], proposal.get(aoi, []), **options) for aoi in sorted(ground)}
    return {"score": sum(aoi["score"] for aoi in aois.values()) / len(aois), "aois": aois}
