"""What the machine has: processors, what they compute with, GPUs and who can use them."""

from __future__ import annotations

from typing import Any

# Of all that numpy looks for, what makes a network or an array faster.
_SIMD = ("AVX2", "AVX512F", "AVX512VNNI", "AVX512BF16", "ASIMD", "SVE", "VSX", "RVV", "LSX")

_NVIDIA_QUERY = ("--query-gpu=name,driver_version,memory.total", "--format=csv,noheader")
_PATIENCE_S = 20.0


def processors() -> dict[str, Any]:
    """``count`` of processors this process may use, ``machine`` and ``simd``, as numpy sees it."""
    import os
    import platform

    usable = getattr(os, "sched_getaffinity", None)
    return {
        "count": len(usable(0)) if usable else os.cpu_count(),
        "machine": platform.machine(),
        "simd": [name for name in _SIMD if _cpu_features().get(name)],
    }


def _cpu_features() -> dict[str, bool]:
    import importlib

    for module in ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath"):
        try:
            features: dict[str, bool] = importlib.import_module(module).__cpu_features__
        except (ImportError, AttributeError):  # private to numpy: older and newer ones differ
            continue
        return features
    return {}


def gpus() -> dict[str, Any]:
    """GPUs and who can use them.

    Returns:
        ``nvidia``: name, driver and memory by nvidia-smi; ``torch``: CUDA version it is built for
        and names of the GPUs it sees, or None without torch; ``onnxruntime``: its providers, or
        None; ``problems``: what of that cannot work, as text.
    """
    nvidia, torch, providers = _nvidia(), _torch(), _onnxruntime()
    problems = [
        f"{name} is installed and cannot be imported: {facts['error']}"
        for name, facts in (("torch", torch), ("onnxruntime", providers))
        if facts and "error" in facts
    ]
    if nvidia and torch and not torch.get("gpus") and "error" not in torch:
        why = "cannot reach it" if torch["cuda"] else "is built for CPUs"
        problems.append(f"there is a GPU, but torch {torch['version']} {why}")
    if (
        nvidia
        and providers
        and "error" not in providers
        and "CUDAExecutionProvider" not in providers["providers"]
    ):
        problems.append(
            "there is a GPU, but onnxruntime is built for CPUs; onnxruntime-gpu can use it"
        )
    return {"nvidia": nvidia, "torch": torch, "onnxruntime": providers, "problems": problems}


def _nvidia() -> list[dict[str, str]]:
    import shutil
    import subprocess

    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        done = subprocess.run(
            [tool, *_NVIDIA_QUERY], capture_output=True, text=True, timeout=_PATIENCE_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []  # the tool is there, a driver that answers is not
    rows = [[field.strip() for field in line.split(",")] for line in done.stdout.splitlines()]
    keys = ("name", "driver", "memory")
    return [dict(zip(keys, row, strict=True)) for row in rows if len(row) == len(keys)]


def _torch() -> dict[str, Any] | None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        return None
    try:
        import torch
    except Exception as error:  # a broken installation fails in many ways
        return {"error": str(error)}
    names = [torch.cuda.get_device_name(k) for k in range(torch.cuda.device_count())]
    return {"version": torch.__version__, "cuda": torch.version.cuda, "gpus": names}


def _onnxruntime() -> dict[str, Any] | None:
    from importlib.util import find_spec

    if find_spec("onnxruntime") is None:
        return None
    try:
        import onnxruntime
    except Exception as error:  # a broken installation fails in many ways
        return {"error": str(error)}
    return {"version": onnxruntime.__version__, "providers": onnxruntime.get_available_providers()}
