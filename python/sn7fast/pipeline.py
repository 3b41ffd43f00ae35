"""From images to tracked buildings: the whole way, for every AOI of a source.

::

    images --predict--> probabilities/<AOI>/ --postprocess--> buildings/<AOI>.<format>, tracks.csv
                                     labels of the source --> truth.csv, scores.json

The only module that knows the order of the steps; each of them is one that can be called alone.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast import __version__
from sn7fast.data.catalog import Catalog
from sn7fast.data.discover import Frame, Source
from sn7fast.data.load import stack_loaders
from sn7fast.errors import InputError
from sn7fast.io.buildings import building_table, write_buildings_csv
from sn7fast.io.outputs import whole_file
from sn7fast.io.tables import write_csv
from sn7fast.io.vector import FORMATS, write_vector
from sn7fast.postprocess import PostProcessing, postprocess
from sn7fast.predict import load_model, predict
from sn7fast.scoring import score_f1, score_scot

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from sn7fast.data.images import ImageSettings
    from sn7fast.data.manifest import Manifest
    from sn7fast.io.placement import Place
    from sn7fast.nn.model import Model
    from sn7fast.nn.predicting import Predicted, Progress
    from sn7fast.nn.settings import PredictSettings
    from sn7fast.scores import F1Score, ScotScore
    from sn7fast.stack import Stack

PROBABILITIES, BUILDINGS = "probabilities", "buildings"
TRACKS, TRUTH, SCORES, RUN = "tracks.csv", "truth.csv", "scores.json", "run.json"

SUFFIXES = tuple(suffix for suffix, name in FORMATS.items() if name != "SN7 CSV")
"""Formats of the footprints of an AOI."""

# What the official scorer leaves out of the truth.
_TRUTH_MIN_AREA_PX = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class PipelineResult:
    """What became of a source.

    Attributes:
        tracks: Tracked footprints by AOI.
        truth: Labels with ids by AOI, of those AOIs whose source has them.
        scot: Score of the AOIs with labels, or None if there are none.
        f1: As scot.
        predicted: Files of probabilities, and the images that could not be used.
        failed: Message by AOI, of those that could not be used.
    """

    tracks: dict[str, Stack]
    truth: dict[str, Stack]
    scot: ScotScore | None
    f1: F1Score | None
    predicted: Predicted
    failed: dict[str, str] = field(default_factory=dict)


def run_pipeline(
    source: str | os.PathLike[str] | Catalog | Manifest,
    out: str | os.PathLike[str],
    *,
    weights: str | os.PathLike[str] | Model | Sequence[str | os.PathLike[str] | Model] = "default",
    settings: PredictSettings | None = None,
    post: PostProcessing | None = None,
    image_settings: ImageSettings | None = None,
    suffix: str = ".geojson",
    overwrite: bool = False,
    progress: Progress | None = None,
    tell: Callable[[str, str], None] | None = None,
) -> PipelineResult:
    """Find the buildings of every AOI of a source and follow them through time.

    ``out`` gets::

        probabilities/<AOI>/   uint8 GeoTIFF a month, as `sn7fast.predict` writes them
        buildings/<AOI>        all footprints with id and month, in the format of ``suffix``
        buildings/<AOI>.csv    one row a building, with the dates of its construction by a collapse
        tracks.csv             SN7 CSV of all AOIs, in pixels
        truth.csv              the same of the labels, if the source has labels with ids
        scores.json            every count of SCOT and F1 against them
        run.json               settings, networks and versions

    Each of these files appears whole or not at all. A run that was stopped goes on where it was:
    probabilities that are whole are kept, all else takes seconds and is made anew.

    Args:
        source: As in `sn7fast.predict`, but for single rasters and arrays.
        out: Folder.
        weights: As in `sn7fast.predict`.
        settings: How to predict; kind and type are always probabilities in uint8.
        post: How probabilities become tracked buildings; None means the defaults.
        image_settings: As in `sn7fast.predict`.
        suffix: Format of the footprints; see `sn7fast.write_vector`.
        overwrite: Predict again what is there.
        progress: Of the prediction.
        tell: Called with the name of an AOI and a message, for each that fails.

    Raises:
        InputError: The source, the weights or a setting cannot be used, or no AOI can.
        MissingDependencyError: A package that a step needs is not installed.
    """
    from sn7fast.nn.model import Model
    from sn7fast.nn.settings import PredictSettings
    from sn7fast.postprocess.cubes import cube_loaders

    if suffix not in SUFFIXES:
        raise InputError(f"suffix: got {suffix!r}, wanted one of {', '.join(SUFFIXES)}")
    out = Path(out)
    given: Sequence[Any] = weights if isinstance(weights, list | tuple) else [weights]
    models = [one if isinstance(one, Model) else load_model(one) for one in given]
    outputs = (settings and settings.outputs) or models[0].spec.outputs[:1]
    settings = replace(
        settings or PredictSettings(), kind="probability", dtype="uint8", outputs=outputs
    )
    post = PostProcessing() if post is None else post
    predicted = predict(
        source,
        models,
        out / PROBABILITIES,
        settings=settings,
        image_settings=image_settings,
        overwrite=overwrite,
        progress=progress,
    )
    if not predicted.written and not predicted.kept:
        raise InputError(f"{source}: none of its {len(predicted.failed)} images could be used")
    loaders = cube_loaders(out / PROBABILITIES, output=outputs[0])
    (out / BUILDINGS).mkdir(exist_ok=True)
    write_json(out / RUN, _described(models, settings, post))

    tracks: dict[str, Stack] = {}
    failed: dict[str, str] = {}
    for aoi, load in loaders.items():
        try:
            tracks[aoi] = postprocess(load(), post, aoi=aoi)
            _write_buildings(out / BUILDINGS, tracks[aoi], suffix)
        except InputError as error:
            failed[aoi] = " ".join(str(error).split())
            if tell is not None:
                tell(aoi, failed[aoi])
    if not tracks:
        raise InputError(f"{source}: none of its {len(failed)} AOIs could be used: "
                         f"{next(iter(failed.values()))}")  # fmt: skip
    write_csv(out / TRACKS, tracks)
    truth = {aoi: stack for aoi, stack in truth_of(source).items() if aoi in tracks}
    scot, f1 = _score(truth, tracks, out) if truth else (None, None)
    return PipelineResult(tracks, truth, scot, f1, predicted, failed)


def truth_of(source: str | os.PathLike[str] | Catalog | Manifest) -> dict[str, Stack]:
    """The labels with identifiers that a source has, by AOI: ``labels_match_pix`` of SpaceNet 7.

    Raises:
        InputError: Labels are there and cannot be read.
    """
    if isinstance(source, Catalog):
        catalog = source
    else:
        try:
            catalog = Catalog.scan(source)  # type: ignore[arg-type]
        except (InputError, TypeError):
            return {}
    frames = tuple(
        Frame(files.aoi, files.month, files.labels_match_pix)
        for files in catalog.files()
        if files.labels_match_pix is not None
    )
    loaders = stack_loaders(Source(catalog.root, "geojson", frames))
    stacks = {aoi: load() for aoi, load in loaders.items()}
    return {aoi: stack for aoi, stack in stacks.items() if stack.ids is not None}


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write it whole, or leave what is there."""
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


def _write_buildings(folder: Path, stack: Stack, suffix: str) -> None:
    is_placed = stack.grid is not None and stack.grid.crs is not None
    place: Place | None = None if is_placed else "pixel"
    write_vector(folder / f"{stack.aoi}{suffix}", stack, place=place)
    dates = None
    if stack.buildings is not None:
        # Those that are hidden in all their months have dates and no footprints.
        shown = np.isin(stack.buildings.ids, np.asarray(stack.ids))
        dates = stack.buildings.take(shown).columns(stack.months)
    write_buildings_csv(folder / f"{stack.aoi}.csv", building_table(stack, columns=dates))


def _described(
    models: Sequence[Model], settings: PredictSettings, post: PostProcessing
) -> dict[str, Any]:
    return {
        "sn7fast": __version__,
        "networks": [
            {"sha256": model.fingerprint, "run by": model.backend.name} for model in models
        ],
        "predict": asdict(settings),
        "postprocess": post.to_dict(),
    }


def _score(
    truth: Mapping[str, Stack], tracks: Mapping[str, Stack], out: Path
) -> tuple[ScotScore, F1Score]:
    proposal = {aoi: tracks[aoi] for aoi in truth}
    scot = score_scot(truth, proposal, truth_min_area_px=_TRUTH_MIN_AREA_PX)
    f1 = score_f1(truth, proposal)
    write_csv(out / TRUTH, truth)
    write_json(out / SCORES, {"scot": scot.to_dict(), "f1": f1.to_dict()})
    return scot, f1
