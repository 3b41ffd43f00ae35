"""Train on crops of the real tile: by heart on all 16, or on 12 with the other 4 held out.

    python training/real_tile.py SHARED WORK by-heart RECIPE [--few] [--set KEY=VALUE]
    python training/real_tile.py SHARED WORK held-out RECIPE [--set KEY=VALUE]

SHARED is the folder of shared data. This is a test of the training, not a way to weights: nothing
that comes out of it is shipped. An interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

import click
import numpy as np

import sn7fast
from sn7fast.data.catalog import Catalog
from sn7fast.data.labels import read_labels
from sn7fast.data.prep import TRAIN_TABLE, burn_labels
from sn7fast.io.rasters import opened, read_grid, write_bands
from sn7fast.nn.training.run import read_recipe

CHANNELS = ("footprint", "boundary", "contact")
SIDE, ACROSS = 256, 4
# One in each row and each column.
HELD_OUT = ((0, 1), (1, 3), (2, 0), (3, 2))


def crop_name(row: int, column: int) -> str:
    """What stands for the AOI of a crop."""
    return f"crop-{row}-{column}"


def write_crops(shared: Path, prepared: Path, scale: int, *, few: bool) -> None:
    """The crops as ``sn7fast prep`` would leave them, each as an AOI of its own."""
    (files,) = Catalog.scan(shared / "data/real/sn7-full-tile").files()
    grid = read_grid(files.image)
    labels = read_labels(files.labels_match_pix, grid, in_pixels=True)
    masks, _ = burn_labels(labels, grid, CHANNELS, scale=scale, boundary_width=3)
    with opened(files.image) as dataset:
        image = dataset.read()
    rows = []
    for row, column in HELD_OUT if few else np.ndindex(ACROSS, ACROSS):
        home = prepared / crop_name(row, column)
        (home / "masks").mkdir(parents=True, exist_ok=True)
        paths = home / "tile.tif", home / "masks/tile_Buildings.tif"
        for path, bands, side in zip(paths, (image, masks), (SIDE, SIDE * scale), strict=True):
            part = bands[:, row * side : (row + 1) * side, column * side : (column + 1) * side]
            names = CHANNELS if bands is masks else ()
            write_bands(path, np.ascontiguousarray(part), names=names)
        rows.append([str(path) for path in paths])
    with (prepared / TRAIN_TABLE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([("image", "label"), *rows])


def main() -> None:
    """What the module's first lines say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("shared", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("what", choices=("by-heart", "held-out"))
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--set", action="append", default=[], help="As of sn7fast train.")
    parser.add_argument("--few", action="store_true", help="By heart: the 4 crops alone.")
    parser.add_argument("--run", help="Name of the run.")
    options = parser.parse_args()
    scale = read_recipe(options.recipe, options.set).data.scale
    if options.few and options.what != "by-heart":
        parser.error("--few goes with by-heart")
    prepared = (options.work / f"tile-{scale}{'-few' if options.few else ''}").resolve()
    if not (prepared / TRAIN_TABLE).exists():
        write_crops(options.shared, prepared, scale, few=options.few)
    changes = [f"data.prepared={prepared}", "data.split.name=null", "crops.validation=grid"]
    if options.what == "by-heart":
        # All 16 crops whole, as they are, in training and validation.
        split = "data.split.fraction=0"
        changes += [f"crops.size={SIDE * scale}", "crops.training=grid", "augment={}"]
    else:
        names = ", ".join(crop_name(*place) for place in HELD_OUT)
        split = f"data.split.validation=[{names}]"
        changes += ["data.split.by=aoi"]
    name = options.run or f"{prepared.name}-{options.what}-{options.recipe.stem}"
    done = sn7fast.train(
        options.recipe,
        options.work / name,
        changes=[*changes, split, *options.set],
        say=lambda text: click.echo(text, err=True),
    )
    click.echo(json.dumps({"last": done.history[-1], "best": done.history[done.best_epoch]}))


if __name__ == "__main__":
    main()
