"""Scores as charts: F1 by month, SCOT by AOI, its counts by month, and what errors cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from sn7fast.errors import InputError
from sn7fast.plotting import colours
from sn7fast.plotting.axes import axes_or_new, month_ticks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from matplotlib.axes import Axes

    from sn7fast.scores import F1Aoi, ScotAoi, ScotScore

# More AOIs than this are thin grey lines with their mean.
_MOST_LINES = len(colours.PALETTE)


def plot_f1(aois: Mapping[str, F1Aoi], *, ax: Axes | None = None) -> Axes:
    """Draw F1 by month, a line for each AOI; see `F1Score.plot`."""
    ax = axes_or_new(ax)
    months = sorted({month for aoi in aois.values() for month in aoi.months})
    place = {month: index for index, month in enumerate(months)}
    many = len(aois) > _MOST_LINES
    for index, (name, aoi) in enumerate(aois.items()):
        x = [place[month] for month in aoi.months]
        y = [counts.f1 for counts in aoi.months.values()]
        if many:
            ax.plot(x, y, color=colours.GREY, linewidth=0.6)
        else:
            ax.plot(x, y, marker="o", markersize=3, color=_LINES[index], label=name)
    if many:
        of_month = [
            [aoi.months[month].f1 for aoi in aois.values() if month in aoi.months]
            for month in months
        ]
        means = [sum(values) / len(values) for values in of_month]
        ax.plot(range(len(months)), means, color=colours.BLUE, linewidth=2.5,
                label=f"mean of {len(aois)} AOIs")  # fmt: skip
    month_ticks(ax, months)
    ax.set_ylim(0, 1.02)
    ax.set_ylabel("F1")
    if aois:
        ax.legend()
    return ax


def plot_scot(score: ScotScore, *, ax: Axes | None = None) -> Axes:
    """Draw SCOT and its two terms by AOI; see `ScotScore.plot`."""
    aois = list(score.aois.items())
    ax = axes_or_new(ax, size=(6.4, max(2.4, 0.9 + 0.55 * (len(aois) + 1))))
    names = [name for name, _ in aois]
    rows = [(aoi.score, aoi.track, aoi.change) for _, aoi in aois]
    if len(aois) > 1:
        names.append("mean")
        rows.append((score.score, score.track, score.change))
    for column, (label, colour) in enumerate(_TERMS):
        places = np.arange(len(rows)) + 0.27 * (column - 1)
        values = [row[column] for row in rows]
        bars = ax.barh(places, values, height=0.25, color=colour, label=label)
        ax.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
    ax.set_yticks(range(len(rows)), names)
    ax.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    ax.set_xlim(0, 1.12)
    ax.set_xticks(np.linspace(0, 1, 6))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3, frameon=False)
    return ax


def plot_scot_months(
    score: ScotAoi, what: Literal["change", "track"] = "change", *, ax: Axes | None = None
) -> Axes:
    """Draw SCOT's counts by month; see `ScotAoi.plot`."""
    months = list(score.months)
    counts = list(score.months.values())
    if what == "change":
        layers = [
            ("new and found", colours.RIGHT, [m.change_tp for m in counts]),
            ("new and missed", colours.MISSED, [m.change_fn for m in counts]),
            ("wrongly new", colours.INVENTED, [m.change_fp for m in counts]),
        ]
    elif what == "track":
        layers = [
            ("matched", colours.RIGHT, [m.tp - m.mismatches for m in counts]),
            ("id switched", colours.SWITCHED, [m.mismatches for m in counts]),
            ("missed", colours.MISSED, [m.fn for m in counts]),
            ("invented", colours.INVENTED, [m.fp for m in counts]),
        ]
    else:
        raise InputError(f"what: got {what!r}, wanted 'change' or 'track'")
    ax = axes_or_new(ax)
    below = np.zeros(len(months))
    for label, colour, values in layers:
        ax.bar(range(len(months)), values, bottom=below, width=0.8, color=colour, label=label)
        below += np.array(values, float)
    month_ticks(ax, months)
    ax.set_ylabel("buildings")
    term = score.change if what == "change" else score.track
    ax.set_title(f"{what} {term:.3f}, SCOT {score.score:.3f}")
    ax.legend()
    return ax


def plot_costs(by_kind: Mapping[str, float], score: float, *, ax: Axes | None = None) -> Axes:
    """Draw what each kind of error costs SCOT; see `ScotAttribution.plot`."""
    ax = axes_or_new(ax, size=(6.4, 3.2))
    shown: Sequence[tuple[str, float]] = [
        (kind, cost) for kind, cost in by_kind.items() if cost or kind != "no_change"
    ]
    names = [kind.replace("_", " ") for kind, _ in shown]
    bars = ax.barh(names, [cost for _, cost in shown], color=colours.BLUE)
    ax.bar_label(bars, fmt="%.3f", padding=3, fontsize=8)
    ax.invert_yaxis()
    ax.margins(x=0.12)
    ax.set_xlabel("cost in SCOT")
    ax.set_title(f"SCOT {score:.3f}: what the missing {sum(by_kind.values()):.3f} is made of")
    return ax


_TERMS = (("SCOT", colours.BLUE), ("track", colours.SKY), ("change", colours.ORANGE))

# Yellow is too pale for a line on white.
_LINES = (colours.BLUE, colours.ORANGE, colours.GREEN, colours.PINK, colours.SKY, colours.RED,
          colours.GREY)  # fmt: skip
