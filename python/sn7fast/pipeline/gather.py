"""What the AOIs of a run come to together: tracks, truth and scores of all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sn7fast.io.outputs import write_json
from sn7fast.io.tables import write_csv
from sn7fast.pipeline.layout import SCORES, TRACKS, TRUTH, Layout
from sn7fast.pipeline.stacks import read_stack
from sn7fast.scores import F1Aoi, F1Counts, F1Score, ScotAoi, ScotScore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sn7fast.stack import Stack


def gather(
    out: Path, aois: Iterable[str]
) -> tuple[dict[str, Stack], dict[str, Stack], ScotScore | None, F1Score | None]:
    """Write what all AOIs come to, from what each of them left in the folder of the run.

    Args:
        out: Folder of the run.
        aois: Those that are done.

    Returns:
        Tracks by AOI, labels by AOI (of those that have them), and scores or None.
    """
    tracks: dict[str, Stack] = {}
    truth: dict[str, Stack] = {}
    scot: dict[str, ScotAoi] = {}
    f1: dict[str, F1Aoi] = {}
    for aoi in sorted(aois):
        layout = Layout(out, aoi)
        tracks[aoi] = read_stack(layout.tracks)
        if layout.scores.exists():
            truth[aoi] = read_stack(layout.truth)
            found = json.loads(layout.scores.read_text(encoding="utf-8"))
            scot[aoi], f1[aoi] = ScotAoi.from_dict(found["scot"]), F1Aoi.from_dict(found["f1"])
    write_csv(out / TRACKS, tracks)
    if not truth:
        return tracks, truth, None, None
    totals = [one.total for one in f1.values()]
    pooled = F1Counts(
        sum(one.true_positives for one in totals),
        sum(one.false_positives for one in totals),
        sum(one.false_negatives for one in totals),
    )
    scores = ScotScore(scot), F1Score(f1, pooled)
    write_csv(out / TRUTH, truth)
    write_json(out / SCORES, {"scot": scores[0].to_dict(), "f1": scores[1].to_dict()})
    return tracks, truth, *scores
