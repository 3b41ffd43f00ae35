"""Networks run by torch, on CPU or CUDA."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch

from sn7fast.errors import InputError
from sn7fast.nn.pixels import prepared
from sn7fast.nn.small import folded

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import nn

    from sn7fast.nn.spec import ModelSpec


class TorchBackend:
    """A network for use: BatchNorm folded, channels last, bfloat16 where the hardware has it.

    Args:
        network: Of the spec; it is copied.
        spec: Of the network.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1``, ...
        precision: ``auto``, ``float32`` or ``bfloat16``.
        threads: Of the CPU, for the whole process.
        compiled: Use torch.compile.

    Raises:
        InputError: The device is not there.
    """

    def __init__(
        self,
        network: nn.Module,
        spec: ModelSpec,
        *,
        device: str = "auto",
        precision: str = "auto",
        threads: int | None = None,
        compiled: bool = False,
    ) -> None:
        self.device = _device(device)
        self.spec = spec
        if precision == "auto":
            precision = "bfloat16" if has_fast_bfloat16(self.device) else "float32"
        self.dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
        self.name = f"torch on {self.device}, {precision}"
        if threads is not None:
            torch.set_num_threads(threads)
        ready = folded(copy.deepcopy(network)).to(self.device, self.dtype)
        ready = ready.to(memory_format=torch.channels_last)
        for parameter in ready.parameters():
            parameter.requires_grad_(False)
        self.network = torch.compile(ready) if compiled else ready

    def __call__(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """See `Backend`."""
        with torch.inference_mode():
            # torch has no arrays that may not be written.
            given = images if images.flags.writeable else images.copy()
            batch = torch.from_numpy(given).to(self.device)
            batch = prepared(self.spec, batch)
            batch = batch.to(self.dtype, memory_format=torch.channels_last)
            answer: NDArray[np.float32] = self.network(batch).float().contiguous().cpu().numpy()
        return answer


def has_fast_bfloat16(device: torch.device) -> bool:
    """True if the device multiplies bfloat16 in hardware."""
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= (8, 0)
    # Older versions of torch do not tell.
    capabilities: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"device: got {name!r}, wanted auto, cpu or cuda") from error
    if device.type not in ("cpu", "cuda"):
        raise InputError(f"device: got {name!r}, wanted auto, cpu or cuda")
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if (device.index or 0) >= count:
            raise InputError(
                f"device: got {name}, torch {torch.__version__} sees {count} CUDA devices; "
                "use cpu, or install a driver and a torch with CUDA"
            )
    return device
