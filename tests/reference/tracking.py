"""Identifiers through time: the baseline's greedy tracker."""

import numpy as np

from reference.overlap import array_of, by_descending, candidates


def track(months, min_iou=0.25, reverse=False, candidates_of=candidates):
    """Follow buildings through months.

    Args:
        months: List of (name, list of polygons in file order).
        min_iou: Least IoU of a match; equality matches.
        reverse: From the last month to the first.
        candidates_of: How the IoU with the master polygons is found.

    Returns:
        List, in the order of processing, of dictionaries name, order (positions of the input),
        Id, iou_score: in descending order of area, ties in file order.
    """
    master = []
    out = []
    for name, polygons in sorted(months, key=lambda month: month[0], reverse=reverse):
        order = by_descending([polygon.area for polygon in polygons])
        earlier = array_of(master)
        free = np.ones(len(master), bool)
        ids, ious = [], []
        for position in order:
            polygon = polygons[position]
            match, best = None, 0.0
            if len(earlier):
                found, overlap = candidates_of(polygon, earlier)
                overlap, found = overlap[free[found]], found[free[found]]
                if len(found):
                    match, best = found[overlap.argmax()], overlap.max()
            if match is not None and best >= min_iou:
                free[match] = False
                ids.append(int(match))
                ious.append(float(best))
            else:
                ids.append(len(master))
                ious.append(0.0)
                master.append(polygon)
        out.append({"name": name, "order": order.tolist(), "Id": ids, "iou_score": ious})
    return out
