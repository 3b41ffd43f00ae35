"""Ensemble: what several networks say of several mirror images, as one answer."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sn7fast.nn.model import Model
    from sn7fast.nn.settings import PredictSettings
    from sn7fast.nn.spec import ModelSpec

# Axes of (N, bands, rows, columns) along which an image is mirrored, and its answer back.
_FLIPS: dict[str, tuple[tuple[int, ...], ...]] = {"none": ((),), "all": ((), (2,), (3,), (2, 3))}
# Float32 probabilities further from 0 and 1 have a logit that says something.
_LEAST = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Ensemble:
    """Models and settings that fit each other.

    Attributes:
        models: At least one; all take the same bands and give the same outputs at the same scale.
        settings: How to predict.

    Raises:
        InputError: There is none, they differ, or they lack an output that is wanted.
    """

    models: tuple[Model, ...]
    settings: PredictSettings

    def __post_init__(self) -> None:
        if not self.models:
            raise InputError("weights: got none, wanted at least one")
        first = self.spec
        for model in self.models[1:]:
            for name in ("bands", "pixels", "outputs", "scale"):
                one, other = getattr(first, name), getattr(model.spec, name)
                if one != other:
                    raise InputError(
                        f"weights: networks differ in {name}: {one!r} against {other!r}"
                    )
        if odd := [name for name in self.settings.outputs if name not in first.outputs]:
            raise InputError(
                f"outputs: got {odd[0]!r}, the network gives {', '.join(first.outputs)}"
            )

    @property
    def spec(self) -> ModelSpec:
        """Of the first model."""
        return self.models[0].spec

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of what is given."""
        return self.settings.outputs or self.spec.outputs

    @property
    def input_scale(self) -> int:
        """The largest of the models'."""
        return max(model.spec.input_scale for model in self.models)

    @property
    def align(self) -> int:
        """Pixels of the image by which it may be shifted and all models still pool alike."""
        return math.lcm(
            *(
                model.spec.multiple // math.gcd(model.spec.multiple, model.spec.input_scale)
                for model in self.models
            )
        )

    def made(self) -> str:
        """What the answers depend on, as JSON."""
        settings: dict[str, Any] = self.settings.numbers() | {"outputs": list(self.outputs)}
        weights = [model.fingerprint for model in self.models]
        specs = [json.loads(model.spec.to_json()) for model in self.models]
        for spec in specs:
            del spec["info"]
        made = {"kind": self.settings.kind, "settings": settings, "weights": weights, "spec": specs}
        return json.dumps(made, sort_keys=True)

    def __call__(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """The answer of all: the mean of their probabilities.

        Args:
            images: (N, bands, rows, columns); see `Model`.

        Returns:
            float32 (N, outputs, rows * scale, columns * scale), of the settings' kind.
        """
        chosen = [self.spec.outputs.index(name) for name in self.outputs]
        flips = _FLIPS[self.settings.flips]
        count = len(self.models) * len(flips)
        wanted = self.settings.kind
        total: NDArray[np.float32] | None = None
        for model in self.models:
            gives = "logit" if model.spec.gives == "logits" else "probability"
            for axes in flips:
                answer = np.flip(model(np.flip(images, axes)), axes)[:, chosen]
                if count == 1:
                    return converted(answer, gives, wanted)
                part = converted(answer, gives, "probability")
                total = part if total is None else total + part
        if total is None:  # there is at least one model and one flip
            raise InputError("weights: got none")
        return converted(total / np.float32(count), "probability", wanted)


def converted(values: NDArray[np.float32], gives: str, wanted: str) -> NDArray[np.float32]:
    """Logits to probabilities or the other way round, as far as they are not the same."""
    if gives == wanted:
        return values
    if wanted == "probability":
        # exp of what is beyond 88 is infinite, and the result 0, as it should.
        with np.errstate(over="ignore"):
            result: NDArray[np.float32] = np.reciprocal(1 + np.exp(-values))
        return result
    clipped = np.clip(values, _LEAST, 1 - _LEAST)
    logits: NDArray[np.float32] = np.log(clipped / (1 - clipped))
    return logits
