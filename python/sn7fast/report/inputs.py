"""What a report is made from: a run of the pipeline, or stacks with what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast.data.discover import discover
from sn7fast.data.load import stack_loaders
from sn7fast.data.sn7 import sn7_grid
from sn7fast.errors import InputError
from sn7fast.report.dates import read_dates
from sn7fast.report.image_inputs import AoiImages, ImageInputs
from sn7fast.tracking import track

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping

    from sn7fast.buildings import Buildings
    from sn7fast.grid import Grid
    from sn7fast.report.strips import Strips
    from sn7fast.stack import Stack

# What the pipeline calls the parts of a run.
_TRACKS, _TRUTH, _PROBABILITIES, _BUILDINGS = (
    "tracks.csv",
    "truth.csv",
    "probabilities",
    "buildings",
)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What the report of one AOI shows; the arguments of `sn7fast.report.write_report`."""

    tracks: Stack
    truth: Stack | None
    images: Mapping[str, Strips] | None
    valid: Mapping[str, Strips] | None
    buildings: Buildings | None


class ReportInputs:
    """The AOIs of a source, each with its truth and images.

    Args:
        source: A folder that the pipeline wrote, or what `sn7fast.data.discover` takes.
        truth: What `sn7fast.data.discover` takes, or None; a run has its own.
        images: A folder in the layout of SpaceNet 7, a manifest, or monthly rasters or cubes such
            as probabilities; None takes the probabilities of a run.
        min_iou: For tracking what has no identifiers.
        masks: Arguments for polygonizing.
        tell: Called with what a user may want to know.

    Raises:
        InputError: Nothing found at one of them, or no AOI in common.
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        *,
        truth: str | os.PathLike[str] | None = None,
        images: str | os.PathLike[str] | None = None,
        min_iou: float = 0.25,
        masks: Mapping[str, Any] | None = None,
        tell: Callable[[str], None] = lambda text: None,
    ) -> None:
        source = Path(source)
        self._run = source if (source / _TRACKS).is_file() else None
        if self._run is not None:
            if truth is None and (self._run / _TRUTH).is_file():
                truth = self._run / _TRUTH
            if images is None and (self._run / _PROBABILITIES).is_dir():
                images = self._run / _PROBABILITIES
        self._min_iou, self._tell = min_iou, tell
        self._said: set[str] = set()
        options = dict(masks or {})
        self._tracks = _stacks(source if self._run is None else self._run / _TRACKS, options)
        self._truth = {} if truth is None else _stacks(Path(truth), options)
        self._images = None if images is None else ImageInputs(Path(images))
        self._images_path = images
        if self._truth and not set(self._truth) & set(self._tracks) and not self._alone():
            raise InputError(
                f"no common AOI: {truth} has {_some(self._truth)}, {source} has "
                f"{_some(self._tracks)}"
            )

    @property
    def aois(self) -> tuple[str, ...]:
        """Names of the AOIs."""
        return tuple(self._tracks)

    def load(self, aoi: str) -> Shown:
        """Read what belongs to an AOI.

        Raises:
            InputError: Something of it cannot be used.
        """
        tracks = self._tracked("the tracks", self._tracks[aoi]())
        load_truth = self._truth.get(aoi)
        if load_truth is None and self._alone():
            (load_truth,) = self._truth.values()
        truth = None if load_truth is None else self._tracked("the truth", load_truth())
        if truth is not None:
            lacking = len(set(truth.months) - set(tracks.months))
            if lacking:
                self._tell(
                    f"AOI {aoi}: {lacking} of {len(truth.months)} months of the truth not in the "
                    "tracks: their buildings count as missed"
                )
        found = AoiImages()
        if self._images is not None:
            found = self._images.of(self._name_in_images(aoi), tracks.months)
            if found.images is None:
                there = f", which has {_some(self._images.aois)}" if self._images.aois else ""
                self._tell(f"AOI {aoi}: no images in {self._images_path}{there}")
        tracks = replace(tracks, grid=tracks.grid or found.grid or _grid_of_name(aoi))
        return Shown(tracks, truth, found.images, found.valid, self._dates(tracks))

    def _name_in_images(self, aoi: str) -> str:
        """The AOI, or the only one of the images if names that mean nothing differ."""
        names = self._images.aois if self._images is not None else ()
        if aoi in names or len(names) != 1 or len(self._tracks) != 1:
            return aoi
        if _grid_of_name(aoi) is not None and _grid_of_name(names[0]) is not None:
            return aoi
        self._tell(f"AOI {aoi}: images are those of {names[0]}, taken as the same AOI")
        return names[0]

    def _alone(self) -> bool:
        """One AOI on either side: they belong together whatever their names."""
        return len(self._tracks) == len(self._truth) == 1

    def _tracked(self, what: str, stack: Stack) -> Stack:
        if stack.ids is not None:
            return stack
        if what not in self._said:
            self._said.add(what)
            self._tell(f"{what} had no identifiers: tracked with IoU of at least {self._min_iou:g}")
        return track(stack, min_iou=self._min_iou)

    def _dates(self, tracks: Stack) -> Buildings | None:
        if tracks.buildings is not None or self._run is None:
            return tracks.buildings
        path = self._run / _BUILDINGS / f"{tracks.aoi}.csv"
        return read_dates(path, tracks.months) if path.is_file() else None


def _stacks(path: Path, options: Mapping[str, Any]) -> dict[str, Callable[[], Stack]]:
    return stack_loaders(discover(path), **options)


def _grid_of_name(aoi: str) -> Grid | None:
    try:
        return sn7_grid(aoi)
    except InputError:
        return None


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    return ", ".join(listed[:3]) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "")
