"""The SCOT metric, as ``solaris.eval.scot``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from sn7fast._arguments import number_from_zero
from sn7fast._optional import require
from sn7fast.compat.quirk import warn_quirk
from sn7fast.compat.vectors import column_of, footprints_of
from sn7fast.errors import InputError
from sn7fast.scoring import score_scot
from sn7fast.stack import Stack

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.footprints import Footprints
    from sn7fast.scores import ScotAoi


class FootprintMatch(NamedTuple):
    """Matched footprints of one month, by ascending identifier of the ground truth.

    Attributes:
        grnd_ids: Identifiers of the matched ground truth, one a pair.
        prop_ids: Those of their partners.
        iou: IoU of the pairs.
        tp: Number of pairs.
        fp: Rows of the proposal without partner.
        fn: Rows of the ground truth without partner.
        f1: 2 tp / (2 tp + fp + fn), 0 if undefined.
    """

    grnd_ids: list[Any]
    prop_ids: list[Any]
    iou: list[float]
    tp: int
    fp: int
    fn: int
    f1: float


def match_footprints(
    grnd_df: Any,  # noqa: ANN401 - GeoDataFrame
    prop_df: Any,  # noqa: ANN401 - GeoDataFrame
    threshold: float = 0.25,
    base_reward: float = 100.0,
) -> FootprintMatch:
    """Match the footprints of one month so that the sum of base_reward + IoU is greatest.

    Quirks 10, 13, 14 and 15 as in `scot_one_aoi`.

    Args:
        grnd_df: Table with columns ``id`` and ``geometry``.
        prop_df: The same of the proposal.
        threshold: IoU that a pair must exceed.
        base_reward: Reward of a pair besides its IoU. With 100 as many pairs as can be are matched
            and among these ways the one with the greatest total IoU is taken; with 0 only the
            total counts.

    Returns:
        The pairs and their counts.

    Raises:
        InputError: A column or a value is missing, identifiers are of mixed kinds, or a number
            is negative.
        GeometryError: A geometry is no polygon.
    """
    threshold = number_from_zero("threshold", threshold)
    truth, truth_ids = _stack(_one_month(grnd_df), "grnd_df")
    proposal, proposal_ids = _stack(_one_month(prop_df), "prop_df")
    result = _score(truth, proposal, threshold, base_reward, 2.0).months.get("")
    if result is None:  # no ground truth
        return FootprintMatch([], [], [], 0, len(proposal), 0, 0.0)
    order = np.argsort(result.truth_ids, kind="stable")
    below = 2 * result.tp + result.fp + result.fn
    return FootprintMatch(
        truth_ids[result.truth_ids[order]].tolist(),
        proposal_ids[result.proposal_ids[order]].tolist(),
        result.iou[order].tolist(),
        result.tp,
        result.fp,
        result.fn,
        2 * result.tp / below if below else 0.0,
    )


def scot_one_aoi(
    grnd_df: Any,  # noqa: ANN401 - GeoDataFrame
    prop_df: Any,  # noqa: ANN401 - GeoDataFrame
    threshold: float = 0.25,
    base_reward: float = 100.0,
    beta: float = 2.0,
    stats: bool = False,
    verbose: bool = False,
) -> Any:  # noqa: ANN401 - as the original: one thing or two
    """SCOT of one AOI.

    Quirks, numbered as in DESIGN.md:

    * 10: a pair's IoU must be more than ``threshold`` (for the tracker, equality will do). Kept.
    * 12: months that only the proposal has cost nothing. Kept; ``unmatched_months="count"`` of
      `sn7fast.score_scot` counts their rows as false positives.
    * 13: rows with an empty geometry are counted, as false positives or negatives. Kept, with a
      warning.
    * 14: equal identifiers in a month share one line of the matrix, where IoU and rewards add up.
      Kept, with a warning; `sn7fast.score_scot` takes them for an error.
    * 15: which of several equally good assignments is taken is our own rule, so that pairs, and
      with them mismatches and change counts, may differ from the original's where the optimum is
      not unique.
    * 16: identifiers are taken as they come, so that text sorts as text; only ties can differ.
    * 17: without new buildings after the first month the change score is 0, and so is SCOT, even
      for a perfect proposal. Kept, with a warning.

    Args:
        grnd_df: Table with columns ``timestep``, ``id`` and ``geometry``; an ``aoi`` is ignored.
        prop_df: The same of the proposal.
        threshold: IoU that a pair must exceed.
        base_reward: As in `match_footprints`.
        beta: Weight of the tracking score in the harmonic mean.
        stats: Whether to return the numbers too.
        verbose: Say them.

    Returns:
        The score; with ``stats`` the pair of it and a list of ten numbers: mismatches, tracking
        true positives, false positives, false negatives and score, the same four of change, SCOT.

    Raises:
        InputError: A column or a value is missing, identifiers are of mixed kinds, or a number
            is negative.
        GeometryError: A geometry is no polygon.
    """
    numbers = _ten_numbers(_one_aoi(grnd_df, prop_df, threshold, base_reward, beta, "grnd_df"))
    if verbose:
        _say("SCOT", numbers)
    return (numbers[-1], numbers) if stats else numbers[-1]


def scot_multi_aoi(
    grnd_df: Any,  # noqa: ANN401 - GeoDataFrame
    prop_df: Any,  # noqa: ANN401 - GeoDataFrame
    threshold: float = 0.25,
    base_reward: float = 100.0,
    beta: float = 2.0,
    stats: bool = False,
    verbose: bool = False,
) -> Any:  # noqa: ANN401 - as the original: one thing or two
    """Mean SCOT of the AOIs of the ground truth.

    AOIs that the proposal lacks score 0; those that only it has are ignored. Quirks as in
    `scot_one_aoi`.

    Args:
        grnd_df: As in `scot_one_aoi`, with a column ``aoi``.
        prop_df: The same of the proposal.
        threshold: As in `scot_one_aoi`.
        base_reward: As in `scot_one_aoi`.
        beta: As in `scot_one_aoi`.
        stats: Whether to return the numbers too.
        verbose: Say them.

    Returns:
        The score; with ``stats`` the pair of it and a dictionary from AOI to its ten numbers.

    Raises:
        InputError: As in `scot_one_aoi`; or there is no ground truth at all, where the original
            divides by zero.
        GeometryError: A geometry is no polygon.
    """
    if not len(grnd_df):
        raise InputError("grnd_df: got no rows, wanted ground truth of at least one AOI")
    results = {}
    found = column_of(prop_df, "aoi", "prop_df") if len(prop_df) else None
    for aoi, rows in grnd_df.groupby(column_of(grnd_df, "aoi", "grnd_df"), sort=True):
        proposal = prop_df if found is None else prop_df[found == aoi]
        results[aoi] = _one_aoi(rows, proposal, threshold, base_reward, beta, str(aoi))
    return mean_score(results, stats=stats, verbose=verbose)


def mean_score(results: dict[Any, ScotAoi], *, stats: bool, verbose: bool) -> Any:  # noqa: ANN401
    """What `scot_multi_aoi` returns for the results of its AOIs."""
    numbers = {aoi: _ten_numbers(result) for aoi, result in results.items()}
    if verbose:
        for aoi, row in numbers.items():
            _say(str(aoi), row)
    score = sum(row[-1] for row in numbers.values()) / len(numbers)
    return (score, numbers) if stats else score


def _one_aoi(
    grnd_df: Any,  # noqa: ANN401 - GeoDataFrame
    prop_df: Any,  # noqa: ANN401 - GeoDataFrame
    threshold: float,
    base_reward: float,
    beta: float,
    name: str,
) -> ScotAoi:
    threshold = number_from_zero("threshold", threshold)
    truth, _ = _stack(grnd_df, "grnd_df")
    proposal, _ = _stack(prop_df, "prop_df")
    return score_stacks(truth, proposal, threshold, base_reward, beta, name, depth=4)


def score_stacks(
    truth: Stack,
    proposal: Stack,
    threshold: float,
    base_reward: float,
    beta: float,
    name: str,
    *,
    depth: int = 3,
) -> ScotAoi:
    """SCOT of one AOI, with a warning for each quirk that has to do with the result.

    ``depth`` is how far up the stack of calls the function lies that the user called.
    """
    empty = int(np.isnan(proposal.footprints.bounds[:, 0]).sum())
    if empty:
        message = f"{name}: {empty} rows of the proposal have an empty geometry: false positives"
        warn_quirk(13, message, stacklevel=depth)
    if len(truth) and not _has_new_buildings(truth):
        message = f"{name}: no building is new after the first month, so change and SCOT are 0"
        warn_quirk(17, message, stacklevel=depth)
    return _score(truth, proposal, threshold, base_reward, beta, depth=depth + 1)


def _score(
    truth: Stack,
    proposal: Stack,
    threshold: float,
    base_reward: float,
    beta: float,
    *,
    depth: int = 3,
) -> ScotAoi:
    for stack, side in ((truth, "ground truth"), (proposal, "proposal")):
        keys = np.stack([stack.month_index, np.asarray(stack.ids)])
        repeated = len(stack) - np.unique(keys, axis=1).shape[1]
        if repeated:
            message = f"{side}: {repeated} rows repeat an identifier of their month: IoU adds up"
            warn_quirk(14, message, stacklevel=depth)
    score = score_scot(
        truth,
        proposal,
        iou_threshold=threshold,
        beta=beta,
        base_reward=base_reward,
        duplicate_ids="sum",
    )
    (result,) = score.aois.values()
    return result


def _has_new_buildings(truth: Stack) -> bool:
    ids = np.asarray(truth.ids)
    return bool(np.setdiff1d(ids, ids[truth.rows(truth.months[0])]).size)


def _one_month(table: Any) -> Any:  # noqa: ANN401 - DataFrame
    return table.assign(timestep="") if len(table) else table


def _stack(table: Any, name: str) -> tuple[Stack, NDArray[Any]]:  # noqa: ANN401 - DataFrame
    """The table as a stack with numbered identifiers, and the identifiers in their sorted order."""
    if not len(table):
        return Stack.from_frames([], months=[], aoi="", ids=[]), np.empty(0, object)
    for column in ("timestep", "id"):
        missing = np.flatnonzero(column_of(table, column, name).isna())
        if len(missing):
            raise InputError(
                f"{name}: row {missing[0]}: {column}: got none, wanted one in each row"
            )
    timestep = table["timestep"].astype(str).to_numpy()
    ids = table["id"].to_numpy()
    try:
        labels, codes = np.unique(ids, return_inverse=True)
    except TypeError as error:
        raise InputError(f"{name}: id: got values of mixed kinds, wanted one kind") from error
    footprints = footprints_of(column_of(table, "geometry", name), name)
    return stack_of(timestep, codes, footprints), labels


def stack_of(months: NDArray[Any], ids: NDArray[np.int64], footprints: Footprints) -> Stack:
    """Stack of rows, by their months as text and their identifiers.

    So the choice between equally good assignments does not depend on the order of rows.
    """
    present, month = np.unique(months, return_inverse=True)
    order = np.lexsort((ids, month))
    starts = np.concatenate([[0], np.cumsum(np.bincount(month, minlength=len(present)))])
    return Stack("", tuple(present.tolist()), footprints[order], starts, ids[order])


def _ten_numbers(result: ScotAoi) -> list[float]:
    return [
        result.mismatches,
        result.track_tp,
        result.track_fp,
        result.track_fn,
        result.track,
        result.change_tp,
        result.change_fp,
        result.change_fn,
        result.change,
        result.score,
    ]


def _say(name: str, numbers: list[float]) -> None:
    counts = " ".join(f"{number:g}" for number in numbers)
    require("tqdm").tqdm.write(f"{name}: {counts}")
