"""Open land of a synthetic AOI: fields, woods, water, through roads, and what looks like roofs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.synthetic.fields import value_noise

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.data.synthetic.variety import Character
    from sn7fast.data.synthetic.warp import Warp

_PARCELS = 4096


class Terrain:
    """The land before it is settled.

    Args:
        rng: Source of all choices.
        shape_yx: Rows and columns.
        character: What the AOI is like.
        warp: Bends the borders of fields.

    Attributes:
        parcels: int32 (rows, columns), number of the field's kind, below 4096.
        edges: float32 (rows, columns), share of each pixel that is a field's edge.
        is_field: float32, 1 on fields, 0 on open land; so too ``wood``, ``water``, ``paved``,
            ``track``, ``earthworks``.
        bareness: float32, about -1 to 1, patches of soil on open land.
        texture: float32, about -1 to 1, from coarse to fine.
        crowns: float32, about -1 to 1, of the size of trees.
        grain: float32, about -1 to 1, from pixel to pixel.
        relief: float32, about 0, light and shadow of the hills.
        keep_out: bool, where no houses stand.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        shape_yx: tuple[int, int],
        character: Character,
        warp: Warp,
    ) -> None:
        x, y = warp.plan_x, warp.plan_y
        self.parcels, self.edges = _parcels(rng, x, y, character.field_px)

        def patches(cell_px: float, share: float, softness: float) -> NDArray[np.float32]:
            """1 on about a share of the frame, 0 elsewhere."""
            if share <= 0:
                return np.zeros(shape_yx, np.float32)
            # Two lattices, so that neither shows.
            field = value_noise(rng, shape_yx, cell_px=cell_px, octaves=3)
            field += 0.8 * value_noise(rng, shape_yx, cell_px=0.37 * cell_px, octaves=5)
            level = np.quantile(field[::4, ::4], 1 - min(share, 1))
            share_of_pixel: NDArray[np.float32] = np.clip((field - level) / softness + 0.5, 0, 1)
            return share_of_pixel

        self.is_field = patches(180, character.field_share, 0.02)
        self.wood = patches(
            np.exp(rng.uniform(2.6, 5.2)), character.wood_share, rng.uniform(0.06, 0.4)
        )
        self.water = patches(rng.uniform(60, 250), character.water_share, 0.03)
        self.earthworks = patches(rng.uniform(30, 90), character.earthworks, 0.05)
        self.bareness = value_noise(rng, shape_yx, cell_px=70, octaves=5)
        self.texture = value_noise(rng, shape_yx, cell_px=24, octaves=4)
        self.crowns = value_noise(rng, shape_yx, cell_px=4, octaves=2)
        self.grain = rng.standard_normal(shape_yx, np.float32)
        hills = value_noise(rng, shape_yx, cell_px=90, octaves=4)
        slope_y, slope_x = np.gradient(hills)
        steep = rng.choice([0, 1, 3]) * rng.uniform(0.5, 1.5)
        self.relief = (steep * -(slope_x * character.sun[0] + slope_y * character.sun[1])).astype(
            np.float32
        )
        river = np.zeros(shape_yx, np.float32)
        if rng.random() < 0.3:
            wobble = 12 * value_noise(rng, shape_yx, cell_px=60, octaves=2)
            river = _curve(rng, x, y, width=np.exp(rng.uniform(0.5, 3)), wobble=wobble)
            self.water = np.maximum(self.water, river)
        self.paved, self.track = np.zeros(shape_yx, np.float32), np.zeros(shape_yx, np.float32)
        broad = np.zeros(shape_yx, np.float32)
        for _ in range(int(rng.integers(0, 4))):
            width = rng.uniform(1.5, 6)
            self.paved = np.maximum(self.paved, _curve(rng, x, y, width=width))
            broad = np.maximum(broad, _curve_like(self.paved))
        for _ in range(int(rng.integers(0, 10))):
            wobble = rng.uniform(5, 25) * value_noise(rng, shape_yx, cell_px=60, octaves=3)
            lane = _curve(rng, x, y, width=rng.uniform(0.6, 1.6), wobble=wobble)
            self.track = np.maximum(self.track, lane * rng.uniform(0.5, 1))
        self.wood *= (1 - self.paved) * (1 - self.water)
        self.keep_out = (self.water > 0.05) | (broad > 0.02) | (self.track > 0.6)


def _curve_like(road: NDArray[np.float32]) -> NDArray[np.float32]:
    """The road and a pixel on each side."""
    wide = road.copy()
    wide[1:] = np.maximum(wide[1:], road[:-1])
    wide[:-1] = np.maximum(wide[:-1], road[1:])
    wide[:, 1:] = np.maximum(wide[:, 1:], road[:, :-1])
    wide[:, :-1] = np.maximum(wide[:, :-1], road[:, 1:])
    return wide


def _curve(
    rng: np.random.Generator,
    x: NDArray[np.float32],
    y: NDArray[np.float32],
    *,
    width: float,
    wobble: NDArray[np.float32] | float = 0.0,
) -> NDArray[np.float32]:
    """Share of each pixel within a bent line across the frame."""
    angle = rng.uniform(0, np.pi)
    size = max(x.shape)
    along = (x - size / 2) * np.float32(np.cos(angle)) + (y - size / 2) * np.float32(np.sin(angle))
    across = (y - size / 2) * np.float32(np.cos(angle)) - (x - size / 2) * np.float32(np.sin(angle))
    reach = rng.uniform(0.6, 2.5) * size
    height = rng.uniform(0, 0.12) * reach
    phase = np.float32(rng.uniform(0, 2 * np.pi))
    bend = np.float32(2 * np.pi / reach)
    line = np.float32(height) * np.sin(along * bend + phase)
    slope = np.float32(height) * bend * np.cos(along * bend + phase)
    middle = np.float32(rng.uniform(-0.4, 0.4) * size)
    distance = np.abs(across - line - middle + wobble) / np.sqrt(1 + slope * slope)
    half = np.float32(width / 2)
    line_share: NDArray[np.float32] = np.clip(half - distance + np.float32(0.5), 0, min(1, width))
    return line_share


def _parcels(
    rng: np.random.Generator, x: NDArray[np.float32], y: NDArray[np.float32], side_px: float
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Kinds and edges of fields: strips in several regions, each cut at its own distances."""
    rows, columns = x.shape
    count = 2 + rows * columns // 90_000 + int(rng.integers(0, 4))
    sites_x, sites_y = rng.uniform(0, columns, count), rng.uniform(0, rows, count)
    nearest = np.full(x.shape, np.inf, np.float32)
    region = np.zeros(x.shape, np.int32)
    bumps = 15 * value_noise(rng, x.shape, cell_px=50, octaves=2)
    for number in range(count):
        far = np.hypot(x - np.float32(sites_x[number]) + bumps, y - np.float32(sites_y[number]))
        closer = far < nearest
        nearest[closer], region[closer] = far[closer], number
    angles = (
        rng.uniform(0, np.pi, count)
        if rng.random() < 0.6
        else np.full(count, rng.uniform(0, np.pi))
    )
    sides = side_px * np.exp(0.35 * rng.standard_normal(count))
    longer = rng.uniform(1, 4, count)
    cos, sin = (f(angles).astype(np.float32)[region] for f in (np.cos, np.sin))
    across = (y * cos - x * sin) / sides.astype(np.float32)[region]
    strip = np.floor(across).astype(np.int32)
    cut = _mixed(strip, region, 7)
    # Strips are moved along, and some are cut into longer fields than others.
    length = (sides * longer).astype(np.float32)[region] * (0.6 + 0.8 * _unit(cut))
    along = (x * cos + y * sin) / length + 8 * _unit(_mixed(strip, region, 3))
    piece = np.floor(along).astype(np.int32)
    kinds = _mixed(strip + 977 * region, piece, 11)
    part_v, part_u = across - strip, along - piece
    from_edge = np.minimum(
        np.minimum(part_v, 1 - part_v) * sides.astype(np.float32)[region],
        np.minimum(part_u, 1 - part_u) * length,
    )
    edges = np.clip(1 - from_edge, 0, 1).astype(np.float32)
    return (kinds % _PARCELS).astype(np.int32), edges


def _mixed(a: NDArray[np.int32], b: NDArray[np.int32], salt: int) -> NDArray[np.uint32]:
    """Random-looking numbers that depend on a pair of numbers alone."""
    mixed = a.astype(np.uint32) * np.uint32(0x9E3779B1)
    mixed ^= b.astype(np.uint32) * np.uint32(0x85EBCA77) + np.uint32(salt * 0x27D4EB2F % 2**32)
    mixed ^= mixed >> np.uint32(15)
    mixed *= np.uint32(0x2C1B3C6D)
    mixed ^= mixed >> np.uint32(13)
    return mixed


def _unit(number: NDArray[np.uint32]) -> NDArray[np.float32]:
    return (number >> np.uint32(8)).astype(np.float32) / np.float32(2**24)
