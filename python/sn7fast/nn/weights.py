"""Files of weights: ours with their spec, and those of others.

Ours are safetensors, with the spec as JSON among the metadata. Of others we read safetensors and
what ``torch.save`` wrote, in its zip and its older pickle container, as tensors only: a pickle
that would run code is refused. Tensors that a network knows under several names (the encoder of
xdxd) are written once and read under any of them.
"""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.io.outputs import whole_file
from sn7fast.nn.build import build
from sn7fast.nn.spec import METADATA_KEY, ModelSpec

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from torch import Tensor, nn

# Under which a checkpoint may keep the weights, beside an optimiser and the like.
_NESTED = ("state_dict", "model_state_dict", "model")
# What wrappers (data parallel, torch.compile) put before the names.
_PREFIXES = ("module.", "_orig_mod.")
_LONGEST_HEADER = 100_000_000


def save_weights(path: str | os.PathLike[str], network: nn.Module, spec: ModelSpec) -> None:
    """Write the weights of a network with its spec, whole or not at all.

    Args:
        path: File to write, by custom ``.safetensors``; one that is there is replaced.
        network: What `build` gave for the spec.
        spec: Of the network.

    Raises:
        InputError: The tensors are not those of the spec's network.
        OSError: The file cannot be written; one that is there stays.
        MissingDependencyError: torch or safetensors is not installed.
    """
    pack = require("safetensors.torch", extra="torch").save
    tensors = {names[0]: tensor.detach().cpu().contiguous() for names, tensor in _groups(network)}
    # Written by us, so that a full disk is an OSError like any other.
    content = pack(tensors, metadata={METADATA_KEY: spec.to_json()})
    with whole_file(path) as part:
        part.write_bytes(content)


def read_spec(path: str | os.PathLike[str]) -> ModelSpec | None:
    """The spec in a safetensors file, without reading its tensors; None if it has none.

    Raises:
        InputError: The file cannot be opened, is no safetensors, or its spec cannot be used.
    """
    path = Path(path)
    text = _header(path).get("__metadata__", {}).get(METADATA_KEY)
    return None if text is None else _spec_of(path, text)


def load_weights(
    path: str | os.PathLike[str], spec: ModelSpec | None = None
) -> tuple[nn.Module, ModelSpec]:
    """Build a network and give it the weights of a file.

    Args:
        path: safetensors, or what ``torch.save`` wrote.
        spec: Of the network. None means the one in the file. If both are there they must agree but
            for ``info``. A file that names an architecture ``module:callable`` is only believed if
            ``spec`` names the same, as that means running code of the file's choice.

    Returns:
        The network, on the CPU in evaluation mode, and its spec.

    Raises:
        InputError: The file cannot be opened, is truncated or of another kind, holds what is no
            tensor, has no spec and none is given, or they do not agree, or the tensors are not
            those of the network; names the file.
        MissingDependencyError: torch or safetensors is not installed.
    """
    path = Path(path)
    tensors, own = read_tensors(path)
    chosen = agreed(path, own, spec)
    try:
        network = build(chosen)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    _give(path, network, tensors)
    return network.eval(), chosen


def agreed(path: Path, own: ModelSpec | None, wanted: ModelSpec | None) -> ModelSpec:
    """The spec of a file: its own, which the one given must agree with; see `load_weights`."""
    if own is None:
        if wanted is None:
            raise InputError(
                f"{path}: says nothing about its network; give the spec, such as ModelSpec.xdxd()"
            )
        return wanted
    if wanted is not None and (odd := own.differences(wanted)):
        raise InputError(f"{path}: its spec is not the one wanted: {'; '.join(odd)}")
    if wanted is None and own.is_foreign:
        raise InputError(
            f"{path}: would import {own.architecture}; to allow that, give a spec with it"
        )
    return own


def read_tensors(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], ModelSpec | None]:
    """The tensors of a file by name, and its spec if it has one; see `load_weights`."""
    path = Path(path)
    require("torch", extra="torch")
    try:
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from error
    if start[8:9] == b"{":
        spec = read_spec(path)
        load = require("safetensors.torch", extra="torch").load_file
        try:
            return load(path), spec
        except Exception as error:  # the classes of its extension are private
            raise InputError(
                f"{path}: cannot be read, it may be truncated or damaged: {error}"
            ) from error
    if start[:4] == b"PK\x03\x04" or start[:1] == b"\x80":
        return _read_torch(path), None
    raise InputError(f"{path}: starts with {start!r}, wanted safetensors or what torch.save wrote")


def _read_torch(path: Path) -> dict[str, Tensor]:
    import pickle

    import torch

    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = str(error).strip().splitlines()
        raise InputError(
            f"{path}: holds more than tensors, or is damaged; it was not run: "
            f"{' '.join(reason[-3:])[:300]}"
        ) from error
    except Exception as error:  # of a damaged file it raises about anything
        raise InputError(
            f"{path}: cannot be read, it may be truncated or damaged: {error}"
        ) from error
    while isinstance(found, dict):
        nested = next((key for key in _NESTED if isinstance(found.get(key), dict)), None)
        if nested is None:
            break
        found = found[nested]
    if not isinstance(found, dict) or not all(
        isinstance(key, str) and isinstance(value, torch.Tensor) for key, value in found.items()
    ):
        raise InputError(f"{path}: holds no state_dict, wanted tensors by name")
    for prefix in _PREFIXES:
        if found and all(key.startswith(prefix) for key in found):
            found = {key.removeprefix(prefix): value for key, value in found.items()}
    return found


def _header(path: Path) -> dict[str, Any]:
    """The JSON at the start of a safetensors file."""
    try:
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else _LONGEST_HEADER
            text = file.read(length) if length < _LONGEST_HEADER else b""
    except OSError as error:
        raise InputError(f"{path}: cannot be opened: {error.strerror or error}") from error
    try:
        header = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: is no safetensors, or truncated: {error}") from error
    if not isinstance(header, dict):
        raise InputError(f"{path}: is no safetensors: its header is no JSON object")
    return header


def _spec_of(path: Path, text: str) -> ModelSpec:
    try:
        return ModelSpec.from_json(text)
    except InputError as error:
        raise InputError(f"{path}: {error}") from error


def _groups(network: nn.Module) -> list[tuple[list[str], Tensor]]:
    """The tensors of a network, each with all its names."""
    groups: dict[int, tuple[list[str], Tensor]] = {}
    for name, tensor in network.state_dict(keep_vars=True).items():
        groups.setdefault(id(tensor), ([], tensor))[0].append(name)
    return list(groups.values())


def _give(path: Path, network: nn.Module, tensors: Mapping[str, Tensor]) -> None:
    """Copy the tensors into the network, if they are its own and no others."""
    import torch

    groups = _groups(network)
    known = {name for names, _ in groups for name in names}
    missing = [names[0] for names, _ in groups if not any(name in tensors for name in names)]
    odd = sorted(set(tensors) - known)
    if missing or odd:
        told = [f"lacks {len(missing)} tensors, such as {missing[0]}"] if missing else []
        told += [f"has {len(odd)} others, such as {odd[0]}"] if odd else []
        raise InputError(f"{path}: does not fit the network: {' and '.join(told)}")
    for names, target in groups:
        present = [name for name in names if name in tensors]
        source = tensors[present[0]]
        if source.shape != target.shape:
            raise InputError(
                f"{path}: {present[0]}: got shape {tuple(source.shape)}, "
                f"the network wants {tuple(target.shape)}"
            )
        if not all(torch.equal(source, tensors[name]) for name in present[1:]):
            raise InputError(f"{path}: {' and '.join(present)} differ, wanted one tensor")
        if source.is_floating_point() and not bool(torch.isfinite(source).all()):
            raise InputError(f"{path}: {present[0]}: holds NaN or infinite numbers")
        with torch.no_grad():
            target.copy_(source)
