"""The warning about a quirk of the originals."""

from __future__ import annotations

import warnings


class QuirkWarning(UserWarning):
    """A quirk of the originals, which is kept, decides about the result; the message tells it."""


def warn_quirk(number: int, message: str, *, stacklevel: int) -> None:
    """Warn about a quirk by its number in DESIGN.md, at the caller of the compat function."""
    warnings.warn(f"{message} (quirk {number})", QuirkWarning, stacklevel=stacklevel + 1)
