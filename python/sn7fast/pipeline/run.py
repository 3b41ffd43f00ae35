"""The whole way for all AOIs of a source, one after the other."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast import __version__
from sn7fast.data.discover import Source
from sn7fast.data.load import stack_loaders
from sn7fast.errors import InputError
from sn7fast.io.outputs import write_json
from sn7fast.nn.model import Model
from sn7fast.nn.predicting import Predicted, Progress
from sn7fast.pipeline.aoi import run_aoi
from sn7fast.pipeline.gather import gather
from sn7fast.pipeline.layout import RUN
from sn7fast.pipeline.plan import PipelineSettings, labels_of, plan

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from sn7fast.data.catalog import Catalog
    from sn7fast.data.images import ImageSettings
    from sn7fast.data.manifest import Manifest
    from sn7fast.nn.settings import PredictSettings
    from sn7fast.pipeline.outcome import AoiOutcome, Told
    from sn7fast.postprocess import PostProcessing
    from sn7fast.scores import F1Score, ScotScore
    from sn7fast.stack import Stack


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
    given: Sequence[Any] = weights if isinstance(weights, list | tuple) else [weights]
    jobs = plan(
        source,
        out,
        weights=given,
        settings=settings,
        post=post,
        image_settings=image_settings,
        formats=(suffix,),
        overwrite=overwrite,
    )
    chosen = jobs[0].settings
    in_memory = [one for one in given if isinstance(one, Model)]
    models = [
        in_memory.pop(0) if network.weights is None else network.load()
        for network in chosen.networks
    ]
    out = Path(out)
    heard = _Heard(progress or Progress(), tell)
    outcomes = [run_aoi(job, heard, models=models) for job in jobs]
    good = [one.aoi for one in outcomes if one.failed is None]
    failed = {one.aoi: one.failed for one in outcomes if one.failed is not None}
    if not good:
        raise InputError(f"{source}: none of its {len(failed)} AOIs could be used: "
                         f"{next(iter(failed.values()))}")  # fmt: skip
    write_json(out / RUN, _described(chosen))
    tracks, truth, scot, f1 = gather(out, good)
    return PipelineResult(tracks, truth, scot, f1, _predicted(outcomes), failed)


def truth_of(source: str | os.PathLike[str] | Catalog | Manifest) -> dict[str, Stack]:
    """The labels with identifiers that a source has, by AOI: ``labels_match_pix`` of SpaceNet 7.

    Raises:
        InputError: Labels are there and cannot be read.
    """
    frames = tuple(frame for of_aoi in labels_of(source).values() for frame in of_aoi)
    loaders = stack_loaders(Source(Path(), "geojson", frames))
    stacks = {aoi: load() for aoi, load in loaders.items()}
    return {aoi: stack for aoi, stack in stacks.items() if stack.ids is not None}


class _Heard:
    """Hands on what the AOIs tell."""

    def __init__(self, progress: Progress, tell: Callable[[str, str], None] | None) -> None:
        self._progress, self._tell = progress, tell

    def __call__(self, told: Told) -> None:
        if told.state == "total":
            self._progress.start(told.pixels)
        elif told.state == "pixels":
            self._progress.advance(told.pixels)
        elif told.state == "failed" and told.step == "predict":
            self._progress.failed(Path(told.path), InputError(told.text))
        elif told.state == "failed" and self._tell is not None:
            self._tell(told.aoi, told.text)


def _predicted(outcomes: Sequence[AoiOutcome]) -> Predicted:
    return Predicted(
        tuple(Path(path) for one in outcomes for path in one.written),
        tuple(Path(path) for one in outcomes for path in one.kept_images),
        {Path(path): text for one in outcomes for path, text in one.failed_images.items()},
    )


def _described(settings: PipelineSettings) -> dict[str, Any]:
    return {
        "sn7fast": __version__,
        "networks": [
            {"sha256": network.fingerprint, "run by": network.name} for network in settings.networks
        ],
        "predict": asdict(settings.predict),
        "postprocess": settings.post.to_dict(),
    }
