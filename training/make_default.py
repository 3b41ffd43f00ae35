"""Make the network that comes with sn7fast: scenes, training, export, figures.

    python training/make_default.py --work DIR [--shared DIR]

Everything is seeded; the scenes are painted by `sn7fast.data.synthetic`, and no real image is
trained on. ``--shared`` names the folder of shared data, whose real images are looked at when all
is done. An interrupted run goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path
from time import perf_counter
from typing import Any

import click
import numpy as np

import sn7fast
from sn7fast import Footprints, Stack
from sn7fast.data.catalog import Catalog
from sn7fast.data.images import read_sn7_image
from sn7fast.data.labels import read_labels
from sn7fast.data.prep import PrepOptions, prepare
from sn7fast.data.synthetic import synthetic_scene
from sn7fast.grid import Grid
from sn7fast.io.outputs import whole_folder
from sn7fast.io.rasters import opened
from sn7fast.nn.export import export_onnx
from sn7fast.nn.model import Model, load_model
from sn7fast.nn.weights import load_weights

HERE = Path(__file__).resolve().parent
SHIPPED = HERE.parent / "python/sn7fast/nn/default"

# AOIs by seed. Those to test with are larger, as images are, and never trained on.
TRAINING, SHAPE, MONTHS = range(320), (384, 384), 2
TESTING, TEST_SHAPE, TEST_MONTHS = range(50_000, 50_012), (512, 512), 2
MIN_AREA_PX = 4.0


def say(text: str) -> None:
    """A line about how far it is."""
    click.echo(text, err=True)


def paint(folder: Path, seeds: range, shape_yx: tuple[int, int], months: int) -> None:
    """Write the scenes of these seeds, unless that was done."""
    if folder.exists():
        return
    start = perf_counter()
    with whole_folder(folder) as part:
        for seed in seeds:
            synthetic_scene(seed=seed, shape_yx=shape_yx, months=months).write_sn7(part)
    say(f"{folder}: {len(seeds)} AOIs, {perf_counter() - start:.0f} s")


def burn(scenes: Path, prepared: Path, scale: int) -> None:
    """Masks to train with, unless they are there."""
    if not prepared.exists():
        channels = ("footprint", "boundary", "contact")
        options = PrepOptions(channels, scale, boundary_width=3, contact_spacing=10.0)
        with whole_folder(prepared) as part:
            prepare(Catalog.scan(scenes), part, options)
        # The table in it has absolute paths; it is written again where the folder is.
        shutil.rmtree(prepared)
        prepare(Catalog.scan(scenes), prepared, options)


def footprints_of(prob: np.ndarray, scale: int, valid: np.ndarray) -> Footprints:
    """Buildings above one half, in pixels of the image."""
    mask = (prob > 0.5) & valid.repeat(scale, 0).repeat(scale, 1)
    found = sn7fast.polygonize(mask, min_area_px=MIN_AREA_PX * scale**2)
    return Footprints(found.coords / scale, *found.arrays[1:])


def compare(
    model: Model, image: np.ndarray, labels: Footprints, valid: np.ndarray
) -> dict[str, int]:
    """Counts of one image: pixels in both and in either, and matched footprints.

    Those of ``parted`` are of buildings cut apart by what the network says of boundaries and
    contacts.
    """
    logits = model(image[None])[0].astype(np.float64)
    footprint, boundary, contact = 1 / (1 + np.exp(-logits))
    scale = model.spec.scale
    rows, columns = valid.shape
    coarse = footprint.reshape(rows, scale, columns, scale).mean((1, 3))
    said = (coarse > 0.5) & valid
    true = (sn7fast.rasterize(labels, valid.shape) > 0) & valid
    found = {"both": int((said & true).sum()), "either": int((said | true).sum())}
    truth = labels[np.flatnonzero(labels.areas >= MIN_AREA_PX)]
    parted = footprint * (1 - contact) * (1 - 0.3 * boundary)
    for name, prob in (("plain", footprint), ("parted", parted)):
        stacks = [
            Stack.from_frames([one], months=["2020_01"], aoi="one")
            for one in (truth, footprints_of(prob, scale, valid))
        ]
        pooled = sn7fast.score_f1(*stacks, iou_threshold=0.25).pooled
        found[f"{name}_tp"] = pooled.true_positives
        found[f"{name}_fp"] = pooled.false_positives
        found[f"{name}_fn"] = pooled.false_negatives
    return found


def figures_of(counts: list[dict[str, int]]) -> dict[str, float]:
    """Pixel IoU, and F1, precision and recall of footprints at IoU 0.25, pooled."""
    total = {name: sum(one[name] for one in counts) for name in counts[0]}
    figures: dict[str, float] = {
        "images": len(counts),
        "labels": total["plain_tp"] + total["plain_fn"],
        "pixel_iou": round(total["both"] / max(total["either"], 1), 4),
    }
    for name in ("plain", "parted"):
        tp, fp, fn = (total[f"{name}_{what}"] for what in ("tp", "fp", "fn"))
        figures |= {
            f"{name}_f1": round(2 * tp / max(2 * tp + fp + fn, 1), 4),
            f"{name}_precision": round(tp / max(tp + fp, 1), 4),
            f"{name}_recall": round(tp / max(tp + fn, 1), 4),
        }
    return figures


def on_catalog(model: Model, folder: Path) -> list[dict[str, int]]:
    """Counts of each labelled image below a folder."""
    counts = []
    for files in Catalog.scan(folder).files():
        image, valid, grid = read_sn7_image(files)
        labels = read_labels(files.labels_match_pix, grid, in_pixels=True)
        counts.append(compare(model, image, labels, valid))
    return counts


def on_clip(model: Model, folder: Path) -> list[dict[str, int]]:
    """Counts of the clip of 0331E, whose pixels are stored as int16."""
    (path,) = folder.glob("*clip-701x538.tif")
    (labels_path,) = folder.glob("global_monthly_2020_01_*_Buildings.geojson")
    with opened(path) as dataset:
        grid = Grid.from_rasterio(dataset)
        bands = dataset.read()
    image, valid = bands[:3].astype(np.uint8), bands[3] > 0
    labels = read_labels(labels_path, grid, default_crs="OGC:CRS84")
    left, top, right, bottom = labels.bounds.T
    rows, columns = valid.shape
    # The labels are of the whole tile.
    inside = (right > 0) & (bottom > 0) & (left < columns) & (top < rows)
    return [compare(model, image, labels[np.flatnonzero(inside)], valid)]


def look(model: Model, work: Path, shared: Path | None) -> dict[str, Any]:
    """All figures."""
    found = {"synthetic AOIs held out": figures_of(on_catalog(model, work / "test-scenes"))}
    if shared is not None:
        real = shared / "data/real"
        found["real tile 1615E (Chengdu)"] = figures_of(on_catalog(model, real / "sn7-full-tile"))
        found["real clip 0331E"] = figures_of(on_clip(model, real / "sn7-0331e"))
    return found


def main() -> None:
    """What the module's first lines say."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--work", type=Path, required=True, help="Folder for scenes and runs.")
    parser.add_argument("--shared", type=Path, help="Folder of shared data.")
    parser.add_argument("--recipe", type=Path, default=HERE / "default.yaml")
    parser.add_argument("--set", action="append", default=[], help="As of sn7fast train.")
    parser.add_argument("--run", default="run", help="Name of the run.")
    parser.add_argument("--ship", action="store_true", help="Put the network into the package.")
    options = parser.parse_args()
    work = options.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    start = perf_counter()
    from sn7fast.nn.training.run import read_recipe

    scale = read_recipe(options.recipe, options.set).data.scale
    scenes, prepared = work / "scenes", work / f"prepared-{scale}"
    paint(scenes, TRAINING, SHAPE, MONTHS)
    paint(work / "test-scenes", TESTING, TEST_SHAPE, TEST_MONTHS)
    burn(scenes, prepared, scale)
    changes = [f"data.prepared={prepared}", f"data.cache={work / f'cache-{scale}'}", *options.set]
    done = sn7fast.train(options.recipe, work / options.run, changes=changes, say=say)
    network, spec = load_weights(done.best)
    target = SHIPPED if options.ship else work / options.run
    target.mkdir(parents=True, exist_ok=True)
    difference = export_onnx(target / "default.onnx", network, spec)
    seconds = perf_counter() - start
    found = look(load_model(target / "default.onnx"), work, options.shared)
    figures = {
        "seconds": round(seconds),
        "onnx_bytes": (target / "default.onnx").stat().st_size,
        "onnx_difference": difference,
        "epochs": len(done.history),
        "best_epoch": done.best_epoch + 1,
        **found,
    }
    (work / options.run / "figures.json").write_text(json.dumps(figures, indent=1) + "\n")
    click.echo(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()
