"""Random polygons in the style of the golden cases, a good part of them out of the ordinary."""

import numpy as np
import shapely
from shapely import MultiPolygon, Polygon, affinity, box

# Styles of scenes whose coordinates are whole numbers: areas and IoUs tie often.
WHOLE = ("boxes", "crowded", "odd boxes", "pixels")
STYLES = (*WHOLE, "turned", "odd turned", "stars", "tenths", "far")


def scene(random, style, count, field=30):
    """A list of shapes; about ``count`` of them."""
    if style == "boxes":
        return [whole_box(random, field) for _ in range(count)]
    if style == "crowded":
        return [whole_box(random, 6, largest=3) for _ in range(count)]
    if style == "tenths":
        return [shapely.transform(whole_box(random, field), lambda p: p / 10) for _ in range(count)]
    if style == "turned":
        return [turned_box(random, field) for _ in range(count)]
    if style in ("odd boxes", "odd turned"):
        plain = whole_box if style == "odd boxes" else turned_box
        return [
            odd(random, field, style in WHOLE) if random.random() < 0.5 else plain(random, field)
            for _ in range(count)
        ]
    if style == "stars":
        return [star(random, field) for _ in range(count)]
    if style == "far":
        boxes = [turned_box(random, field) for _ in range(count)]
        return [affinity.translate(shape, 13545864.25, -4501234.125) for shape in boxes]
    return regions(random, count + 8)


def whole_box(random, field, largest=8):
    corner, side = random.integers(0, field, 2), random.integers(1, largest + 1, 2)
    return box(*map(float, corner), *map(float, corner + side))


def turned_box(random, field):
    corner, side = random.uniform(0, field, 2), random.uniform(0.5, 8, 2)
    turned = affinity.rotate(box(*corner, *(corner + side)), random.uniform(0, 90))
    return shapely.transform(turned, lambda points: points.round(3))


def star(random, field):
    count = int(random.integers(3, 30))
    angles = (np.arange(count) + random.uniform(-0.3, 0.3, count)) * 2 * np.pi / count
    reach = random.uniform(1, 8) * random.uniform(0.3, 1, count)
    around = np.stack([np.cos(angles), np.sin(angles)], 1) * reach[:, None]
    return Polygon(random.uniform(0, field, 2) + around)


def regions(random, size):
    """Polygons of a random mask: corners on the pixel grid, ragged outlines, holes."""
    from rasterio.features import shapes

    mask = random.random((size, size)) < random.uniform(0.3, 0.7)
    found = shapes(mask.astype(np.uint8), mask=mask, connectivity=4)
    return [shapely.geometry.shape(geometry) for geometry, _ in found]


def odd(random, field, whole):
    """Bowties, slivers, spikes, rings that touch, nested and overlapping parts, ..."""
    x, y = random.integers(0, field, 2) if whole else random.uniform(0, field, 2).round(3)
    s, t = (int(side) for side in random.integers(2, 9, 2))
    reach = int(random.integers(5, 12))
    square = [(0, 0), (9, 0), (9, 9), (0, 9)]
    diamond = [(0, 4), (2, 2), (4, 4), (2, 6)]
    corners = random.integers(0, 9, (int(random.integers(4, 9)), 2))
    kinds = [
        [[[(0, 0), (s, s), (s, 0), (0, t)]]],
        [[corners]],
        [[[(0, 0), (s, 0), (s / 2, 0)]]],
        [[[(0, 0), (s, 0), (s, t), (s, t + 3), (s, t), (0, t)]]],
        [[[(0, 0), (s, 0), (s, s), (2 * s, s), (2 * s, 2 * s), (s, 2 * s), (s, s), (0, s)]]],
        [[[(0, 0), (8, 0), (8, 8), (4, 8), (2, 4), (6, 4), (4, 8), (0, 8)]]],
        [[square, diamond]],
        [[square, [(1, 1), (3, 1), (3, 3), (1, 3)], [(3, 3), (6, 3), (6, 7), (3, 7)]]],
        [[square, [(reach, 1), (reach + 3, 1), (reach + 3, 3), (reach, 3)]]],
        [[square], [[(9, 9), (12, 9), (12, 9 + t)]]],
        [[square], [[(9 - s, 2), (9 - s, 2 + t), (15, 2)]]],
        [[square, [(2, 2), (7, 2), (7, 7), (2, 7)]], [[(3, 3), (6, 3), (6, 6), (3, 6)]]],
    ]
    parts = [
        Polygon(np.add(rings[0], (x, y)), [np.add(hole, (x, y)) for hole in rings[1:]])
        for rings in kinds[int(random.integers(len(kinds)))]
    ]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def redressed(random, shape):
    """The same region: rings that start elsewhere, run the other way, repeat points."""

    def ring(line):
        points = np.roll(shapely.get_coordinates(line)[:-1], random.integers(9), axis=0)
        points = points[:: random.choice([-1, 1])]
        return np.repeat(points, random.integers(1, 3, len(points)), axis=0)

    parts = [
        Polygon(ring(part.exterior), [ring(hole) for hole in part.interiors])
        for part in shapely.get_parts(shape)
        if not part.is_empty
    ]
    return MultiPolygon(parts) if shape.geom_type == "MultiPolygon" else (parts or [shape])[0]


def runs_along_itself(shape):
    """True if a stretch of the outline is passed twice."""
    if shape.is_valid:
        return False
    lines = shapely.get_parts(shapely.boundary(shape))
    return abs(shapely.length(shapely.union_all(lines)) - shapely.length(lines).sum()) > 1e-9


def months_of(random, count=None):
    """A settlement that is seen shakily: (its style, list of (month, shapes, identifiers)).

    Rows go missing, move, come twice, come under another identifier; a month may be empty; the
    names of months sort as text in another order than as numbers.
    """
    style = str(random.choice(STYLES))
    count = count or int(random.integers(1, 6))
    buildings = scene(random, style, int(random.integers(0, 14)))
    months = []
    for number in random.choice(120, count, replace=False):
        rows = []
        for identifier, shape in enumerate(buildings if random.random() > 0.08 else []):
            chance = random.random()
            if chance < 0.15:
                continue
            if random.random() < 0.5:
                shift = random.integers(-2, 3, 2) if style in WHOLE else random.normal(0, 0.7, 2)
                shape = affinity.translate(shape, *np.round(shift, 3))
            # The order of corners decides the last bit of a decimal area.
            if style in WHOLE and random.random() < 0.5:
                shape = redressed(random, shape)
            rows.append((identifier, shape))
            if chance > 0.95:
                rows.append((int(random.choice([identifier, random.integers(0, 30)])), shape))
        rows = [rows[k] for k in random.permutation(len(rows))]
        months.append((f"m{number}", [shape for _, shape in rows], [i for i, _ in rows]))
    return style, months
