"""Networks run by onnxruntime: ONNX files, without torch."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from sn7fast._core import get_num_threads
from sn7fast._optional import require
from sn7fast.errors import InputError
from sn7fast.nn.pixels import prepared
from sn7fast.nn.spec import METADATA_KEY, ModelSpec

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_ERRORS_ONLY = 3


class OnnxBackend:
    """The network of an ONNX file, with one input (N, bands, H, W) and at least one output.

    Args:
        path: Of the file. Its first output is taken.
        spec: Of the network; None means the one in the file's metadata.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:1``.
        threads: Of the CPU; None means SN7FAST_NUM_THREADS, if it is set. What the network says
            does not depend on it.

    Attributes:
        spec: Of the network.
        threads: As set, or None: as many as onnxruntime likes.

    Raises:
        InputError: The file cannot be used or has no spec and none is given, they do not agree, or
            the device is not there; names the file.
        MissingDependencyError: onnxruntime is not installed.
    """

    def __init__(
        self,
        path: Path,
        spec: ModelSpec | None,
        *,
        device: str = "auto",
        threads: int | None = None,
    ) -> None:
        runtime = require("onnxruntime", extra="onnx")
        if not path.is_file():
            raise InputError(f"{path}: no such file, wanted an ONNX file")
        options = runtime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        if threads is None and "SN7FAST_NUM_THREADS" in os.environ:
            threads = get_num_threads()
        self.threads = threads
        if threads is not None:
            options.intra_op_num_threads = threads
        # Waiting threads would take the cores that decode and write.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        provider = _provider(device, runtime.get_available_providers())
        try:
            self._session = runtime.InferenceSession(path, options, providers=[provider])
        except Exception as error:  # the classes of its extension are private
            raise InputError(f"{path}: onnxruntime cannot use it: {error}") from error
        self.spec = self._checked(path, spec)
        self._input = self._session.get_inputs()[0].name
        self._output = self._session.get_outputs()[0].name
        self.name = f"onnxruntime on {device if device != 'auto' else provider[0][:-17].lower()}"

    def __call__(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """See `Backend`."""
        return self.run(prepared(self.spec, images))

    def run(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """As calling it, for images that are prepared already."""
        answer: NDArray[np.float32] = self._session.run([self._output], {self._input: batch})[0]
        return answer.astype(np.float32, copy=False)

    def _checked(self, path: Path, wanted: ModelSpec | None) -> ModelSpec:
        """The spec, which must fit the file's input and output as far as those are told."""
        text = self._session.get_modelmeta().custom_metadata_map.get(METADATA_KEY)
        try:
            own = None if text is None else ModelSpec.from_json(text)
        except InputError as error:
            raise InputError(f"{path}: {error}") from error
        if own is not None and wanted is not None and (odd := own.differences(wanted)):
            raise InputError(f"{path}: its spec is not the one wanted: {'; '.join(odd)}")
        spec = own or wanted
        if spec is None:
            raise InputError(f"{path}: says nothing about its network; give the spec")
        inputs, outputs = self._session.get_inputs(), self._session.get_outputs()
        if len(inputs) != 1 or inputs[0].type != "tensor(float)":
            raise InputError(
                f"{path}: got inputs {', '.join(f'{one.name} {one.type}' for one in inputs)}, "
                "wanted one of tensor(float)"
            )
        for what, names, shape in (
            ("bands", spec.bands, inputs[0].shape),
            ("outputs", spec.outputs, outputs[0].shape),
        ):
            if len(shape) != 4 or (isinstance(shape[1], int) and shape[1] != len(names)):
                raise InputError(
                    f"{path}: {what}: the file has shape {shape}, its spec {len(names)}: "
                    f"{', '.join(names)}; wanted (N, {what}, rows, columns)"
                )
        return spec


def _provider(device: str, available: list[str]) -> tuple[str, dict[str, str]]:
    kind, _, index = device.partition(":")
    if kind == "auto":
        kind = "cuda" if _PROVIDERS["cuda"] in available else "cpu"
    if kind not in _PROVIDERS or not (index == "" or (kind == "cuda" and index.isdecimal())):
        raise InputError(f"device: got {device!r}, wanted auto, cpu or cuda")
    if _PROVIDERS[kind] not in available:
        raise InputError(
            f"device: got {device}, this onnxruntime has {', '.join(available)}; use cpu, or "
            "install onnxruntime-gpu"
        )
    return _PROVIDERS[kind], {"device_id": index} if index else {}
