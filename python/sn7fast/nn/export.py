"""Networks of torch to ONNX files, checked against torch."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.io.outputs import whole_file
from sn7fast.nn.backend_onnx import OnnxBackend
from sn7fast.nn.spec import METADATA_KEY, ModelSpec

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from torch import nn

_OPSET = 18


def export_onnx(
    path: str | os.PathLike[str], network: nn.Module, spec: ModelSpec, *, tolerance: float = 1e-3
) -> float:
    """Write a network as an ONNX file with its spec, whole or not at all.

    BatchNorm is folded into the convolutions. Number, rows and columns of the images are free.

    Args:
        path: File to write; one that is there is replaced.
        network: Of the spec; it is copied, and goes to the CPU and to float32.
        spec: Of the network.
        tolerance: The greatest difference allowed between what torch and onnxruntime give for
            random input of two sizes, as a part of the largest number that torch gives (at least
            1).

    Returns:
        The greatest difference that was found, as above.

    Raises:
        InputError: The network cannot be exported, or the file gives other numbers.
        MissingDependencyError: torch, onnx or onnxruntime is not installed.
    """
    path = Path(path)
    torch = require("torch", extra="torch")
    onnx = require("onnx", extra="torch")
    require("onnxscript", extra="torch")
    from sn7fast.nn.small import folded

    ready = folded(network).cpu().float()
    side = spec.multiple * max(1, -(-32 // spec.multiple))
    sample = torch.zeros(2, len(spec.bands), side, 2 * side)
    free = {0: torch.export.Dim("images"), 2: torch.export.Dim.AUTO, 3: torch.export.Dim.AUTO}
    try:
        with _quiet_exporter():
            program = torch.onnx.export(
                ready,
                (sample,),
                input_names=["image"],
                output_names=[spec.gives],
                opset_version=_OPSET,
                dynamic_shapes=(free,),
                dynamo=True,
                verbose=False,
            )
    except Exception as error:  # the exporter raises about anything
        raise InputError(f"{path}: the network cannot be exported: {error}") from error
    proto = _stripped(program.model_proto)
    entry = proto.metadata_props.add()
    entry.key, entry.value = METADATA_KEY, spec.to_json()
    with whole_file(path) as part:
        onnx.save(proto, part)
        backend = OnnxBackend(part, None, device="cpu")
        difference = _difference(ready, spec, backend, side)
        if not difference <= tolerance:
            raise InputError(
                f"{path}: onnxruntime gives other numbers than torch: they differ by "
                f"{difference:.2g} of the largest, wanted at most {tolerance:g}"
            )
    return difference


@contextmanager
def _quiet_exporter() -> Iterator[None]:
    """Without its words about packages that it could have used."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _stripped(proto: Any) -> Any:  # noqa: ANN401 - onnx has no types
    """Without the lines of source code, and their paths, from which each node came."""
    del proto.metadata_props[:]
    del proto.graph.metadata_props[:]
    graph = proto.graph
    for part in (*graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]
        part.ClearField("doc_string")
    return proto


def _difference(network: nn.Module, spec: ModelSpec, backend: OnnxBackend, side: int) -> float:
    """The greatest difference for random input, as a part of the largest number."""
    import torch

    random = np.random.default_rng(0)
    worst = 0.0
    mean, std = (np.array(v, np.float32)[:, None, None] for v in (spec.mean, spec.std))
    raw = std.max() == 1.0 and mean.max() == 0.0
    for count, rows, columns in ((1, side, side), (2, 3 * side, 2 * side)):
        shape = (count, len(spec.bands), rows, columns)
        image = random.random(shape, np.float32) * 255 if raw else random.normal(size=shape)
        batch = np.ascontiguousarray(image, np.float32)
        with torch.inference_mode():
            wanted = network(torch.from_numpy(batch)).numpy()
        got = backend.run(batch)
        if got.shape != wanted.shape or not np.isfinite(got).all():
            return float("inf")
        worst = max(worst, float(np.abs(got - wanted).max() / max(1.0, np.abs(wanted).max())))
    return worst
