"""Plan: a source becomes jobs, one for each AOI.

A job is what one process needs to do all the steps of an AOI: paths and settings, no pixels and no
networks. It can be pickled and sent to another process or machine that sees the same files.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from sn7fast._arguments import number_from_zero, whole_number
from sn7fast._optional import require
from sn7fast.data.catalog import Catalog
from sn7fast.data.discover import Frame
from sn7fast.data.images import ImageSettings
from sn7fast.data.manifest import Manifest, aoi_name
from sn7fast.errors import InputError, StackError
from sn7fast.io.vector import FORMATS
from sn7fast.nn.settings import PredictSettings
from sn7fast.pipeline.layout import Layout
from sn7fast.pipeline.networks import Network, described
from sn7fast.pipeline.sources import frames_of
from sn7fast.postprocess import PostProcessing

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from sn7fast.nn.model import Model
    from sn7fast.pipeline.frames import ImageFrame
    from sn7fast.pipeline.sources import Kind

    Weights: TypeAlias = str | os.PathLike[str] | Network | Model

SUFFIXES = tuple(FORMATS)
"""Formats of the footprints of an AOI."""

# What writes a format, where it is a package that may not be there.
_WRITERS = {"GeoParquet": "pyarrow", "GPKG": "pyogrio", "FlatGeobuf": "pyogrio"}


@dataclass(frozen=True, slots=True)
class PipelineSettings:
    """What is done to each AOI.

    Attributes:
        networks: What looks at the images; none if there are masks or probabilities already.
        predict: How, complete: outputs, kind and type are set.
        made: What the probabilities depend on beside the images, as `Ensemble.made` gives it; empty
            without networks.
        post: How probabilities become tracked buildings.
        scale: Pixels of probabilities along one of the image, where their files do not tell.
        formats: Suffixes of the files of footprints, such as ``.geojson``.
        change: Whether to write change maps.
        item: Whether to write STAC items.
        report: Whether to write reports.
        memory_mb: What pixels of an AOI may take while it is post-processed, those of the next one
            that are read or predicted meanwhile among them; a larger AOI is done in bands, with the
            same result. None means half of what the machine has, and methods that need the AOI in
            one piece try.
        overwrite: Do again what is there.
        wait_s: How long to wait for another process that works on the same AOI.
    """

    networks: tuple[Network, ...] = ()
    predict: PredictSettings = field(default_factory=PredictSettings)
    made: str = ""
    post: PostProcessing = field(default_factory=PostProcessing)
    scale: int = 1
    formats: tuple[str, ...] = (".geojson",)
    change: bool = False
    item: bool = True
    report: bool = True
    memory_mb: float | None = None
    overwrite: bool = False
    wait_s: float = 0.0

    def __post_init__(self) -> None:
        odd = [suffix for suffix in self.formats if suffix not in SUFFIXES]
        if odd:
            raise InputError(f"suffix: got {odd[0]!r}, wanted one of {', '.join(SUFFIXES)}")
        whole_number("scale", self.scale, 1, 4)
        number_from_zero("wait_s", self.wait_s)
        if self.memory_mb is not None:
            number_from_zero("memory_mb", self.memory_mb)


@dataclass(frozen=True, slots=True)
class AoiJob:
    """One AOI to do.

    Attributes:
        aoi: Name of the area.
        kind: What the frames are: ``images`` for a network; ``probabilities``, masks among them;
            or ``cube``, where one file holds all months.
        frames: Files of each month in time order: those of SpaceNet 7, or of one's own imagery.
        cube: The file or folder of a cube, and None for other kinds.
        labels: Labels in pixels with identifiers, by month; may be none.
        out: Folder of the run.
        settings: What is done.
    """

    aoi: str
    kind: Kind
    frames: tuple[ImageFrame, ...]
    cube: Path | None
    labels: tuple[Frame, ...]
    out: Path
    settings: PipelineSettings

    @property
    def layout(self) -> Layout:
        """Where its files lie."""
        return Layout(self.out, self.aoi)


def plan(
    source: str | os.PathLike[str] | Catalog | Manifest,
    out: str | os.PathLike[str],
    *,
    weights: Weights | Sequence[Weights] = "default",
    settings: PredictSettings | None = None,
    post: PostProcessing | None = None,
    image_settings: ImageSettings | None = None,
    formats: Sequence[str] = (".geojson",),
    kind: Literal["auto", "images", "probabilities"] = "auto",
    overwrite: bool = False,
    **more: Any,  # noqa: ANN401 - settings
) -> list[AoiJob]:
    """The jobs of a source; see `sn7fast.pipeline.sources`. Looks at names and the first raster.

    Args:
        source: Folder, file of a manifest, cube, or a catalog or manifest that is read already.
        out: Folder of the run; nothing is made here.
        weights: Network or networks, if there are images: files, what `Network` says of them, or
            models that are loaded already (those need the process they are in).
        settings: How to predict; kind and type are always probabilities in uint8.
        post: How probabilities become tracked buildings; None means the defaults.
        image_settings: How to read rasters that are not of SpaceNet 7, where a manifest does not
            say.
        formats: Of the footprints; see `SUFFIXES`.
        kind: What the rasters are; ``auto`` looks at the first one.
        overwrite: Do again what is there.
        more: Further attributes of `PipelineSettings`, such as ``change=True``.

    Returns:
        At least one job, by the names of the AOIs.

    Raises:
        InputError: The source, the weights or a setting cannot be used; two AOIs have one name; or
            ``out`` lies in the source or is a file.
        StackError: Two files for one month of an AOI, a name without a month.
        MissingDependencyError: A package that a step needs is not installed.
    """
    out = Path(out)
    chosen = PipelineSettings(
        post=PostProcessing() if post is None else post,
        formats=tuple(dict.fromkeys(formats)),
        overwrite=overwrite,
        **more,
    )
    if kind not in ("auto", "images", "probabilities"):
        raise InputError(f"kind: got {kind!r}, wanted auto, images or probabilities")
    if isinstance(source, Catalog | Manifest):
        root = None
    else:
        root = Path(source)
        if not root.exists():
            raise InputError(f"{root}: does not exist, wanted a folder, a manifest or a cube")
        if out.resolve().is_relative_to(root.resolve()):
            raise InputError(
                f"out: {out} lies in the source {root}, and would be part of it; choose another "
                "folder"
            )
    if out.exists() and not out.is_dir():
        raise InputError(f"out: {out} is a file, wanted a folder")
    found = frames_of(source, image_settings or ImageSettings(), kind)
    if not found:
        raise InputError(f"{_called(source)}: has no images")
    for suffix in chosen.formats:
        # Told before hours of work, not after.
        if FORMATS[suffix] in _WRITERS:
            require(_WRITERS[FORMATS[suffix]], extra="vector")
    labels = labels_of(source)
    if any(of == "images" for of, _, _ in found.values()):
        chosen = _with_networks(chosen, weights, settings)
    names: dict[str, str] = {}
    for aoi in found:
        other = names.setdefault(aoi_name(aoi).lower(), aoi)
        if other != aoi:
            raise InputError(
                f"{_called(source)}: got the AOIs {other} and {aoi}, whose files would have one "
                "name"
            )
    return [
        AoiJob(aoi, of, frames, cube, labels.get(aoi, ()), out, chosen)
        for aoi, (of, frames, cube) in sorted(found.items())
    ]


def _called(source: str | os.PathLike[str] | Catalog | Manifest) -> str:
    """What messages call a source."""
    if isinstance(source, Catalog):
        return str(source.root)
    return str(source.path if isinstance(source, Manifest) else source)


def labels_of(source: str | os.PathLike[str] | Catalog | Manifest) -> dict[str, tuple[Frame, ...]]:
    """The files of labels in pixels that a source has, by AOI: those of SpaceNet 7.

    Raises:
        StackError: Two files for one month of an AOI.
    """
    if isinstance(source, Manifest):
        return {}
    try:
        catalog = source if isinstance(source, Catalog) else Catalog.scan(source)
    except StackError:
        raise
    except InputError:
        # No folder of SpaceNet 7.
        return {}
    labels: dict[str, tuple[Frame, ...]] = {}
    for aoi in catalog:
        frames = tuple(
            Frame(aoi.name, files.month, files.labels_match_pix)
            for files in aoi.months
            if files.labels_match_pix is not None
        )
        if frames:
            labels[aoi.name] = frames
    return labels


def _with_networks(
    chosen: PipelineSettings, weights: Any, settings: PredictSettings | None  # noqa: ANN401
) -> PipelineSettings:  # fmt: skip
    given = weights if isinstance(weights, list | tuple) else [weights]
    networks, made, outputs = described(given, settings or PredictSettings())
    predict = replace(
        settings or PredictSettings(), kind="probability", dtype="uint8", outputs=outputs
    )
    return replace(chosen, networks=networks, predict=predict, made=made)
