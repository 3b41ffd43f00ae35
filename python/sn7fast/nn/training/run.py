"""From a recipe to trained weights: what `sn7fast.train` does."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed

from sn7fast.data.splits import Split as AoiSplit
from sn7fast.data.splits import named_split, random_split
from sn7fast.errors import InputError
from sn7fast.nn.build import build
from sn7fast.nn.spec import ModelSpec
from sn7fast.nn.training.crops import Crops
from sn7fast.nn.training.device import out_of_memory_explained, process_group
from sn7fast.nn.training.journal import LOG, METRICS, RECIPE, VERSIONS, write_recipe
from sn7fast.nn.training.loop import BEST, CHECKPOINT, LAST, Trainer
from sn7fast.nn.training.pixels import decode, hash_of, mean_and_deviation, read_table
from sn7fast.nn.training.recipe import Recipe
from sn7fast.nn.weights import load_weights
from sn7fast.settings import read_settings, settings_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from torch import nn

    from sn7fast.nn.training.checkpoint import Progress
    from sn7fast.nn.training.pixels import Pixels

_CACHE, _BOARD = "cache", "tensorboard"


@dataclass(frozen=True, slots=True)
class Training:
    """What a training left.

    Attributes:
        folder: Of the results.
        best: Weights of the best epoch.
        last: Weights of the last epoch.
        history: Figures of each epoch.
        best_epoch: Number of the best, from 0.
    """

    folder: Path
    best: Path
    last: Path
    history: tuple[dict[str, float], ...]
    best_epoch: int


def train_recipe(
    config: str | os.PathLike[str] | Mapping[str, Any] | Recipe,
    out: str | os.PathLike[str],
    *,
    changes: Sequence[str],
    overwrite: bool,
    say: Callable[[str], None],
    bars: bool,
) -> Training:
    """What `sn7fast.train` does."""
    recipe = read_recipe(config, changes)
    bar = _tqdm if bars else _no_bar
    if recipe.compute.threads is not None:
        torch.set_num_threads(recipe.compute.threads)
    folder = Path(out)
    with process_group(recipe) as (rank, world, device):
        if rank:
            say, bar = _nothing, _no_bar
        if rank == 0:
            folder.mkdir(parents=True, exist_ok=True)
            if overwrite:
                _remove_results(folder)
        samples = read_table(Path(recipe.data.prepared))
        cache = Path(recipe.data.cache) if recipe.data.cache else folder / _CACHE
        if rank == 0:
            decode(samples, cache, lambda items: bar(items, len(items), "decode"))
        if world > 1:
            distributed.barrier()
        pixels = decode(samples, cache)
        training, validation = _split(recipe, pixels)
        network, spec = _network(recipe, training)
        trainer = Trainer(
            recipe,
            spec,
            network,
            Crops(cache, training, recipe, spec, training=True),
            Crops(cache, validation, recipe, spec, training=False),
            folder,
            (rank, world, device),
            bar=bar,
            say=say,
        )
        if rank == 0:
            write_recipe(folder, recipe, hash_of(pixels))
        with out_of_memory_explained(recipe.batch, recipe.crops.size):
            progress: Progress = trainer.run()
    return Training(
        folder, folder / BEST, folder / LAST, tuple(progress.history), progress.best_epoch
    )


def read_recipe(
    config: str | os.PathLike[str] | Mapping[str, Any] | Recipe, changes: Sequence[str] = ()
) -> Recipe:
    """The recipe of a file, a mapping or a recipe, with changes on top; see `sn7fast.train`."""
    if isinstance(config, Recipe):
        return settings_of(Recipe, config.model_dump(), changes) if changes else config
    if isinstance(config, dict):
        return settings_of(Recipe, config, changes, source="recipe")
    return read_settings(Recipe, config, changes)  # type: ignore[arg-type]


def _split(recipe: Recipe, pixels: list[Pixels]) -> tuple[list[Pixels], list[Pixels]]:
    """The images to train on and those to validate with."""
    split = recipe.data.split
    aois = sorted({one.aoi for one in pixels})
    if split.name is None and split.validation is None and split.fraction == 0:
        return pixels, pixels
    if split.by == "image":
        names = [f"{one.aoi}/{one.stem}" for one in pixels]
        chosen = random_split(names, fraction=split.fraction, seed=split.seed)
        held = set(chosen.validation)
        sides = [name in held for name in names]
    else:
        if split.validation is not None:
            absent = sorted(set(split.validation) - set(aois))
            if absent:
                raise InputError(
                    f"data.split.validation: got {absent[0]}, which is not among the {len(aois)} "
                    "AOIs of the data"
                )
            rest = tuple(aoi for aoi in aois if aoi not in split.validation)
            chosen = AoiSplit("of the recipe", rest, split.validation)
        elif split.name is not None:
            chosen = named_split(split.name, aois)
        elif len(aois) < 2:
            raise InputError(
                f"data.split: the data have one AOI, {aois[0]}, which cannot be split by AOI; set "
                "data.split.by=image, or data.split.fraction=0 to validate on what is trained on"
            )
        else:
            chosen = random_split(aois, fraction=split.fraction, seed=split.seed)
        sides = [one.aoi in chosen.validation for one in pixels]
    pairs = list(zip(pixels, sides, strict=True))
    return [one for one, held in pairs if not held], [one for one, held in pairs if held]


def _network(recipe: Recipe, training: list[Pixels]) -> tuple[nn.Module, ModelSpec]:
    """The network to begin with and its spec."""
    spec = _spec(recipe, training)
    torch.manual_seed(recipe.seed)
    network = build(spec)
    if recipe.model.weights is not None:
        started, own = load_weights(recipe.model.weights)
        odd = [one for one in own.differences(spec) if not one.startswith(("mean:", "std:"))]
        if odd:
            raise InputError(
                f"model.weights: {recipe.model.weights} does not fit the recipe: {'; '.join(odd)}"
            )
        # Its numbers go with its normalisation, whatever the new images are like.
        network, spec = started, own
    side = recipe.crops.size // recipe.data.scale * spec.input_scale
    if side % spec.multiple:
        raise InputError(
            f"crops.size: got {recipe.crops.size}, which gives the network {side} pixels; it wants "
            f"a multiple of {spec.multiple}"
        )
    return network, spec


def _spec(recipe: Recipe, training: list[Pixels]) -> ModelSpec:
    model, data = recipe.model, recipe.data
    mean, std = ((), ()) if data.normalise == "raw" else mean_and_deviation(training)
    common: dict[str, Any] = {
        "outputs": data.channels,
        "scale": data.scale,
        "mean": tuple(round(value, 3) for value in mean) or (0.0,) * 3,
        "std": tuple(round(value, 3) for value in std) or (1.0,) * 3,
    }
    if model.resampling is not None:
        common["resampling"] = model.resampling
    if model.name == "xdxd":
        return ModelSpec.xdxd(arguments=model.options, **common)
    if model.name == "small":
        return ModelSpec.small(**model.options, **common)
    return ModelSpec(model.name, arguments=model.options, multiple=model.multiple, **common)


def _remove_results(folder: Path) -> None:
    for name in (CHECKPOINT, BEST, LAST, METRICS, LOG, RECIPE, VERSIONS):
        (folder / name).unlink(missing_ok=True)
    for path in folder.glob("best_epoch*_*.safetensors"):
        path.unlink()
    shutil.rmtree(folder / _BOARD, ignore_errors=True)


def _nothing(text: str) -> None:
    """Say nothing."""


def _no_bar(items: Iterable[Any], count: int, label: str) -> Iterable[Any]:
    return items


def _tqdm(items: Iterable[Any], count: int, label: str) -> Iterable[Any]:
    from tqdm import tqdm

    bar: Iterable[Any] = tqdm(items, desc=label, total=count, leave=False, file=sys.stderr)
    return bar
