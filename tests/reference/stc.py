"""Spatio-temporal collapse by numpy, scikit-image and shapely, step by step as described.

Peaks and watershed are those of the installed scikit-image: the current rules.
"""

import numpy as np
import shapely
from rasterio.features import shapes
from shapely.geometry import shape
from skimage.feature import peak_local_max
from skimage.measure import label
from skimage.segmentation import watershed

HIDDEN = -10000.0


def masked(prob, valid):
    """float32 probabilities in which hidden pixels are far below 0."""
    values = prob.astype(np.float32) / np.float32(255 if prob.dtype == np.uint8 else 1)
    return values if valid is None else np.where(valid, values, np.float32(HIDDEN))


def temporal_mean(cube, threshold):
    above = cube > np.float32(threshold)
    sums = np.where(above, cube, np.float32(0)).sum(axis=0, dtype=np.float32)
    return sums.astype(np.float64) / np.maximum(1, above.sum(axis=0))


def labels_of(mean, high, low, distance):
    """Numbered regions of a mean image."""
    inside = mean > low
    seeds = mean > high
    if inside[1:-1, 1:-1].any() and np.ptp(mean) > 0:
        window = np.ones((2 * distance + 1,) * 2, bool)
        found = peak_local_max(mean, footprint=window, labels=inside, exclude_border=1)
        seeds[tuple(found.T)] = True
    basins = watershed(
        -mean, label(seeds, connectivity=1), mask=inside, watershed_line=True, connectivity=1
    )
    return label(basins, connectivity=2, background=0)


def regions(labels, min_area):
    """Simplified polygons."""
    if not labels.any():
        return []
    found = shapes(labels.astype(np.int32), mask=labels > 0, connectivity=4)
    polygons = (shape(geometry) for geometry, _ in found)
    return [polygon.simplify(0.5) for polygon in polygons if polygon.area >= min_area]


def pixels_of(polygon, shape_yx):
    """Rows and columns of the pixels of a polygon's contour."""
    contour = shapely.Polygon(polygon.exterior)
    shrunken = shapely.affinity.translate(contour, -0.5, -0.5).buffer(-0.25)
    if shrunken.is_empty:
        return np.empty(0, int), np.empty(0, int)
    x0, y0, x1, y1 = shrunken.bounds
    columns = np.arange(max(0, int(np.ceil(x0))), min(shape_yx[1] - 1, int(np.floor(x1))) + 1)
    rows = np.arange(max(0, int(np.ceil(y0))), min(shape_yx[0] - 1, int(np.floor(y1))) + 1)
    x, y = np.meshgrid(columns, rows)
    shapely.prepare(shrunken)
    inside = shapely.intersects_xy(shrunken, x, y)
    return y[inside], x[inside]


def scores_of(cube, polygon):
    rows, columns = pixels_of(polygon, cube.shape[1:])
    if not len(rows):
        return np.full(len(cube), np.nan)
    return cube[:, rows, columns].mean(axis=1, dtype=np.float64)


def largest_rise(scores):
    seen = scores[scores >= 0]
    rises = [seen[k + 1 :].mean() - seen[: k + 1].mean() for k in range(len(seen) - 1)]
    return max(rises, default=-np.inf)


def months_of_change(scores, p):
    shown, stands = [], False
    for month, score in enumerate(scores):
        starts = not stands and (
            score > p.thres3_s * scores.max() or (month == 0 and score > p.thres3_1)
        )
        stands |= starts
        shown.append(bool(starts or (stands and score > p.thres3_i)))
    return shown


def months_of_track(scores, p):
    seen = scores[scores >= 0]
    stands = len(seen) > 0 and seen.mean() > p.thres3_m
    return [bool(stands and score >= 0) for score in scores]


def is_near(a, b):
    ax, ay = a.bounds[0] + a.bounds[2], a.bounds[1] + a.bounds[3]
    bx, by = b.bounds[0] + b.bounds[2], b.bounds[1] + b.bounds[3]
    reach = 5 * (np.sqrt(a.area) + np.sqrt(b.area)) / np.pi
    return np.hypot(ax - bx, ay - by) < reach


def overlaps(region, changes, tree):
    near = (changes[k] for k in tree.query(region))
    return any(
        is_near(region, change) and region.intersection(change).area >= 1e-5 for change in near
    )


def outline(polygon, scale):
    ring = np.asarray(polygon.exterior.coords) / scale
    simple = shapely.Polygon(ring).simplify(0.2)
    return np.round(np.asarray(simple.exterior.coords) * 10) / 10


def collapse(prob, valid, scale, p):
    """{(month, id): outline} and nothing for what is not shown.

    Args:
        prob: uint8 or float32 (T, rows, columns).
        valid: bool of the same shape, or None.
        scale: Pixels along a native one.
        p: Parameters as ``sn7fast.StcParams`` has them, with the current rules.
    """
    cube = masked(prob, valid)
    mean = temporal_mean(cube, p.thres1)
    first = regions(labels_of(mean, p.thres2_h1, p.thres2_l1, p.distance), p.min_area)
    series = [scores_of(cube, polygon) for polygon in first]
    changed = [largest_rise(scores) > p.thres3_d for scores in series]
    changes = [polygon for polygon, change in zip(first, changed, strict=True) if change]
    buildings = [
        (polygon, months_of_change(scores, p))
        for polygon, scores, change in zip(first, series, changed, strict=True)
        if change
    ]
    if p.variant == "stc1":
        tracked = [polygon for polygon, change in zip(first, changed, strict=True) if not change]
    else:
        second = regions(labels_of(mean, p.thres2_h2, p.thres2_l2, p.distance), p.min_area)
        grown = [c.buffer(p.margin * np.sqrt(c.area)) if p.margin else c for c in changes]
        tree = shapely.STRtree(grown)
        tracked = [polygon for polygon in second if not overlaps(polygon, grown, tree)]
    buildings += [(polygon, months_of_track(scores_of(cube, polygon), p)) for polygon in tracked]
    outlines = [outline(polygon, scale) for polygon, _ in buildings]
    return {
        (month, id_): outlines[id_]
        for id_, (_, shown) in enumerate(buildings)
        for month, is_shown in enumerate(shown)
        if is_shown
    }
