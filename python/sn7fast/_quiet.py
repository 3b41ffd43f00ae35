"""Leaving out a warning of another package."""

from __future__ import annotations

import threading
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILTERS = threading.RLock()


@contextmanager
def without_warning(category: type[Warning], message: str = "") -> Iterator[None]:
    """No warning of this category whose text starts with ``message`` (a regular expression).

    The filters of warnings are one for all threads, hence the lock: keep the block short.
    """
    with _FILTERS, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message, category)
        yield
