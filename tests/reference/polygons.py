"""Mask to polygons: GDAL's polygonize behind solaris' rules."""

import numpy as np
import shapely
from rasterio.features import shapes
from shapely.geometry import shape


def regions(mask):
    """Polygons of the 4-connected regions of a boolean mask, in GDAL's order."""
    if not mask.any():
        return []
    found = shapes(mask.astype(np.uint8), mask=mask, connectivity=4)
    return [shape(geometry) for geometry, _ in found]


def to_two_dimensions(pred, channel_scaling=None):
    """Weigh and add the channels; the channel axis is guessed from the shape."""
    if pred.ndim == 2:
        return pred
    if pred.shape[0] < pred.shape[-1]:
        pred = np.moveaxis(pred, 0, -1)
    weights = np.ones(pred.shape[-1]) if channel_scaling is None else channel_scaling
    return (pred * np.asarray(weights, np.float64)).sum(axis=-1)


def foreground(pred, threshold):
    """Strictly above; NaN is background; a Python number adopts the type of the array."""
    with np.errstate(invalid="ignore"):
        return pred > threshold


def mask_to_polygons(
    pred,
    channel_scaling=None,
    bg_threshold=0,
    min_area=40,
    simplify=False,
    tolerance=0.5,
    transform=None,
):
    """(polygons, values) as the original gives them, the second threshold included.

    ``transform``: the six numbers a b c d e f of x = a col + b row + c, y = d col + e row + f.
    """
    mask = np.where(foreground(to_two_dimensions(pred, channel_scaling), bg_threshold), 255, 0)
    polygons, values = [], []
    shown = mask > bg_threshold
    if shown.any():
        for geometry, value in shapes(mask.astype(np.uint8), mask=shown, connectivity=4):
            polygon = shape(geometry)
            if transform is not None:
                a, b, c, d, e, f = transform
                polygon = shapely.affinity.affine_transform(polygon, [a, b, d, e, c, f])
            polygon = polygon.buffer(0)
            if polygon.area >= min_area:
                if simplify:
                    polygon = polygon.simplify(tolerance, preserve_topology=True)
                polygons.append(polygon)
                values.append(value)
    return polygons, values
