"""A few tiny images with houses, as ``sn7fast prep`` leaves them, and a recipe for them."""

import copy

import numpy as np

from sn7fast import Footprints, write_geojson
from sn7fast.data.catalog import Catalog
from sn7fast.data.prep import PrepOptions, prepare
from sn7fast.data.sn7 import sn7_aoi, sn7_grid, sn7_stem
from sn7fast.io.rasters import write_bands

CHANNELS = ("footprint", "boundary", "contact")


def boxes(corners):
    """Footprints of (left, top, right, bottom)."""
    rings = [[(a, b), (c, b), (c, d), (a, d), (a, b)] for a, b, c, d in corners]
    coords = np.array(rings, float).reshape(-1, 2)
    offsets = np.arange(len(rings) + 1, dtype=np.int32)
    return Footprints(coords, offsets * 5, offsets)


def write_scene(root, aoi, month, shape=(72, 80), seed=0, houses=None, cloud=None):
    """Image with bright houses on dark ground and their labels."""
    rng = np.random.default_rng(seed)
    if houses is None:
        left, top = rng.integers(0, shape[1] - 8, 25), rng.integers(0, shape[0] - 8, 25)
        houses = [(x, y, x + 4 + x % 4, y + 4 + y % 4) for x, y in zip(left, top, strict=True)]
    pixels = rng.integers(60, 90, (4, *shape), np.uint8)
    for x, y, right, bottom in houses:
        pixels[:3, max(y, 0) : bottom, max(x, 0) : right] += 120
    pixels[3] = 255
    if cloud is not None:
        pixels[:, *cloud] = 0
    stem, home = sn7_stem(aoi, month), root / aoi
    for folder in ("images_masked", "labels_match_pix"):
        (home / folder).mkdir(parents=True, exist_ok=True)
    write_bands(home / "images_masked" / f"{stem}.tif", pixels, sn7_grid(aoi, shape))
    write_geojson(home / "labels_match_pix" / f"{stem}_Buildings.geojson", boxes(houses))


def write_prepared(folder, aois=3, months=2, scale=1, channels=("footprint",), **scene):
    """Folder that prep wrote."""
    for aoi in range(aois):
        for month in range(months):
            write_scene(
                folder / "data",
                sn7_aoi(1000 + 4 * aoi, 3000),
                f"2018_{month + 1:02}",
                seed=10 * aoi + month,
                **scene,
            )
    prepare(Catalog.scan(folder / "data"), folder / "prepared", PrepOptions(channels, scale))
    return folder / "prepared"


RECIPE = {
    "name": "tiny",
    "seed": 3,
    "model": {"name": "small", "options": {"width": 4, "depth": 2}},
    "data": {"split": {"fraction": 0.34}},
    "crops": {"size": 32, "per_image": 3},
    "augment": {"flip_x": 0.5, "rotate90": 1, "brightness": 10, "noise": 2},
    "optimiser": {"lr": 0.01},
    "batch": 4,
    "epochs": 3,
    "ema": 0.9,
    "compute": {"threads": 1, "device": "cpu"},
}


def recipe(prepared, **changes):
    """The tiny recipe for a folder that prep wrote; ``data__scale=2`` changes data.scale."""
    made = copy.deepcopy(RECIPE)
    made["data"]["prepared"] = str(prepared)
    for name, value in changes.items():
        *path, last = name.split("__")
        part = made
        for key in path:
            part = part.setdefault(key, {})
        part[last] = value
    return made
