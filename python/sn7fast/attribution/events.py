"""Which building made which errors of a SCOT score, and of what kind they are.

The rules, in the words of `sn7fast.attribute_scot`, are applied to whole columns: rows and pairs
of all scored months, with identifiers as small numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from sn7fast.attribution.costs import ErrorCounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sn7fast.scores import ScotMonth
    from sn7fast.stack import Stack

KINDS = ("missed", "false", "switched", "late", "early", "dropped", "extra")
"""Kinds of error that are made at a building."""


class Errors(NamedTuple):
    """Errors of one kind and sort, by building.

    Attributes:
        kind: One of `KINDS`.
        sort: One of the fields of `ErrorCounts`.
        of_truth: int64 (n,), how many for each identifier of the truth, or None.
        of_proposal: int64 (m,), how many for each identifier of the proposal, or None.
    """

    kind: str
    sort: str
    of_truth: NDArray[np.int64] | None = None
    of_proposal: NDArray[np.int64] | None = None

    @property
    def total(self) -> int:
        """How many there are."""
        columns = (self.of_truth, self.of_proposal)
        return sum(int(column.sum()) for column in columns if column is not None)


class _Side:
    """Rows of one side in the scored months, identifiers numbered in ascending order.

    Attributes:
        ids: int64 (n,), the identifiers.
        number: int64 (rows,), number of each row's identifier.
        month: int64 (rows,), ascending.
        end: Number of months.
        first: int64 (n,), month in which an identifier comes first.
        found: int64 (n,), month in which it is matched first, or ``end``.
        partner: int64 (n,), number of what it is matched with then, or -1.
        pairs: int64 (n,), how often it is matched.
    """

    def __init__(self, stack: Stack, months: Sequence[str]) -> None:
        place = {month: index for index, month in enumerate(stack.months)}
        given = [stack.rows(month) if month in place else slice(0, 0) for month in months]
        all_ids = np.empty(0, np.int64) if stack.ids is None else stack.ids
        rows = np.concatenate([np.empty(0, np.int64), *(all_ids[rows] for rows in given)])
        self.ids, self.number = np.unique(rows, return_inverse=True)
        lengths = [rows.stop - rows.start for rows in given]
        self.month = np.repeat(np.arange(len(months)), lengths)
        self.end = len(months)
        self.first = _earliest(self.number, self.month, len(self.ids), self.end)

    def match(
        self, numbers: NDArray[np.int64], others: NDArray[np.int64], month: NDArray[np.int64]
    ) -> NDArray[np.bool_]:
        """Note the pairs; returns those whose identifier had another partner before."""
        count = len(self.ids)
        self.found = _earliest(numbers, month, count, self.end)
        self.partner = _earliest(numbers, others, count, -1)
        self.pairs = np.bincount(numbers, minlength=count)
        order = np.argsort(numbers, kind="stable")
        numbers, others = numbers[order], others[order]
        switched = np.zeros(len(numbers), bool)
        switched[order[1:]] = (numbers[1:] == numbers[:-1]) & (others[1:] != others[:-1])
        return switched

    @property
    def never(self) -> NDArray[np.bool_]:
        """Identifiers that are never matched."""
        return self.partner < 0

    def rows_before(self, month: NDArray[np.int64]) -> NDArray[np.int64]:
        """For each identifier its rows before a month of its own."""
        return np.bincount(self.number[self.month < month[self.number]], minlength=len(self.ids))

    def sums(self, of: NDArray[np.int64], counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """Sum of the counts that go to each identifier."""
        return np.bincount(of, counts, minlength=len(self.ids)).astype(np.int64)


def find_errors(
    truth: Stack, proposal: Stack, months: dict[str, ScotMonth]
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[Errors]]:
    """The identifiers of truth and proposal, and the errors made at them.

    Args:
        truth: As it was scored, with ids.
        proposal: As it was scored.
        months: Those that were scored.
    """
    g, p = _Side(truth, list(months)), _Side(proposal, list(months))
    month = np.repeat(np.arange(len(months)), [scored.tp for scored in months.values()])
    pair_g = np.searchsorted(g.ids, _joined(scored.truth_ids for scored in months.values()))
    pair_p = np.searchsorted(p.ids, _joined(scored.proposal_ids for scored in months.values()))
    switched = g.match(pair_g, pair_p, month) | p.match(pair_p, pair_g, month)
    mismatches = np.bincount(pair_g[switched], minlength=len(g.ids))
    return (
        g.ids,
        p.ids,
        [
            *_unmatched_truth(g),
            *_unmatched_proposals(g, p),
            Errors("switched", "mismatches", of_truth=mismatches),
            *_changes_missed(g, p),
            *_changes_invented(g, p),
        ],
    )


def _unmatched_truth(g: _Side) -> list[Errors]:
    rows, before = np.bincount(g.number, minlength=len(g.ids)), g.rows_before(g.found)
    return [
        Errors("missed", "fn", of_truth=np.where(g.never, rows, 0)),
        Errors("late", "fn", of_truth=np.where(g.never, 0, before)),
        Errors("dropped", "fn", of_truth=np.where(g.never, 0, rows - before - g.pairs)),
    ]


def _unmatched_proposals(g: _Side, p: _Side) -> list[Errors]:
    rows = np.bincount(p.number, minlength=len(p.ids))
    found = ~p.never
    of = p.partner[found]
    built = np.zeros(len(p.ids), np.int64)
    built[found] = g.first[of]
    before = p.rows_before(built)
    return [
        Errors("false", "fp", of_proposal=np.where(found, 0, rows)),
        Errors("early", "fp", of_truth=g.sums(of, before[found])),
        Errors("extra", "fp", of_truth=g.sums(of, (rows - before - p.pairs)[found])),
    ]


def _changes_missed(g: _Side, p: _Side) -> list[Errors]:
    new, found = g.first > 0, ~g.never
    late = new & found & (g.found > g.first)
    at_once = new & found & (g.found == g.first)
    partner = np.where(found, g.partner, 0)
    known = np.zeros(len(g.ids), bool)
    reused = np.zeros(len(g.ids), bool)
    if len(p.ids):
        known = at_once & (p.first[partner] < g.first)
        reused = known & (p.found[partner] < g.first)
    return [
        Errors("missed", "change_fn", of_truth=(new & g.never).astype(np.int64)),
        Errors("late", "change_fn", of_truth=late.astype(np.int64)),
        Errors("switched", "change_fn", of_truth=reused.astype(np.int64)),
        Errors("early", "change_fn", of_truth=(known & ~reused).astype(np.int64)),
    ]


def _changes_invented(g: _Side, p: _Side) -> list[Errors]:
    new = p.first > 0
    false = new & p.never
    is_of = np.flatnonzero(new & ~p.never)
    of = p.partner[is_of]
    came, found = p.first[is_of], p.found[is_of]
    right = (found == came) & (g.first[of] == came)
    early = came < g.first[of]
    switched = ~early & (g.found[of] < found)
    late = ~right & ~early & ~switched

    def at(chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        return g.sums(of, chosen.astype(np.int64))

    return [
        Errors("false", "change_fp", of_proposal=false.astype(np.int64)),
        Errors("early", "change_fp", of_truth=at(early)),
        Errors("switched", "change_fp", of_truth=at(switched)),
        Errors("late", "change_fp", of_truth=at(late)),
    ]


def sum_errors(errors: Iterable[Errors]) -> dict[str, ErrorCounts]:
    """How many errors of each kind there are in each count."""
    totals = {kind: dict.fromkeys(ErrorCounts._fields, 0) for kind in KINDS}
    for error in errors:
        totals[error.kind][error.sort] += error.total
    return {kind: ErrorCounts(**counts) for kind, counts in totals.items()}


def _earliest(
    numbers: NDArray[np.int64], values: NDArray[np.int64], count: int, absent: int
) -> NDArray[np.int64]:
    """For each number the value at its first place."""
    earliest = np.full(count, absent, np.int64)
    # Of several values for one place the last one written stays.
    earliest[numbers[::-1]] = values[::-1]
    return earliest


def _joined(columns: Iterable[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate([np.empty(0, np.int64), *columns])
