"""``sn7fast demo``: the whole way on synthetic images, in less than a minute."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING

import click

from sn7fast.cli import options
from sn7fast.cli.console import Console, Timer, timed

if TYPE_CHECKING:
    from pathlib import Path

    from sn7fast.data.synthetic import SyntheticScene
    from sn7fast.pipeline import PipelineResult

_DATA, _PICTURE, _PAGE = "data", "overview.png", "report.html"

# Written last into what the demo makes, so that it may replace its own output and no other.
_MARK, _MARK_KEY = "demo.json", "sn7fast_demo"

_MONTHS, _SHAPE, _KIND = 12, (640, 640), "suburb"


@click.command(
    "demo",
    short_help="Synthetic months of images: probabilities, footprints, tracks, scores.",
    epilog="Example: sn7fast demo --out my-demo --seed 7",
)
@click.option(
    "--out",
    type=options.input_path,
    metavar="DIR",
    default="demo-output",
    show_default=True,
    help="Folder for everything it makes; the output of an earlier demo is replaced.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Another town.")
@options.overwrite
@options.quiet
def command(out: Path, seed: int, overwrite: bool, quiet: bool) -> None:
    """Follow the buildings of a synthetic town through 12 months of images with clouds.

    Paints the images of an AOI in the layout of SpaceNet 7, lets the network that comes with
    sn7fast look at them, makes footprints and tracks of what it sees, and scores these against the
    labels. A GIS opens what is in the folder.
    """
    options.check_output(out, is_file=False, overwrite=overwrite or _is_demo(out))

    from sn7fast import get_num_threads
    from sn7fast.cli.aoi_progress import AoiProgress
    from sn7fast.cli.table import score_table
    from sn7fast.data.synthetic import synthetic_scene
    from sn7fast.io.outputs import whole_folder
    from sn7fast.pipeline import run_pipeline
    from sn7fast.postprocess import PostProcessing
    from sn7fast.predict import load_model

    console, whole = Console(quiet=quiet), Timer()
    console.result(f"sn7fast demo, seed {seed}, {get_num_threads()} threads\n")
    with whole_folder(out) as folder:
        with timed(console, "imagine an AOI") as details:
            scene = synthetic_scene(seed=seed, shape_yx=_SHAPE, months=_MONTHS, kind=_KIND)
            cloudy = int((scene.cloud_masks.max(axis=(1, 2)) > 0).sum())
            details += [f"{scene.truth.building_count} buildings", f"{cloudy} months with clouds"]
        with timed(console, "paint its images") as details:
            scene.write_sn7(folder / _DATA)
            details += [f"{len(scene.months)} of {_SHAPE[0]} x {_SHAPE[1]}", f"{_DATA}/"]
        with timed(console, "load the network") as details:
            model = load_model()
            details += [model.backend.name]
        post = PostProcessing()
        with timed(console, "images to tracked buildings") as details:
            with closing(AoiProgress(console, 1)) as progress:
                result = run_pipeline(
                    folder / _DATA, folder, weights=model, post=post, report=False, tell=progress
                )
            tracks = result.tracks[scene.aoi]
            details += [f"{len(tracks)} footprints", f"{tracks.building_count} buildings"]
            details += [f"by {post.method}"]
        with timed(console, "draw the last month") as details:
            _draw(folder, scene, result)
            details += [_PICTURE]
        with timed(console, "make a page of all months") as details:
            _write_page(folder, scene, result)
            details += [_PAGE]
        (folder / _MARK).write_text(
            json.dumps({_MARK_KEY: {"seed": seed}}) + "\n", encoding="utf-8"
        )
    console.result(f"\n{score_table(result.gathered.scot, result.gathered.f1)}\n")
    console.result(f"All in {whole.lap():.1f} s, written to {out}:")
    console.result("  data/           images and labels in the layout of SpaceNet 7")
    console.result("  probabilities/  what the network says")
    console.result("  buildings/      footprints with identifiers for a GIS, table of buildings")
    console.result("  overview.png    image, probabilities and footprints of the last month")
    console.result("  report.html     all months to look at, in any browser")
    console.result("The same score by hand:")
    console.result(f"  sn7fast score {out / 'truth.csv'} {out / 'tracks.csv'}")


def _draw(folder: Path, scene: SyntheticScene, result: PipelineResult) -> None:
    from sn7fast.io.pictures import write_png
    from sn7fast.io.rasters import read_mask
    from sn7fast.preview import preview

    month = scene.months[-1]
    probabilities = sorted((folder / "probabilities").rglob(f"*{month}*.tif"))
    probability, _ = read_mask(probabilities[0], band=1)
    image = scene.image(month)[..., :3]
    write_png(folder / _PICTURE, preview(image, probability, result.tracks[scene.aoi], month))


def _write_page(folder: Path, scene: SyntheticScene, result: PipelineResult) -> None:
    from sn7fast.data.catalog import Catalog
    from sn7fast.report import write_report
    from sn7fast.report.sources import CatalogImages

    images = CatalogImages(Catalog.scan(folder / _DATA)[scene.aoi])
    write_report(
        folder / _PAGE,
        result.tracks[scene.aoi],
        truth=result.truth[scene.aoi],
        images=images,
        valid=images.valid(scene.months),
        title=f"Synthetic town {scene.seed}",
    )


def _is_demo(out: Path) -> bool:
    """True if the folder is the output of an earlier demo."""
    try:
        report = json.loads((out / _MARK).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(report, dict) and _MARK_KEY in report
