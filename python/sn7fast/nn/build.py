"""From a spec to a torch module."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from sn7fast._optional import require
from sn7fast.errors import InputError

if TYPE_CHECKING:
    from torch import nn

    from sn7fast.nn.spec import ModelSpec


def build(spec: ModelSpec) -> nn.Module:
    """The network of a spec, with new weights.

    Args:
        spec: What it is. ``module:callable`` is imported and called as
            ``callable(bands=..., outputs=..., **arguments)`` with the numbers of bands and outputs.
            ``smp:NAME`` is called with ``in_channels``, ``classes`` and ``encoder_weights=None``
            (nothing is downloaded) before its arguments.

    Returns:
        A module that maps float32 (N, bands, H, W), normalised, to (N, outputs, H * k, W * k), k
        being ``spec.scale / spec.input_scale``.

    Raises:
        InputError: It cannot be built so, or ``multiple`` of the spec is not one of the network's.
        MissingDependencyError: torch, or segmentation-models-pytorch, is not installed.
    """
    require("torch", extra="torch")
    from torch import nn

    bands, outputs = len(spec.bands), len(spec.outputs)
    if spec.architecture == "onnx":
        raise InputError("architecture: got onnx, which only an ONNX file has; it cannot be built")
    arguments = dict(spec.arguments)
    make: Any
    if spec.architecture == "xdxd":
        from sn7fast.nn.xdxd import XdxdUNet as make
    elif spec.architecture == "small":
        from sn7fast.nn.small import SmallUNet as make

        arguments["scale"] = spec.scale // spec.input_scale
    elif spec.architecture.startswith("smp:"):
        make = _smp(spec.architecture)
        arguments = {"encoder_weights": None} | arguments
        arguments |= {"in_channels": bands, "classes": outputs}
    else:
        make = _imported(spec.architecture)
    if not spec.architecture.startswith("smp:"):
        arguments |= {"bands": bands, "outputs": outputs}
    try:
        network: Any = make(**arguments)
    except TypeError as error:
        raise InputError(f"arguments: {spec.architecture} cannot take them: {error}") from error
    if not isinstance(network, nn.Module):
        raise InputError(
            f"architecture: {spec.architecture} gave a {type(network).__name__}, wanted a torch "
            "module"
        )
    multiple = getattr(network, "multiple", 1)
    if isinstance(multiple, int) and spec.multiple % multiple:
        raise InputError(
            f"multiple: got {spec.multiple}, {spec.architecture} wants a multiple of {multiple}"
        )
    if spec.resampling == "network" and spec.scale > 1 and spec.architecture == "xdxd":
        raise InputError("resampling: got network, xdxd does not enlarge by itself")
    return network


def _smp(architecture: str) -> Any:  # noqa: ANN401 - a class of a package without types
    models = require("segmentation_models_pytorch", extra="smp")
    torch = require("torch", extra="torch")
    name = architecture.partition(":")[2]
    found = getattr(models, name, None)
    if not isinstance(found, type) or not issubclass(found, torch.nn.Module):
        raise InputError(
            f"architecture: got {architecture}, segmentation_models_pytorch has no network {name}"
        )
    return found


def _imported(architecture: str) -> Any:  # noqa: ANN401 - any callable
    module, _, name = architecture.partition(":")
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise InputError(f"architecture: got {architecture}: {error}") from error
    if not callable(found):
        raise InputError(f"architecture: got {architecture}, which cannot be called")
    return found
