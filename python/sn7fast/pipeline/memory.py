"""How much memory the machine has, and how much of it pixels may take."""

from __future__ import annotations

import os
import sys


def allowed_mb(given: float | None) -> float:
    """Megabytes that pixels may take: those of the settings, else half of what the machine has."""
    return machine_mb() / 2 if given is None else given


def machine_mb() -> float:
    """Megabytes of the machine's memory, whoever uses them."""
    if sys.platform == "win32":
        import ctypes

        class Status(ctypes.Structure):
            """MEMORYSTATUSEX of Windows."""

            _fields_ = (
                ("length", ctypes.c_uint32),
                ("load", ctypes.c_uint32),
                *((name, ctypes.c_uint64) for name in ("total", "free", *"abcde")),
            )

        status = Status(length=ctypes.sizeof(Status))
        if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):
            raise ctypes.WinError()
        return float(status.total) / 1e6
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e6
