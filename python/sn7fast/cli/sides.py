"""Truth and proposal: which AOIs belong together, and what there is to say about them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sn7fast.attribution import attribute_scot
from sn7fast.cli.console import Console, counted
from sn7fast.data.discover import discover
from sn7fast.data.load import stack_readers
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints
from sn7fast.scoring import score_f1, score_scot
from sn7fast.stack import Stack
from sn7fast.tracking import track

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from sn7fast.attribution import ScotAttribution
    from sn7fast.scores import F1Score, ScotScore


class Scored(NamedTuple):
    """What was asked for of one AOI."""

    scot: ScotScore | None
    f1: F1Score | None
    attribution: ScotAttribution | None


class Read(NamedTuple):
    """What was read of one AOI on both sides; calling it makes the stack."""

    truth: Callable[[], Stack]
    proposal: Callable[[], Stack] | None


class Sides:
    """What is scored against what.

    Args:
        console: For notes and warnings.
        truth_path: See `sn7fast.data.discover`.
        proposal_path: As truth_path, or the folder of a run of the pipeline.
        min_iou: For tracking what has no identifiers.
        masks: Arguments for polygonizing.

    Raises:
        InputError: Nothing found, nothing in the truth, or no AOI in common.
    """

    def __init__(
        self,
        console: Console,
        truth_path: Path,
        proposal_path: Path,
        *,
        min_iou: float,
        masks: Mapping[str, Any],
    ) -> None:
        self._console = console
        self._min_iou = min_iou
        self._said: set[str] = set()
        if _is_run(truth_path):
            raise InputError(
                f"{truth_path}: is what the pipeline made, wanted the truth; to take its tracks or "
                "its labels for that, give the path of tracks.csv or truth.csv"
            )
        if _is_run(proposal_path):
            proposal_path /= "tracks.csv"
        sources = [discover(truth_path), discover(proposal_path)]
        self._truth, self._proposal = (stack_readers(source, **masks) for source in sources)
        self._is_named = all(source.has_sn7_names for source in sources)
        self._paths = truth_path, proposal_path
        self._pairs = self._pair()

    def readers(self) -> dict[str, Callable[[], Read]]:
        """For each AOI of the truth what reads it on both sides, for `score`."""
        return {aoi: partial(self._read, aoi) for aoi in self._pairs}

    def _read(self, aoi: str) -> Read:
        other = self._pairs[aoi]
        return Read(self._truth[aoi](), None if other is None else self._proposal[other]())

    def score(
        self,
        aoi: str,
        read: Read,
        *,
        metrics: Sequence[str],
        scot_options: Mapping[str, float],
        attribute: bool = False,
    ) -> Scored:
        """Score what was read of an AOI, with SCOT's attribution if wanted."""
        truth = read.truth()
        if read.proposal is None:
            proposal = Stack(aoi, (), Footprints.empty(), np.zeros(1, np.int32))
        else:
            proposal = replace(read.proposal(), aoi=aoi)
            self._compare_months(truth, proposal)
        scot = f1 = attribution = None
        if "scot" in metrics:
            truth, proposal = self._tracked("truth", truth), self._tracked("proposal", proposal)
            if attribute:
                attribution = attribute_scot({aoi: truth}, {aoi: proposal}, **scot_options)  # type: ignore[arg-type]
                scot = attribution.scot
            else:
                scot = score_scot({aoi: truth}, {aoi: proposal}, **scot_options)  # type: ignore[arg-type]
            if not scot.aois[aoi].has_change:
                self._console.warn(
                    f"{aoi}: nothing is built in the truth after its first month, so change and "
                    "SCOT are 0 whatever the proposal"
                )
        if "f1" in metrics:
            threshold = scot_options["iou_threshold"]
            f1 = score_f1({aoi: truth}, {aoi: proposal}, iou_threshold=threshold)
        return Scored(scot, f1, attribution)

    def _tracked(self, side: str, stack: Stack) -> Stack:
        """The stack with identifiers; says so once if it had none."""
        if stack.ids is not None:
            return stack
        if side not in self._said and len(stack):
            self._said.add(side)
            self._console.note(
                f"{side} has no identifiers: tracked with IoU of at least {self._min_iou:g}"
            )
        return track(stack, min_iou=self._min_iou)

    def _pair(self) -> dict[str, str | None]:
        """For each AOI of the truth its name in the proposal, or None."""
        truth, proposal = list(self._truth), list(self._proposal)
        common = set(truth) & set(proposal)
        if not truth or (proposal and not common):
            if len(truth) == len(proposal) == 1 and not self._is_named:
                self._console.note(
                    f"truth is called {truth[0]} and proposal {proposal[0]}: taken as the same AOI"
                )
                return {truth[0]: proposal[0]}
            raise InputError(
                f"no common AOI: {self._paths[0]} has {_some(truth)}, "
                f"{self._paths[1]} has {_some(proposal)}"
            )
        lacking = [aoi for aoi in truth if aoi not in common]
        if lacking:
            self._console.warn(
                f"{counted(len(lacking), 'AOI')} of the truth not in the proposal, "
                f"scored 0: {_some(lacking)}"
            )
        extra = [aoi for aoi in proposal if aoi not in common]
        if extra:
            self._console.warn(
                f"{counted(len(extra), 'AOI')} of the proposal not in the truth, "
                f"left out: {_some(extra)}"
            )
        return {aoi: aoi if aoi in common else None for aoi in truth}

    def _compare_months(self, truth: Stack, proposal: Stack) -> None:
        extra = [month for month in proposal.months if month not in truth.months]
        if extra:
            self._console.warn(
                f"{truth.aoi}: {counted(len(extra), 'month')} of the proposal not in the truth, "
                f"ignored by SCOT, counted as false by F1: {_some(extra)}"
            )
        lacking = [month for month in truth.months if month not in proposal.months]
        if lacking:
            self._console.warn(
                f"{truth.aoi}: {counted(len(lacking), 'month')} of the truth not in the proposal, "
                f"whose buildings count as missed: {_some(lacking)}"
            )


def _is_run(path: Path) -> bool:
    """Whether the pipeline wrote this folder."""
    return (path / "run.json").is_file() and (path / "tracks.csv").is_file()


def _some(names: Iterable[str]) -> str:
    """The first three names and how many more there are."""
    names = list(names)
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return (", ".join(names[:3]) or "none") + more
