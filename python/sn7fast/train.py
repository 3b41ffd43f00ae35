"""Training of networks; torch is imported when it begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sn7fast._optional import require

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from sn7fast.nn.training.recipe import Recipe
    from sn7fast.nn.training.run import Training


def train(
    config: str | os.PathLike[str] | Mapping[str, Any] | Recipe,
    out: str | os.PathLike[str],
    *,
    changes: Sequence[str] = (),
    overwrite: bool = False,
    say: Callable[[str], None] | None = None,
    bars: bool = False,
) -> Training:
    """Train a network by a recipe.

    ``out`` gets ``best.safetensors`` and ``last.safetensors`` (with all that must be known to use
    them), ``checkpoint.pt``, ``metrics.csv``, ``log.jsonl``, ``recipe.yaml`` with all defaults,
    ``versions.json``, and ``cache`` with decoded pixels unless the recipe names another folder. If
    it holds a checkpoint of the same recipe the run goes on from there; on a CPU it ends with the
    same weights as one that was never interrupted. Under ``torchrun`` several processes work
    together.

    Args:
        config: Recipe as a YAML file, a mapping or a `sn7fast.nn.training.recipe.Recipe`.
        out: Folder for the results.
        changes: ``key=value`` on top of the recipe, such as ``optimiser.lr=0.001``.
        overwrite: Begin anew, and remove what a run before has left in ``out``.
        say: Takes a line on each epoch; None says nothing.
        bars: Show bars of progress on stderr.

    Returns:
        Where the weights are, and the figures of each epoch.

    Raises:
        InputError: The recipe, the data or the weights to start from cannot be used; memory does
            not suffice; or the loss became NaN (the last checkpoint stays).
        OSError: A file cannot be written; the last checkpoint stays.
        MissingDependencyError: A package is not installed.
    """
    require("torch", extra="torch")
    from sn7fast.nn.training.run import train_recipe

    return train_recipe(
        config, out, changes=changes, overwrite=overwrite, say=say or _nothing, bars=bars
    )


def _nothing(text: str) -> None:
    """Say nothing."""
