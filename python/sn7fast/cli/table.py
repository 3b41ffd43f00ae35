"""Scores as a table for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sn7fast._aligned import align

if TYPE_CHECKING:
    from sn7fast.attribution import ScotAttribution
    from sn7fast.scores import F1Score, ScotScore


def score_table(scot: ScotScore | None, f1: F1Score | None) -> str:
    """One row for each AOI and one for the mean, with the columns of the given metrics."""
    names = sorted({*(scot.aois if scot else ()), *(f1.aois if f1 else ())})
    heads = ["AOI"]
    if scot:
        heads += ["SCOT", "track", "change", "mismatches", "change TP/FP/FN", "tp/fp/fn"]
    if f1:
        heads += ["F1"] if scot else ["F1", "tp/fp/fn"]
    rows = []
    for name in names:
        row = [name]
        if scot:
            aoi = scot.aois[name]
            months = aoi.months.values()
            row += [_real(aoi.score), _real(aoi.track), _real(aoi.change), f"{aoi.mismatches}"]
            row.append(_counts(aoi.change_tp, aoi.change_fp, aoi.change_fn))
            row.append(
                _counts(*(sum(getattr(m, kind) for m in months) for kind in ("tp", "fp", "fn")))
            )
        if f1:
            total = f1.aois[name].total
            row.append(_real(total.f1))
            if not scot:
                row.append(
                    _counts(total.true_positives, total.false_positives, total.false_negatives)
                )
        rows.append(row)
    mean = [f"mean of {len(names)}"]
    if scot:
        mean += [_real(scot.score), _real(scot.track), _real(scot.change), "", "", ""]
    if f1:
        mean += [_real(f1.mean)] if scot else [_real(f1.mean), ""]
    return align([heads, *rows, mean], rules=(1, 1 + len(rows)))


def attribution_table(attribution: ScotAttribution) -> str:
    """One row for each kind of error: its cost, and how many errors it is made of."""
    costs = attribution.by_kind
    rows = [["cost of", "SCOT", "share", "fn", "fp", "mismatches", "change fn", "change fp"]]
    for kind, cost in costs.items():
        share = f"{100 * cost / attribution.total:.1f} %" if attribution.total else ""
        each = [aoi.errors[kind] for aoi in attribution.aois.values() if kind in aoi.errors]
        counts = [str(sum(column)) for column in zip(*each, strict=True)] or [""] * 5
        rows.append([kind, _real(cost), share, *counts])
    rows.append(["1 - SCOT", _real(attribution.total), *[""] * 6])
    return align(rows, rules=(1, len(rows) - 1))


def _real(value: float) -> str:
    return f"{value:.4f}"


def _counts(*counts: int) -> str:
    return "/".join(str(count) for count in counts)
