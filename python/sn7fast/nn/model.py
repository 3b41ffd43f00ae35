"""Model: a network ready for use, whatever runs it.

`load_model` takes a file of weights (run by torch) or an ONNX file (run by onnxruntime), and gives
one object that maps raw images to what the network says of them.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from sn7fast.errors import InputError
from sn7fast.nn.pixels import check_image

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray
    from torch import nn

    from sn7fast.nn.spec import ModelSpec

DEFAULT = "default"
"""Name of the network that comes with sn7fast."""

_DEFAULT_FILE = Path(__file__).with_name("default") / "default.onnx"


class Backend(Protocol):
    """What runs a network."""

    name: str
    """For reports: program, device and precision."""

    def __call__(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Raw (N, bands, H, W) to (N, outputs, H * scale, W * scale); sizes fit the network."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """A network ready for use.

    Attributes:
        spec: What it takes and gives.
        backend: What runs it.
        fingerprint: SHA-256 of its file, or a name for what is only in memory.
    """

    spec: ModelSpec
    backend: Backend
    fingerprint: str

    def __call__(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """What the network says.

        Args:
            images: (N, bands, H, W) of the type of ``spec.pixels``, or float32 in its range; of
                any size: what the network cannot take is mirrored to a size that it can.

        Returns:
            float32 (N, outputs, H * scale, W * scale): logits or probabilities, as ``spec.gives``.

        Raises:
            InputError: Bands or type are not what the network was trained with.
            MemoryError: There is not enough of it; says what to lower.
        """
        for image in images:
            check_image(self.spec, image, "images")
        rows, columns = images.shape[2:]
        k = self.spec.input_scale
        row_pad, column_pad = (_missing(side, k, self.spec.multiple) for side in (rows, columns))
        if row_pad or column_pad:
            images = np.pad(images, [(0, 0), (0, 0), (0, row_pad), (0, column_pad)], "symmetric")
        try:
            answer = self.backend(np.ascontiguousarray(images))
        except Exception as error:
            if not _is_out_of_memory(error):
                raise
            raise MemoryError(
                f"{self.backend.name}: out of memory with a batch of {len(images)} tiles of "
                f"{images.shape[2]} x {images.shape[3]} pixels: lower batch, then tile"
            ) from error
        scale = self.spec.scale
        wanted = (len(images), len(self.spec.outputs), images.shape[2] * scale,
                  images.shape[3] * scale)  # fmt: skip
        if answer.shape != wanted:
            raise InputError(
                f"{self.backend.name}: the network gave {answer.shape} for {images.shape}, its "
                f"spec promises {wanted}"
            )
        return answer[:, :, : rows * scale, : columns * scale]


def load_model(
    weights: str | os.PathLike[str] = DEFAULT,
    *,
    spec: ModelSpec | None = None,
    backend: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    threads: int | None = None,
    compiled: bool = False,
) -> Model:
    """A network from a file; see `sn7fast.load_model`."""
    path = default_model() if weights == DEFAULT else Path(weights)
    is_onnx = path.suffix.lower() == ".onnx"
    fitting = "onnxruntime" if is_onnx else "torch"
    if backend not in ("auto", "torch", "onnxruntime"):
        raise InputError(f"backend: got {backend!r}, wanted auto, torch or onnxruntime")
    if precision not in ("auto", "float32", "bfloat16"):
        raise InputError(f"precision: got {precision!r}, wanted auto, float32 or bfloat16")
    if backend not in ("auto", fitting):
        hint = "" if is_onnx else "; to make an ONNX file of it: sn7fast export"
        raise InputError(f"{path}: backend: got {backend}, this file is run by {fitting}{hint}")
    if is_onnx:
        from sn7fast.nn.backend_onnx import OnnxBackend

        onnx = OnnxBackend(path, spec, device=device, threads=threads)
        return Model(onnx.spec, onnx, _sha256(path))
    from sn7fast.nn.backend_torch import TorchBackend
    from sn7fast.nn.weights import load_weights

    network, spec = load_weights(path, spec)
    ready = TorchBackend(
        network, spec, device=device, precision=precision, threads=threads, compiled=compiled
    )
    return Model(spec, ready, _sha256(path))


def model_of(
    network: nn.Module, spec: ModelSpec, *, device: str = "cpu", precision: str = "auto"
) -> Model:
    """A model of a network in memory, such as one in training; it is copied."""
    from sn7fast.nn.backend_torch import TorchBackend

    ready = TorchBackend(network, spec, device=device, precision=precision)
    return Model(spec, ready, "in memory")


def default_model() -> Path:
    """The file of the network that comes with sn7fast.

    Raises:
        InputError: This installation has none.
    """
    if not _DEFAULT_FILE.is_file():
        raise InputError(
            f"weights: got {DEFAULT!r}, but this installation has no {_DEFAULT_FILE}; "
            "give a file of weights"
        )
    return _DEFAULT_FILE


def _missing(side: int, scale: int, multiple: int) -> int:
    """Pixels to add to a side so that ``scale`` times it is a multiple of ``multiple``."""
    pad = 0
    while (side + pad) * scale % multiple:
        pad += 1
    return pad


def _is_out_of_memory(error: Exception) -> bool:
    # torch on CPU and onnxruntime only have words for it.
    text = str(error).lower()
    words = ("out of memory", "can't allocate memory", "failed to allocate memory", "bad_alloc",
             "not enough memory")  # fmt: skip
    return isinstance(error, MemoryError) or any(word in text for word in words)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
