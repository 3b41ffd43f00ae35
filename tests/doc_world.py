"""What the pages of the documentation take for granted: a small world of files.

::

    SN7/train/<AOI>/...          3 areas in the layout of SpaceNet 7
    SN7/test_public/<AOI>/...    2 areas without labels
    masks/<AOI>/*.tif            masks of a network of the first area of train, one a month
    labels/<AOI>/*.tif           masks of its labels
    truth.csv                    the labels of train as SN7 CSV
    training/                    recipes
"""

import shutil
from pathlib import Path

from sn7fast import write_csv
from sn7fast.data.degrade import degrade
from sn7fast.data.sn7 import sn7_stem
from sn7fast.data.synthetic import synthetic_scene
from sn7fast.io.rasters import write_mask
from sn7fast.rasterize import rasterize

ROOT = Path(__file__).resolve().parents[1]
SHAPE, MONTHS = (96, 112), 6


def make_world(folder):
    """Write it into an empty folder."""
    train, test = folder / "SN7" / "train", folder / "SN7" / "test_public"
    scenes = [
        synthetic_scene(seed=seed, shape_yx=SHAPE, months=MONTHS, kind="suburb", births_per_month=4)
        for seed in range(5)
    ]
    for scene in scenes[:3]:
        scene.write_sn7(train)
    for scene in scenes[3:]:
        home = scene.write_sn7(test)
        for labels in [*home.glob("labels*"), home / "masks"]:
            shutil.rmtree(labels)
    first = scenes[0]
    seen = degrade(first.truth, seed=1, strength=0.5)
    for month, mask in zip(first.months, seen.masks, strict=True):
        name = f"{sn7_stem(first.aoi, month)}.tif"
        for home, pixels in (
            ("masks", mask),
            ("labels", rasterize(first.truth.frame(month), SHAPE)),
        ):
            path = folder / home / first.aoi / name
            path.parent.mkdir(parents=True, exist_ok=True)
            write_mask(path, pixels, first.grid)
    write_csv(folder / "truth.csv", {scene.aoi: scene.truth for scene in scenes[:3]})
    (folder / "training").mkdir()
    for recipe in (ROOT / "training").glob("*.yaml"):
        shutil.copy(recipe, folder / "training")
