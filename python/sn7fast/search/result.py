"""What a search has found: as JSON, as a table, and as settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sn7fast.postprocess import PostProcessing
    from sn7fast.search.intervals import Interval


@dataclass(frozen=True, slots=True, eq=False)
class Fold:
    """A search on some AOIs, tried on others that it did not see.

    Attributes:
        aois: Those others.
        settings: What was found.
        trained: Mean objective on the AOIs of the search.
        scores: For each held-out AOI its scores under what was found.
        value: Objective on the held-out AOIs.
        start: That of the settings the search started from, on the same AOIs.
        gain: The difference.
    """

    aois: tuple[str, ...]
    settings: PostProcessing
    trained: float
    scores: dict[str, dict[str, float]]
    value: Interval
    start: Interval
    gain: Interval

    def to_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return {
            "aois": list(self.aois),
            "settings": self.settings.to_dict(),
            "trained": self.trained,
            "scores": self.scores,
            **{name: getattr(self, name).to_dict() for name in ("value", "start", "gain")},
        }


@dataclass(frozen=True, slots=True, eq=False)
class SearchResult:
    """What a search has found.

    Attributes:
        best: Settings found on all AOIs: those to use.
        start: Settings it started from.
        objective: What was made large.
        trained: Objective of ``best`` on the AOIs it was found on, which flatters it.
        trained_start: That of ``start``.
        folds: Searches on parts of the AOIs, for an honest value; none for a single AOI.
        value: Objective of what the folds found, over all held-out AOIs; None without folds.
        value_start: That of ``start``, on the same AOIs.
        gain: The difference, AOI by AOI.
        undone: For each parameter that was searched what ``trained`` loses if it alone goes back
            to ``start``; None if the others do not go together with that.
        importance: Share of each in what tells the best tenth of the trials from the others, by
            PED-ANOVA (Watanabe, Bansal and Hutter, IJCAI 2023); none for few trials.
        trials: How many were tried on all AOIs, and how many of them could not be used.
        warnings: What makes the result less than it seems.
    """

    best: PostProcessing
    start: PostProcessing
    objective: str
    trained: float
    trained_start: float
    folds: tuple[Fold, ...]
    value: Interval | None
    value_start: Interval | None
    gain: Interval | None
    undone: dict[str, float | None]
    importance: dict[str, float]
    trials: tuple[int, int]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        spans = {"value": self.value, "value_start": self.value_start, "gain": self.gain}
        return {
            "objective": self.objective,
            "best": self.best.to_dict(),
            "start": self.start.to_dict(),
            "trained": self.trained,
            "trained_start": self.trained_start,
            "held_out": {name: span and span.to_dict() for name, span in spans.items()},
            "folds": [fold.to_dict() for fold in self.folds],
            "undone": self.undone,
            "importance": self.importance,
            "trials": self.trials[0],
            "failed_trials": self.trials[1],
            "warnings": list(self.warnings),
        }

    def to_yaml(self) -> str:
        """The best settings as `PostProcessing.from_yaml` takes them, and how good they are."""
        lines = [f"{self.objective} on the AOIs it was found on: {self.trained:.4f}"]
        lines[0] += f", at the start {self.trained_start:.4f}"
        if self.value is not None:
            lines.append(f"on held-out AOIs: {self.value}, at the start {self.value_start}")
            lines.append(f"gain: {self.gain}")
        lines += [f"warning: {text}" for text in self.warnings]
        return "".join(f"# {line}\n" for line in lines) + self.best.to_yaml()

    def table(self) -> str:
        """For people: the parameters, and the objective by fold."""
        from sn7fast._aligned import align

        folds = [f"fold {k + 1}" for k in range(len(self.folds))]
        rows = [["parameter", "start", "best", *folds, "undone", "importance"]]
        for place, lost in sorted(self.undone.items(), key=lambda item: -(item[1] or 0.0)):
            chosen = (self.start, self.best, *(fold.settings for fold in self.folds))
            share = f"{self.importance[place]:.2f}" if place in self.importance else ""
            loss = "" if lost is None else f"{lost:.4f}"
            rows.append([place, *(_short(one.value(place)) for one in chosen), loss, share])
        text = align(rows, rules=(1,))
        rows = [[self.objective, "AOIs", "trained", "held out", "start", "gain"]]
        for k, fold in enumerate(self.folds):
            spans = (fold.value, fold.start, fold.gain)
            name, count = f"fold {k + 1}", str(len(fold.aois))
            rows.append([name, count, f"{fold.trained:.4f}", *map(str, spans)])
        if self.value is not None:
            count = str(sum(len(fold.aois) for fold in self.folds))
            over_all = (self.value, self.value_start, self.gain)
            rows.append(["all folds", count, "", *map(str, over_all)])
        gain = f"{self.trained - self.trained_start:.4f}"
        rows.append(["best", "", f"{self.trained:.4f}", "", f"{self.trained_start:.4f}", gain])
        return f"{text}\n\n{align(rows, rules=(1, len(rows) - 1))}"


def _short(value: Any) -> str:  # noqa: ANN401 - of any parameter
    return f"{value:.4g}" if isinstance(value, float) else str(value)
