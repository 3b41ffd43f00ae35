"""The filtered tracker, step by step and slowly: follow, drop, fill.

Valid polygons only, and clouds by whole pixels. `params` has the attributes of
`sn7fast.FilterParams`.
"""

from itertools import combinations

import numpy as np
import rasterio.features
import shapely

from reference.overlap import by_descending


def iou(one, other):
    union = one.union(other).area
    return one.intersection(other).area / union if union else 0.0


class Building:
    """One identifier."""

    def __init__(self, number, month, position, polygon):
        self.number, self.first, self.master = number, polygon, polygon
        self.seen = [(month, position, polygon, 0.0)]

    def areas(self):
        return [polygon.area for _, _, polygon, _ in self.seen]


def track(months, params, *, reverse=False, valid=None, scores=None):
    """Rows of each month: list of (position in the month or -1, number, polygon, IoU or NaN).

    Args:
        months: List of lists of polygons.
        params: See above.
        reverse: From the last month to the first.
        valid: bool (T, rows, columns) or None.
        scores: For each month the scores of its polygons, or None.
    """
    buildings = follow(months, params, reverse)
    for building in buildings:
        building.seen.sort(key=lambda seen: seen[0])
    buildings = [b for b in buildings if stays(b, len(months), params, scores)]
    rows = [[] for _ in months]
    for building in buildings:
        for month, position, polygon, overlap in building.seen:
            rows[month].append((position, building.number, polygon, overlap))
    for month in rows:
        month.sort()
    left = [[polygon for _, _, polygon, _ in month] for month in rows]
    for building in buildings:
        for month, polygon in fillings(building, left, params, valid):
            rows[month].append((-1, building.number, polygon, np.nan))
    return rows


def follow(months, params, reverse):
    buildings, started = [], False
    order = range(len(months))[::-1] if reverse else range(len(months))
    for turn, month in enumerate(order):
        known, taken, founders = list(buildings), set(), []
        # As it was before this month: nobody is compared with another of the same.
        masters = [b.master for b in known]
        shapes = {b.number: [shape for _, _, shape, _ in b.seen] for b in known}
        for position in by_descending([polygon.area for polygon in months[month]]):
            polygon = months[month][position]
            best, overlap = best_match(polygon, known, taken, shapes, params)
            if best is None or overlap < params.min_iou:
                founders.append((position, polygon))
            elif best.number not in taken:
                taken.add(best.number)
                best.seen.append((month, position, polygon, overlap))
                update(best, polygon, params)
        ahead = [months[k] for k in order[turn + 1 : turn + 1 + params.num_ahead_frames]]
        number = known[-1].number + 1 if known else 0
        for position, polygon in founders:
            allowed = may_found(polygon, masters, ahead, params)
            if allowed:
                buildings.append(Building(number, month, position, polygon))
            number += allowed or not started
        started = started or bool(months[month])
    return buildings


def best_match(polygon, known, taken, shapes, params):
    """(building or None, IoU)."""
    if params.matching == "overlapping":
        free = [b for b in known if b.number not in taken]
        pairs = [(iou(polygon, b.master), b) for b in free if polygon.intersects(b.master)]
    else:
        distance = [polygon.centroid.distance(b.first.centroid) for b in known]
        near = [known[k] for k in np.argsort(distance, kind="stable")[: params.nearest_tracks]]
        first = {b.number: shapes[b.number][: params.nearest_shapes] for b in near}
        pairs = [(max(iou(polygon, shape) for shape in first[b.number]), b) for b in near]
        pairs = [pair for pair in pairs if pair[0] > 0]
    if not pairs:
        return None, 0.0
    overlap, best = max(pairs, key=lambda pair: (pair[0], -pair[1].number))
    return best, overlap


def update(building, polygon, params):
    middle = np.median(building.areas())
    if params.shape_update_method == "latest" or (
        params.shape_update_method == "median_area"
        and abs(middle - polygon.area) < abs(middle - building.master.area)
    ):
        building.master = polygon


def may_found(polygon, masters, ahead, params):
    confirmed = not ahead or any(
        polygon.intersects(other) and iou(polygon, other) >= params.min_iou_new_building
        for month in ahead
        for other in month
    )
    shares = [polygon.intersection(master).area / polygon.area for master in masters]
    disc = polygon.centroid.buffer(params.search_radius_pixel, 16)
    neighbours = sum(master.intersects(disc) for master in masters)
    return (
        confirmed
        and (params.max_area_occupied >= 1 or max(shares, default=0) <= params.max_area_occupied)
        and (params.search_radius_pixel <= 0 or neighbours <= params.max_num_intersect_polys + 1)
    )


def stays(building, length, params, scores):
    start, end, count = building.seen[0][0], building.seen[-1][0], len(building.seen)
    if count < int(params.min_share * length):
        score = None if scores is None else np.median([scores[m][p] for m, p, *_ in building.seen])
        exceptions = [
            left == length - start and count >= least and (score is None or score > above)
            for left, least, above in params.late_starts
        ]
        if not any(exceptions):
            return False
    if end - start + 1 < params.min_duration:
        return False
    small = np.median(building.areas()) < params.small_area_px
    least = params.small_min_detections if small else params.min_detections
    ratio = params.small_min_ratio if small else params.min_ratio
    return start == 0 or (count >= least and count / (length - start) >= ratio)


def fillings(building, left, params, valid):
    """(month, polygon) of what is filled in."""
    seen = [month for month, *_ in building.seen]
    ends = {"none": seen[0], "between": seen[-1] + 1, "to_end": len(left)}
    span = range(seen[0], ends[params.fill])
    gaps = np.diff([*seen, len(left)] if params.fill == "to_end" else seen) - 1
    too_long = params.fill_max_gap is not None and max(gaps, default=0) > params.fill_max_gap
    if len(seen) < params.fill_min_detections or too_long:
        return
    shapes = [building.master]
    if params.fill_shape == "typical":
        own = [polygon for _, _, polygon, _ in building.seen]
        pairs = np.zeros((len(own), len(own)))
        for one, other in combinations(range(len(own)), 2):
            pairs[one, other] = pairs[other, one] = iou(own[other], own[one])
        shapes = [own[k] for k in by_descending(pairs.sum(axis=1))]
    for month in span:
        if month not in seen:
            for shape in shapes:
                if params.fill_only_free and any(shape.intersects(other) for other in left[month]):
                    continue
                visible = seen_of(shape, None if valid is None else valid[month], params)
                if visible is not None:
                    yield month, visible
                    break


def seen_of(shape, valid, params):
    """What of a shape is seen, or None if it does not fit."""
    if valid is None or (~valid).sum() < max(params.fill_min_cloud_px, 1):
        return shape
    pixels = rasterio.features.rasterize([shape], valid.shape) > 0
    if not (pixels & ~valid).any():
        return shape
    if params.fill_clouds == "skip" or not (pixels & valid).any():
        return None
    rows, columns = np.nonzero(pixels & valid)
    return shapely.union_all(shapely.box(columns, rows, columns + 1, rows + 1))
