"""The record of a run: ``metrics.csv``, ``log.jsonl``, and TensorBoard if it is installed.

``metrics.csv`` has a row for each epoch and is the same for the same run, interrupted or not.
``log.jsonl`` is only ever added to: starts, epochs and the end, with clock time and speed.
"""

from __future__ import annotations

import csv
import datetime
import importlib
import json
import platform
import sys
from typing import TYPE_CHECKING, Any

from sn7fast import __version__
from sn7fast._optional import require
from sn7fast.errors import MissingDependencyError
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sn7fast.nn.training.recipe import Recipe

METRICS, LOG, RECIPE, VERSIONS = "metrics.csv", "log.jsonl", "recipe.yaml", "versions.json"


class Journal:
    """Of one run, in one folder.

    Args:
        folder: Where; it is there.
        first_epoch: From which on rows may be written again.
    """

    def __init__(self, folder: Path, first_epoch: int) -> None:
        self._folder = folder
        self._board: Any = None
        try:
            tensorboard = require("torch.utils.tensorboard")
        except MissingDependencyError:
            return
        self._board = tensorboard.SummaryWriter(str(folder / "tensorboard"), purge_step=first_epoch)

    def epoch(self, history: Sequence[dict[str, float]], speed: dict[str, float]) -> None:
        """Another epoch is done: the last row of the history."""
        row = history[-1]
        with (
            whole_file(self._folder / METRICS) as part,
            part.open("w", encoding="utf-8", newline="") as file,
        ):
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            writer.writeheader()
            writer.writerows(history)
        self.event("epoch", {**row, **speed})
        if self._board is not None:
            for name, value in {**row, **speed}.items():
                self._board.add_scalar(name, value, int(row["epoch"]))
            self._board.flush()

    def event(self, kind: str, facts: dict[str, Any]) -> None:
        """One line of the log."""
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        with (self._folder / LOG).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"time": now, "event": kind, **facts}) + "\n")

    def close(self) -> None:
        """Nothing comes after."""
        if self._board is not None:
            self._board.close()


def write_recipe(folder: Path, recipe: Recipe, data_hash: str) -> None:
    """Write the recipe with all defaults, the versions it is run with, and what of."""
    with whole_file(folder / RECIPE) as part:
        part.write_text(recipe.to_yaml(), encoding="utf-8")
    versions = {
        "data_sha256": data_hash,
        "sn7fast": __version__,
        "python": platform.python_version(),
    }
    for name in ("torch", "numpy", "rasterio"):
        module = sys.modules.get(name) or importlib.import_module(name)
        versions[name] = str(module.__version__)
    with whole_file(folder / VERSIONS) as part:
        part.write_text(json.dumps(versions, indent=1) + "\n", encoding="utf-8")
