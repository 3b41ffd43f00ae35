"""Networks by what they are loaded from, so that a job need not carry them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sn7fast.errors import InputError
from sn7fast.nn.ensemble import Ensemble
from sn7fast.nn.model import Model, load_model
from sn7fast.nn.spec import ModelSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sn7fast.nn.settings import PredictSettings

# Networks that a process keeps ready, between its jobs.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class Network:
    """A network and how it is run; see `sn7fast.load_model` for the arguments.

    Attributes:
        weights: Its file, or ``default``; None for one that is only in memory.
        spec: What it is, as JSON, for files that do not tell.
        backend: What runs it.
        device: Where.
        precision: Of its numbers.
        threads: Of the CPU.
        compiled: Whether torch compiles it.
        fingerprint: SHA-256 of its file; empty as long as it has not been looked at.
        name: Of what runs it, likewise.
    """

    weights: str | None = "default"
    spec: str | None = None
    backend: str = "auto"
    device: str = "auto"
    precision: str = "auto"
    threads: int | None = None
    compiled: bool = False
    fingerprint: str = ""
    name: str = ""

    def load(self) -> Model:
        """The network, ready for use; loaded once in a process.

        Raises:
            InputError: It is only in memory, its file cannot be used, or has changed since the
                plan was made.
        """
        if self.weights is None:
            raise InputError(
                f"weights: got the network {self.fingerprint[:16]} of another process, wanted its "
                "file"
            )
        model = _loaded(replace(self, fingerprint="", name=""))
        if self.fingerprint not in ("", model.fingerprint):
            raise InputError(f"{self.weights}: has changed since the plan was made")
        return model


@lru_cache(_KEPT)
def _loaded(network: Network) -> Model:
    return load_model(
        network.weights or "",
        spec=None if network.spec is None else ModelSpec.from_json(network.spec),
        backend=network.backend,
        device=network.device,
        precision=network.precision,
        threads=network.threads,
        compiled=network.compiled,
    )


def described(
    given: Sequence[Any], settings: PredictSettings
) -> tuple[tuple[Network, ...], str, tuple[str, ...]]:
    """Networks with fingerprints, what their probabilities depend on, and the outputs wanted.

    Args:
        given: Files, `Network` or `Model`, at least one.
        settings: How to predict; without outputs, the first of the network is wanted.

    Raises:
        InputError: A network cannot be loaded, or they do not fit each other or the settings.
    """
    if not given:
        raise InputError("weights: got none, wanted at least one")
    networks, models = [], []
    for one in given:
        if isinstance(one, Model):
            network, model = Network(None), one
        else:
            if not isinstance(one, str | os.PathLike | Network):
                raise InputError(
                    f"weights: got {one!r} for images, wanted a file, a Network or a Model"
                )
            network = one if isinstance(one, Network) else Network(os.fspath(one))
            model = network.load()
        models.append(model)
        networks.append(replace(network, fingerprint=model.fingerprint, name=model.backend.name))
    outputs = settings.outputs or models[0].spec.outputs[:1]
    complete = replace(settings, kind="probability", dtype="uint8", outputs=outputs)
    return tuple(networks), Ensemble(tuple(models), complete).made(), outputs
