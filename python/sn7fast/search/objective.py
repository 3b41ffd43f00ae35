"""What a search makes large: scores of an AOI, weighed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sn7fast.errors import InputError
from sn7fast.postprocess import postprocess
from sn7fast.scoring import score_f1, score_scot

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sn7fast.cube import Cube
    from sn7fast.postprocess import PostProcessing
    from sn7fast.stack import Stack

TERMS = ("scot", "track", "change", "f1")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One AOI to search on.

    Attributes:
        aoi: Name of the area.
        cube: What a network saw.
        truth: What is there, with ids.
    """

    aoi: str
    cube: Cube
    truth: Stack

    def __post_init__(self) -> None:
        if self.truth.ids is None:
            raise InputError(f"{self.aoi}: truth has no ids; track it first")
        if not set(self.truth.months) & set(self.cube.months):
            raise InputError(
                f"{self.aoi}: no common month: truth has {_ends(self.truth.months)}, "
                f"the probabilities have {_ends(self.cube.months)}"
            )


@dataclass(frozen=True, slots=True)
class Objective:
    """The weighed mean of some scores of an AOI.

    Attributes:
        weights: Of each of `TERMS` that counts; scot, track and change are those of SCOT.
        iou_threshold: As in `sn7fast.score_scot`.
        beta: As in `sn7fast.score_scot`.
        truth_min_area_px: As in `sn7fast.score_scot`.
    """

    weights: tuple[tuple[str, float], ...] = (("scot", 1.0),)
    iou_threshold: float = 0.25
    beta: float = 2.0
    truth_min_area_px: float = 4.0

    def __post_init__(self) -> None:
        for name, weight in self.weights:
            if name not in TERMS:
                raise InputError(f"objective: got {name!r}, wanted some of {', '.join(TERMS)}")
            if not 0 < weight < float("inf"):
                raise InputError(f"objective: {name}: got the weight {weight}, wanted one above 0")
        names = [name for name, _ in self.weights]
        if not names or len(set(names)) < len(names):
            raise InputError(f"objective: got {names}, wanted some terms, each once")

    @classmethod
    def of_text(cls, text: str, **options: float) -> Objective:
        """``scot``, ``track,change`` or ``track=1,change=2``.

        Raises:
            InputError: The text is none of this.
        """
        weights = []
        for part in text.split(","):
            name, equals, weight = part.partition("=")
            try:
                weights.append((name.strip(), float(weight) if equals else 1.0))
            except ValueError:
                raise InputError(f"objective: {name}: got {weight!r}, wanted a number") from None
        return cls(tuple(weights), **options)

    def __str__(self) -> str:
        """As `of_text` takes it."""
        return ",".join(
            name if weight == 1 else f"{name}={weight:g}" for name, weight in self.weights
        )

    def scores(self, sample: Sample, settings: PostProcessing) -> dict[str, float]:
        """The scores that count of what the settings make of an AOI.

        Raises:
            InputError: The settings cannot be used.
        """
        proposal = postprocess(sample.cube, settings, aoi=sample.aoi)
        names = {name for name, _ in self.weights}
        scores = {}
        if names - {"f1"}:
            scot = score_scot(
                sample.truth,
                proposal,
                iou_threshold=self.iou_threshold,
                beta=self.beta,
                truth_min_area_px=self.truth_min_area_px,
            ).aois[sample.truth.aoi]
            scores = {"scot": scot.score, "track": scot.track, "change": scot.change}
        if "f1" in names:
            f1 = score_f1(sample.truth, proposal, iou_threshold=self.iou_threshold)
            scores["f1"] = f1.aois[sample.truth.aoi].total.f1
        return scores

    def value(self, scores: Mapping[str, float]) -> float:
        """The weighed mean of the scores of an AOI."""
        total = sum(weight for _, weight in self.weights)
        return sum(weight * scores[name] for name, weight in self.weights) / total


def _ends(months: tuple[str, ...]) -> str:
    return f"{months[0]} to {months[-1]}" if months else "none"
