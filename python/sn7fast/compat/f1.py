"""The legacy SpaceNet F1, as ``solaris.eval.base.Evaluator``."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast import _core
from sn7fast._arguments import number_from_zero
from sn7fast._optional import require
from sn7fast.compat.vectors import (
    column_of,
    geometry_array,
    load_table,
    read_vector,
)
from sn7fast.errors import InputError
from sn7fast.footprints import Footprints

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Evaluator:
    """Scores proposals against ground truth.

    Args:
        ground_truth_vector_file: GeoJSON file, CSV file with WKT in ``PolygonWKT_Pix``, or a
            GeoDataFrame.

    Attributes:
        ground_truth_GDF: The ground truth.
        proposal_GDF: The proposals, after `load_proposal`; after `eval_iou` in the order of
            processing and with the IoU of each.

    Raises:
        InputError, FormatError, GeometryError: The file cannot be read; the message names it.
    """

    def __init__(self, ground_truth_vector_file: Any) -> None:  # noqa: ANN401 - path or table
        self.ground_truth_fname = ground_truth_vector_file
        self.ground_truth_GDF = _load(ground_truth_vector_file, "PolygonWKT_Pix")
        self.proposal_GDF: Any = self.ground_truth_GDF.iloc[:0].copy()

    def __repr__(self) -> str:
        return f"Evaluator({self.ground_truth_fname})"

    def load_proposal(
        self,
        proposal_vector_file: Any,  # noqa: ANN401 - path or table
        conf_field_list: Sequence[str] = ("conf",),
        proposalCSV: bool = False,
        pred_row_geo_value: str = "PolygonWKT_Pix",
        conf_field_mapping: Mapping[Any, str] | Sequence[str] | None = None,
    ) -> int:
        """Load the proposals.

        A row with any missing attribute is dropped, as in the original, but with a warning.

        Args:
            proposal_vector_file: GeoJSON file, CSV file, or GeoDataFrame.
            conf_field_list: Properties with confidences, of which the greatest counts; none means
                that all proposals are equally sure.
            proposalCSV: Whether the file is a CSV.
            pred_row_geo_value: Its column with WKT.
            conf_field_mapping: Classes of the confidences; not supported.

        Returns:
            0.

        Raises:
            InputError: A confidence field is missing (but not if there are no proposals at all,
                where the original raises), or ``conf_field_mapping`` is given.
            FormatError, GeometryError: The file cannot be read; the message names it.
        """
        if conf_field_mapping:
            raise InputError("conf_field_mapping: scores by class are not supported, wanted None")
        column = pred_row_geo_value if proposalCSV else "geometry"
        table = _load(proposal_vector_file, column)
        complete = table[~table.isna().any(axis=1)]
        if len(complete) < len(table):
            warnings.warn(
                f"{proposal_vector_file}: {len(table) - len(complete)} of {len(table)} rows have a "
                "missing attribute and are dropped",
                stacklevel=2,
            )
        complete = complete.reset_index(drop=True)
        if len(complete):
            fields = [column_of(complete, name, "conf_field_list") for name in conf_field_list]
            confidence = np.ones(len(complete))
            if fields:
                confidence = np.max([np.asarray(field, np.float64) for field in fields], axis=0)
            complete["__max_conf_class"] = confidence
        self.proposal_GDF = complete
        return 0

    def eval_iou(
        self,
        miniou: float = 0.5,
        iou_field_prefix: str = "iou_score",
        ground_truth_class_field: str = "",
        calculate_class_scores: bool = False,
        class_list: Sequence[str] = ("all",),
    ) -> list[dict[str, Any]]:
        """Match proposals to ground truth and count.

        Proposals take their turn by descending confidence; each takes the ground polygon, not yet
        taken, with which it has the highest IoU (the first in file order among equals), if that is
        more than ``miniou``.

        Quirks, numbered as in DESIGN.md:

        * 10: an IoU equal to ``miniou`` is no match (for the tracker it is one). Kept.
        * 18: with ``miniou=0`` every proposal counts as a true positive, since an unmatched one
          has the recorded IoU 0, which is not below 0. Kept; `sn7fast.score_f1` does without.
        * 19: the original orders by confidence with a sort that is not stable; equal confidences
          here keep the order of the file.

        Self-crossing polygons count as in `calculate_iou`.

        Args:
            miniou: IoU that a match must exceed.
            iou_field_prefix: Start of the name of the column that records the IoU.
            ground_truth_class_field: Classes; not supported.
            calculate_class_scores: Scores by class; not supported.
            class_list: Only ``["all"]``.

        Returns:
            A list of one dictionary: class_id, iou_field, TruePos, FalsePos, FalseNeg, Precision,
            Recall, F1Score (0 where undefined).

        Raises:
            InputError: Scores by class are asked for, or ``miniou`` is negative.
        """
        if calculate_class_scores or ground_truth_class_field or list(class_list) != ["all"]:
            raise InputError("class_list: scores by class are not supported, wanted ['all']")
        miniou = number_from_zero("miniou", miniou)
        field = f"{iou_field_prefix}_all"
        recorded = np.zeros(len(self.proposal_GDF))
        matched = 0
        if len(recorded):
            order = np.argsort(-self.proposal_GDF["__max_conf_class"].to_numpy(), kind="stable")
            self.proposal_GDF = self.proposal_GDF.iloc[order]
            truth = geometry_array(self.ground_truth_GDF.geometry, "ground truth")
            proposal = geometry_array(self.proposal_GDF.geometry, "proposal")
            recorded, _ = _core.evaluate_f1(
                Footprints.from_shapely(truth).arrays,
                Footprints.from_shapely(proposal).arrays,
                range(len(proposal)),
                miniou,
            )
            matched = int((recorded > miniou).sum())
            self.proposal_GDF = self.proposal_GDF.assign(**{field: recorded})
        true_pos = int((recorded >= miniou).sum())
        scores = count_scores(
            true_pos, len(recorded) - true_pos, len(self.ground_truth_GDF) - matched
        )
        return [{"class_id": "all", "iou_field": field, **scores}]


def count_scores(true_pos: int, false_pos: int, false_neg: int) -> dict[str, Any]:
    """Counts with their precision, recall and F1, which are 0 where undefined."""

    def ratio(part: float, whole: float) -> float:
        return part / whole if whole else 0.0

    precision = ratio(true_pos, true_pos + false_pos)
    recall = ratio(true_pos, true_pos + false_neg)
    return {
        "TruePos": true_pos,
        "FalsePos": false_pos,
        "FalseNeg": false_neg,
        "Precision": precision,
        "Recall": recall,
        "F1Score": ratio(2 * precision * recall, precision + recall),
    }


def _load(source: Any, column: str) -> Any:  # noqa: ANN401 - path or table in, GeoDataFrame out
    geopandas = require("geopandas", extra="vector")
    if not isinstance(source, (str, os.PathLike)):
        return source.copy()
    path = Path(source)
    if path.suffix.lower() != ".csv":
        return read_vector(path)
    table = load_table(path, column)
    return geopandas.GeoDataFrame(table, geometry=geometry_array(table[column], str(path)))
