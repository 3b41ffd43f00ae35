"""Where to compute, alone or as one of several processes."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import distributed

from sn7fast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sn7fast.nn.training.recipe import Recipe


def chosen_device(name: str, local_rank: int = 0) -> torch.device:
    """The device of a name: ``auto``, ``cpu``, ``cuda``, ``cuda:1``.

    Args:
        name: ``auto`` means CUDA if it is there.
        local_rank: Which of several GPUs, if the name does not say.

    Raises:
        InputError: It is not there, or there is none of that name.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise InputError(f"compute.device: got {name!r}, wanted auto, cpu or cuda") from None
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if device.index is None:
            device = torch.device("cuda", local_rank)
        if device.index >= count:
            raise InputError(
                f"compute.device: got {name}, this machine has {count} CUDA devices that torch "
                "can use; set compute.device=cpu, or install torch for CUDA"
            )
    elif device.type != "cpu":
        raise InputError(f"compute.device: got {name!r}, wanted auto, cpu or cuda")
    return device


@contextmanager
def process_group(recipe: Recipe) -> Iterator[tuple[int, int, torch.device]]:
    """Rank, number of processes and device; joins the others if torchrun started several."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    rank = int(os.environ.get("RANK", "0"))
    device = chosen_device(recipe.compute.device, int(os.environ.get("LOCAL_RANK", "0")))
    if world == 1:
        yield 0, 1, device
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield rank, world, device
    finally:
        distributed.destroy_process_group()


@contextmanager
def out_of_memory_explained(batch: int, size: int) -> Iterator[None]:
    """Errors of allocation say which setting to lower.

    Raises:
        InputError: Memory did not suffice.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        text = str(error)
        if not isinstance(error, torch.OutOfMemoryError | MemoryError) and (
            "allocate memory" not in text and "out of memory" not in text
        ):
            raise
        raise InputError(
            f"out of memory in training: lower batch (now {batch}; accumulate makes up for it) or "
            f"crops.size (now {size})"
        ) from error
