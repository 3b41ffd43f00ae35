"""The legacy SpaceNet F1."""

import numpy as np

from reference.overlap import array_of, by_descending, candidates


def ratio(part, whole):
    return part / whole if whole else 0.0


def scores(true_pos, false_pos, false_neg):
    precision = ratio(true_pos, true_pos + false_pos)
    recall = ratio(true_pos, true_pos + false_neg)
    return {
        "TruePos": true_pos,
        "FalsePos": false_pos,
        "FalseNeg": false_neg,
        "Precision": precision,
        "Recall": recall,
        "F1Score": ratio(2 * precision * recall, precision + recall),
    }


def evaluate(ground, proposal, confidence=None, miniou=0.5):
    """F1 of polygons in file order.

    Returns:
        The scores, and ``order`` (of the proposals), ``iou_in_order``, ``unmatched_ground``.
    """
    order = by_descending(np.zeros(len(proposal)) if confidence is None else confidence)
    truth = array_of(ground)
    free = np.ones(len(ground), bool)
    recorded = []
    for position in order:
        iou = 0.0
        if free.any():
            found, overlap = candidates(proposal[position], truth)
            overlap, found = overlap[free[found]], found[free[found]]
            if len(found) and overlap.max() > miniou:
                iou = float(overlap.max())
                free[found[overlap.argmax()]] = False
        recorded.append(iou)
    true_pos = sum(iou >= miniou for iou in recorded)
    result = scores(true_pos, len(recorded) - true_pos, int(free.sum()))
    result["order"] = order.tolist()
    result["iou_in_order"] = recorded
    result["unmatched_ground"] = np.flatnonzero(free).tolist()
    return result
