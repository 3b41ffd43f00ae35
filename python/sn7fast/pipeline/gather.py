"""What the AOIs of a run come to together: tracks, truth and scores of all.

The parts lie in the folder of the run, left there by whoever did the AOI: this run, an earlier one,
or another shard. Each run gathers all that is finished when its own AOIs are, one run at a time;
so the last one to do so finds everything, and the order in which shards finish does not matter.
AOIs go by their names and are read one after the other, part by part.

Nothing is written if it was made of the same, by the manifests of the AOIs, and the files are still
what they were: ``state/gathered.json`` knows both, and is written last.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sn7fast import __version__
from sn7fast.io.outputs import whole_file, write_json
from sn7fast.io.tables import write_csv_parts
from sn7fast.pipeline.layout import SCORES, STATE, TRACKS, TRUTH, Layout
from sn7fast.pipeline.stacks import StoredStack, read_about, read_stack
from sn7fast.scores import F1Aoi, F1Counts, F1Score, ScotAoi, ScotScore
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

_GATHERED = "gathered.json"
_COUNTS = ("months", "buildings", "footprints")
_PAIRS = ("truth_ids", "proposal_ids", "iou")


class StoredStacks(Mapping[str, Stack]):
    """Stacks by AOI that are read when they are asked for, and not kept.

    Args:
        files: Of `sn7fast.pipeline.stacks`, by AOI.
    """

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)

    def __getitem__(self, aoi: str) -> Stack:
        return read_stack(self._files[aoi])

    def __contains__(self, aoi: object) -> bool:
        return aoi in self._files

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """What all finished AOIs of a folder come to.

    Attributes:
        counts: ``months``, ``buildings`` and ``footprints`` by AOI.
        scot: Scores of the AOIs with labels, without their pairs; None if there are none.
        f1: As scot.
    """

    counts: dict[str, dict[str, int]]
    scot: ScotScore | None = None
    f1: F1Score | None = None


def gather(out: Path, aois: Iterable[str]) -> Gathered:
    """Write tracks.csv, truth.csv and scores.json, each whole or not at all.

    Args:
        out: Folder of the run.
        aois: Those that are finished.

    Raises:
        FormatError: What an AOI left is damaged; names the file.
        OSError: A file cannot be read or written.
    """
    layouts = [Layout(out, aoi) for aoi in sorted(aois)]
    labelled = [layout for layout in layouts if layout.scores.exists()]
    counts = {}
    for layout in layouts:
        found = read_about(layout.tracks)["counts"]
        counts[layout.aoi] = {name: int(found[name]) for name in _COUNTS}
    scores = _light_scores(labelled) if labelled else None
    made_of = _made_of(layouts)
    if not _is_gathered(out, made_of):
        _write_table(out / TRACKS, [layout.tracks for layout in layouts])
        if scores is not None:
            _write_table(out / TRUTH, [layout.truth for layout in labelled])
            _write_scores(out / SCORES, labelled, scores)
        else:
            for name in (TRUTH, SCORES):
                (out / name).unlink(missing_ok=True)
        write_json(out / STATE / _GATHERED, {"of": made_of, "files": _hashes(out)})
    return Gathered(counts, *(scores or ()))


def _made_of(layouts: Sequence[Layout]) -> str:
    """A hash of all that the tables depend on."""
    whole = hashlib.sha256(__version__.encode())
    for layout in layouts:
        whole.update(json.dumps(layout.aoi).encode())
        whole.update(hashlib.sha256(layout.manifest.read_bytes()).digest())
    return whole.hexdigest()


def _is_gathered(out: Path, made_of: str) -> bool:
    try:
        found = json.loads((out / STATE / _GATHERED).read_text(encoding="utf-8"))
        return bool(found == {"of": made_of, "files": _hashes(out)})
    except (OSError, ValueError):
        return False


def _hashes(out: Path) -> dict[str, str]:
    """Of the tables that are there."""
    hashes = {}
    for name in (TRACKS, TRUTH, SCORES):
        if (out / name).exists():
            with (out / name).open("rb") as file:
                hashes[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return hashes


def read_scores(out: Path) -> tuple[ScotScore, F1Score]:
    """The scores that a run has written, with all their pairs.

    Raises:
        OSError: The file cannot be read.
    """
    found = json.loads((out / SCORES).read_text(encoding="utf-8"))
    scot = {aoi: ScotAoi.from_dict(one) for aoi, one in found["scot"]["aois"].items()}
    f1 = {aoi: F1Aoi.from_dict(one) for aoi, one in found["f1"]["aois"].items()}
    return ScotScore(scot), F1Score(f1, F1Counts.from_dict(found["f1"]["pooled"]))


def _write_table(path: Path, files: Sequence[Path]) -> None:
    """The bytes of `sn7fast.write_csv` of all stacks, some rows at a time."""
    write_csv_parts(path, (part for file in files for part in StoredStack(file).parts()))


def _light_scores(layouts: Sequence[Layout]) -> tuple[ScotScore, F1Score]:
    """The scores of all AOIs, without their pairs."""
    scot: dict[str, ScotAoi] = {}
    f1: dict[str, F1Aoi] = {}
    for layout in layouts:
        found = json.loads(layout.scores.read_text(encoding="utf-8"))
        for month in found["scot"]["months"].values():
            month.update(dict.fromkeys(_PAIRS, ()))
        scot[layout.aoi] = ScotAoi.from_dict(found["scot"])
        f1[layout.aoi] = F1Aoi.from_dict(found["f1"])
    return ScotScore(scot), F1Score(f1, _pooled(f1))


def _write_scores(path: Path, layouts: Sequence[Layout], scores: tuple[ScotScore, F1Score]) -> None:
    """As `json.dumps` has it, but for one AOI at a time; the means come first."""
    with whole_file(path) as temporary, temporary.open("w", encoding="utf-8") as file:
        means = [score.to_dict() for score in scores]
        for opening, name, mean in zip("{,", ("scot", "f1"), means, strict=True):
            head = mean | {"aois": {}}
            text = _indented(head, 1).removesuffix("{}\n }")
            file.write(f'{opening}\n "{name}": {text}')
            for index, layout in enumerate(layouts):
                found = json.loads(layout.scores.read_text(encoding="utf-8"))[name]
                key = json.dumps(layout.aoi)
                file.write(f"{',' if index else '{'}\n   {key}: {_indented(found, 3)}")
            file.write("\n  }\n }")
        file.write("\n}\n")


def _pooled(f1: Mapping[str, F1Aoi]) -> F1Counts:
    totals = [one.total for one in f1.values()]
    return F1Counts(
        sum(one.true_positives for one in totals),
        sum(one.false_positives for one in totals),
        sum(one.false_negatives for one in totals),
    )


def _indented(content: Mapping[str, Any], depth: int) -> str:
    """JSON for a place so deep in a file; texts in it have no line ends of their own."""
    text = json.dumps(content, indent=1, allow_nan=False)
    return text.replace("\n", "\n" + " " * depth)
