"""What differs from one synthetic AOI to the next: land, towns, colours, sun and season.

All colours are red, green and blue of a visual product, 0 to 255, as they look in a clear month;
`Character.gain` then makes the AOI as a whole darker or brighter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sn7fast.data.synthetic.settlement import Layout, Plan

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Bare and green crops, soil, grass, wood, water.
_BIOMES: dict[str, tuple[list[tuple[int, int, int]], ...]] = {
    "temperate": (
        [(138, 115, 82), (118, 98, 70), (150, 132, 92)],
        [(78, 88, 45), (92, 102, 55), (62, 78, 38)],
        [(165, 132, 95), (88, 96, 54), (42, 54, 30), (38, 50, 48)],
    ),
    "subtropics": (
        [(112, 88, 56), (95, 85, 50), (128, 105, 68)],
        [(48, 66, 30), (62, 84, 36), (78, 92, 44)],
        [(196, 142, 92), (66, 76, 36), (26, 40, 16), (46, 74, 56)],
    ),
    "arid": (
        [(188, 158, 118), (174, 146, 108), (160, 128, 92), (200, 172, 134)],
        [(96, 104, 62), (118, 118, 74), (150, 134, 92)],
        [(206, 176, 134), (168, 142, 102), (98, 96, 62), (52, 78, 82)],
    ),
    "savanna": (
        [(156, 112, 72), (172, 124, 80), (136, 100, 64)],
        [(108, 98, 54), (92, 92, 46), (124, 108, 62)],
        [(188, 118, 72), (132, 106, 62), (72, 72, 36), (88, 84, 62)],
    ),
    "steppe": (
        [(146, 130, 90), (164, 146, 104), (126, 112, 76)],
        [(112, 112, 66), (96, 100, 54), (130, 124, 76)],
        [(172, 148, 112), (128, 118, 74), (56, 62, 36), (44, 58, 60)],
    ),
}

# Roofs of tile, slate, concrete, metal, paint.
_ROOFS = (
    (186, 98, 74), (198, 130, 90), (150, 88, 66), (72, 68, 60), (96, 90, 80), (128, 120, 106),
    (156, 146, 126), (190, 178, 156), (222, 212, 192), (250, 242, 224), (98, 142, 172),
    (70, 112, 156), (120, 92, 70), (176, 148, 114), (102, 124, 98), (206, 92, 82),
)  # fmt: skip

_SUBURB = Layout(12, 0.28, 60, 4.2, (0.7, 1.0, 1.0, 1.5, 1.5), (2.0, 3.5), (0.85, 1.0))
_ROWS = Layout(18, 0.45, 90, 3.2, (0.0, 0.3, 1.0, 2.0), (2.0, 4.0), (0.8, 1.0))
_ESTATE = Layout(26, 0.4, 140, 5.5, (1.5, 2.0, 3.0, 4.0), (3.0, 6.0), (0.6, 0.95))
_SLUM = Layout(7, 0.55, 60, 4.5, (0.0, 0.0, 0.0, 0.3, 0.7), (1.0, 2.5), (0.8, 1.0))
_CENTRE = Layout(16, 0.8, 400, 7.0, (0.0, 0.0, 0.3, 0.7, 1.0), (2.0, 4.0), (0.85, 1.0))
_WORKS = Layout(170, 0.9, 2500, 30.0, (0.0, 1.0, 2.0, 4.0, 8.0), (3.0, 8.0), (0.5, 0.95))
_HALLS = Layout(700, 0.9, 7000, 70.0, (0.0, 2.0, 4.0, 10.0), (5.0, 14.0), (0.4, 0.9))
_SHEDS = Layout(130, 0.4, 600, 6.0, (1.0, 2.0, 3.0), (2.0, 4.0), (0.6, 1.0))
_VILLAGE = Layout(9, 0.6, 120, 5.5, (0.7, 1.5, 3.0, 5.0), (2.0, 6.0), (0.35, 0.8))
_FARMS = Layout(12, 0.8, 200, 6.0, (1.0, 3.0, 6.0, 12.0), (4.0, 12.0), (0.15, 0.5))
_MIXED = Layout()

# Of each kind of settlement: layouts, least and largest houses per px2, towns, sizes of towns,
# raggedness, strays. SpaceNet 7 has 0.0045 houses per px2 in the mean, 0.015 at most.
_KINDS: dict[str, tuple[tuple[Layout, ...], tuple[float, float], Plan]] = {
    "rural": (
        (_VILLAGE, _FARMS, _FARMS, _MIXED),
        (0.0003, 0.0025),
        Plan(towns=(12, 40), town_sizes=(0.015, 0.06), fringe=0.25, strays=0.15),
    ),
    "suburb": (
        (_SUBURB, _SUBURB, _ROWS, _ESTATE, _MIXED, _VILLAGE),
        (0.002, 0.009),
        Plan(towns=(3, 8), town_sizes=(0.08, 0.25), fringe=0.3, strays=0.06),
    ),
    "town": (
        (_MIXED, _CENTRE, _VILLAGE, _WORKS, _ROWS, _SUBURB),
        (0.002, 0.008),
        Plan(towns=(3, 10), town_sizes=(0.05, 0.2), fringe=0.35, strays=0.05),
    ),
    "city": (
        (_CENTRE, _SLUM, _MIXED, _ROWS, _WORKS, _ESTATE),
        (0.006, 0.015),
        Plan(towns=(4, 8), town_sizes=(0.2, 0.45), fringe=0.3, strays=0.02),
    ),
    "works": (
        (_WORKS, _WORKS, _HALLS, _HALLS, _SHEDS, _MIXED, _ROWS),
        (0.001, 0.004),
        Plan(towns=(3, 7), town_sizes=(0.08, 0.25), fringe=0.3, strays=0.1),
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Character:
    """What one AOI is like.

    Attributes:
        biome: Name of the land's colours.
        kind: Name of the way of settling.
        plan: How towns lie.
        houses_per_px2: How many there are in the last month.
        bare: float64 (k, 3), colours of crops after harvest, and of open land in the dry season.
        green: float64 (k, 3), of crops and open land in leaf.
        soil: float64 (3,); so too ``grass``, ``wood``, ``water``, ``paved``, ``track``.
        roofs: float64 (m, 3), colours of roofs.
        roof_shares: float64 (m,), how common each is; districts differ around it.
        gain: float64 (3,), by which all is multiplied.
        wood_share: Of the land; so too ``field_share`` and ``water_share``.
        field_px: Usual side of a field.
        trees_per_px2: Single trees.
        sun: Unit vector, x and y, from the sun along the ground.
        shadow_per_height: Length of a shadow by height.
        shadow_light: Brightness in the shadow.
        season: How far the land greens and dries within a year, 0 to 1.
        leaf: Mean state of the land, 0 dry to 1 in leaf.
        warp_px: How far straight lines are bent.
        road_share: How many of the districts' borders are roads.
        blur_px: Standard deviation of the point-spread function.
        contrast: Exponent of the tone curve.
        clutter: Unevenness of yards, from pixel to pixel.
        earthworks: Share of the land that is laid bare.
    """

    biome: str
    kind: str
    plan: Plan
    houses_per_px2: float
    bare: NDArray[np.float64]
    green: NDArray[np.float64]
    soil: NDArray[np.float64]
    grass: NDArray[np.float64]
    wood: NDArray[np.float64]
    water: NDArray[np.float64]
    paved: NDArray[np.float64]
    track: NDArray[np.float64]
    roofs: NDArray[np.float64]
    roof_shares: NDArray[np.float64]
    gain: NDArray[np.float64]
    wood_share: float
    field_share: float
    water_share: float
    field_px: float
    trees_per_px2: float
    sun: tuple[float, float]
    shadow_per_height: float
    shadow_light: float
    season: float
    leaf: float
    warp_px: float
    road_share: float
    blur_px: float
    contrast: float
    clutter: float
    earthworks: float


def draw_character(
    rng: np.random.Generator, *, biome: str | None = None, kind: str | None = None
) -> Character:
    """A character at random; ``biome`` and ``kind`` of `BIOMES` and `KINDS` can be chosen."""
    biome = biome or str(rng.choice(BIOMES))
    kind = kind or str(rng.choice(KINDS, p=(0.3, 0.25, 0.2, 0.15, 0.1)))
    vivid = rng.uniform(0.4, 0.9)
    bare, green, others = (
        _dulled(_varied(rng, colours, 0.10), vivid) for colours in _BIOMES[biome]
    )
    # Fields differ much or hardly at all.
    alike = rng.uniform(0, 0.75)
    bare += alike * (bare.mean(axis=0) - bare)
    green += alike * (green.mean(axis=0) - green)
    # The AOI as a whole: SpaceNet 7 has means of 119.8, 105.2 and 77.3, single areas 60 to 180.
    tone = (
        0.93
        * np.exp(0.24 * np.clip(rng.standard_normal(), -2, 1.6))
        * np.exp(0.035 * rng.standard_normal(3))
    )
    layouts, density, plan = _KINDS[kind]
    angle = rng.uniform(0, 2 * np.pi)
    chosen = rng.choice(len(_ROOFS), int(rng.integers(4, 11)), replace=False)
    roofs = _varied(rng, [_ROOFS[index] for index in chosen], 0.06)
    grey = rng.uniform(105, 180)
    return Character(
        biome=biome,
        kind=kind,
        plan=Plan(layouts, plan.towns, plan.town_sizes, plan.fringe, plan.strays),
        houses_per_px2=float(np.exp(rng.uniform(*np.log(density)))),
        bare=bare,
        green=green,
        soil=others[0],
        grass=others[1],
        wood=others[2],
        water=others[3] * rng.uniform(0.6, 1.3),
        paved=0.65 * grey * np.array([1.05, 0.96, 0.8]) + 0.35 * others[0],
        track=0.5 * others[0] + 0.5 * rng.uniform(150, 200) * np.array([1, 0.88, 0.7]),
        roofs=_dulled(roofs, rng.uniform(0.2, 0.85)) * np.exp(0.12 * rng.standard_normal()),
        roof_shares=rng.dirichlet(np.full(len(chosen), 0.8)),
        gain=tone * np.array([1.02, 1.03, 1.11]),
        wood_share=float(rng.beta(1, 3)) * (0.4 if biome in ("arid", "steppe") else 1),
        field_share=float(rng.beta(1.6, 1.2)),
        water_share=float(rng.choice([0, 0.01, 0.03, 0.1], p=[0.45, 0.3, 0.17, 0.08])),
        field_px=float(np.exp(rng.uniform(np.log(9), np.log(80)))),
        trees_per_px2=float(np.exp(rng.uniform(np.log(0.0008), np.log(0.012)))),
        sun=(float(np.cos(angle)), float(np.sin(angle))),
        shadow_per_height=float(rng.uniform(0.4, 1.4)),
        shadow_light=float(rng.uniform(0.35, 0.6)),
        season=float(rng.uniform(0.1, 0.5)),
        leaf=float(rng.uniform(0.25, 0.75)),
        warp_px=float(rng.choice([0, 3, 7, 11])),
        road_share=float(rng.uniform(0.3, 1)),
        blur_px=float(rng.uniform(0.62, 1.0)),
        contrast=float(rng.uniform(0.85, 1.6)),
        clutter=float(rng.uniform(0.05, 0.3)),
        earthworks=float(rng.choice([0, 0.01, 0.05])),
    )


BIOMES = tuple(_BIOMES)
KINDS = tuple(_KINDS)


def _dulled(colours: NDArray[np.float64], vivid: float) -> NDArray[np.float64]:
    """The colours nearer to the warm grey that visual products have in common."""
    grey = colours.mean(axis=1, keepdims=True) * np.array([1.18, 1.03, 0.79])
    dulled: NDArray[np.float64] = grey + vivid * (colours - grey)
    return dulled


def _varied(
    rng: np.random.Generator, colours: list[tuple[int, int, int]], spread: float
) -> NDArray[np.float64]:
    """The colours, each a little brighter or darker, and a little of another hue."""
    count = len(colours)
    brightness = np.exp(spread * rng.standard_normal((count, 1)))
    hue = np.exp(0.3 * spread * rng.standard_normal((count, 3)))
    varied: NDArray[np.float64] = np.array(colours, np.float64) * brightness * hue
    return varied
