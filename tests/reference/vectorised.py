"""The reference's results for inputs of real size: shapely 2 in bulk, scipy per component.

The best that today's Python libraries give without a new algorithm, so also the rival in
benchmarks. Polygons must be valid and ids may not repeat in a month; ``reference.tracking`` and
``reference.scot`` have no such limits.
"""

import itertools

import numpy as np
import shapely
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from reference.overlap import by_descending


def iou_pairs(a, b, predicate="intersects"):
    """(i, j, iou) of pairs of two arrays of polygons, sorted by i, then j."""
    i, j = shapely.STRtree(b).query(a, predicate=predicate)
    inter = shapely.area(shapely.intersection(a[i], b[j]))
    iou = inter / (shapely.area(a)[i] + shapely.area(b)[j] - inter)
    order = np.lexsort((j, i))
    return i[order], j[order], iou[order]


def track(months, min_iou=0.25, reverse=False):
    """As ``reference.tracking.track``; the polygons of a month are an object array."""
    master = np.empty(0, object)
    out = []
    for name, polygons in sorted(months, key=lambda month: month[0], reverse=reverse):
        order = by_descending(shapely.area(polygons))
        polygons = polygons[order]
        i, j, iou = iou_pairs(polygons, master)
        starts = np.searchsorted(i, np.arange(len(polygons) + 1))
        free = np.ones(len(master), bool)
        ids = np.full(len(polygons), -1)
        ious = np.zeros(len(polygons))
        for place, (start, end) in enumerate(itertools.pairwise(starts)):
            available = free[j[start:end]]
            if available.any():
                overlap = np.where(available, iou[start:end], -1.0)
                best = overlap.argmax()
                if overlap[best] >= min_iou:
                    ids[place], ious[place] = j[start + best], overlap[best]
                    free[ids[place]] = False
        new = ids < 0
        ids[new] = len(master) + np.arange(new.sum())
        master = np.concatenate([master, polygons[new]])
        out.append({"name": name, "order": order, "Id": ids, "iou_score": ious})
    return out


def match(ground, proposal, threshold=0.25, base_reward=100.0):
    """As ``reference.scot.match`` without repeated ids, a component of overlaps at a time."""
    ground, proposal = sorted(ground, key=lambda row: row[0]), sorted(proposal, key=lambda r: r[0])
    polygons = [np.array([polygon for _, polygon in side], object) for side in (ground, proposal)]
    i, j, iou = iou_pairs(*polygons)
    keep = iou > threshold
    return [
        (ground[row][0], proposal[column][0], value)
        for row, column, value in assign(
            i[keep], j[keep], iou[keep], (len(ground), len(proposal)), base_reward
        )
    ]


def assign(i, j, iou, shape, base_reward=100.0):
    """Assignment of greatest total of base_reward + iou over the pairs: list of (i, j, iou)."""
    count = sum(shape)
    graph = coo_array((np.ones(len(i)), (i, shape[0] + j)), shape=(count, count))
    _, label = connected_components(graph, directed=False)
    order = np.argsort(label[i], kind="stable")
    i, j, iou = i[order], j[order], iou[order]
    starts = np.flatnonzero(np.r_[True, np.diff(label[i]) != 0, True]) if len(i) else [0]
    chosen = []
    for start, end in itertools.pairwise(starts):
        rows, row = np.unique(i[start:end], return_inverse=True)
        columns, column = np.unique(j[start:end], return_inverse=True)
        reward = np.zeros((len(rows), len(columns)))
        reward[row, column] = base_reward + iou[start:end]
        values = dict(zip(zip(row, column, strict=True), iou[start:end], strict=True))
        for place in zip(*linear_sum_assignment(reward, maximize=True), strict=True):
            if place in values:
                chosen.append((rows[place[0]], columns[place[1]], values[place]))
    return sorted(chosen)
