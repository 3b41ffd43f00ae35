"""Numbers as few bytes, and a container that a browser takes apart.

Numbers are varints: seven bits a byte, the lowest first, the high bit set on all but the last.
Those with a sign are folded first: 0, -1, 1, -2, ... become 0, 1, 2, 3, ... What repeats is left to
DEFLATE, which every browser can undo.
"""

from __future__ import annotations

import base64
import json
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

# Of DEFLATE; beyond it takes four times as long for 1 % less.
_LEVEL = 7


def folded(values: ArrayLike) -> NDArray[np.uint64]:
    """Numbers with a sign as numbers without: 0, -1, 1, -2 become 0, 1, 2, 3."""
    signed = np.asarray(values, np.int64)
    return ((signed << 1) ^ (signed >> 63)).astype(np.uint64)


def varints(values: ArrayLike) -> bytes:
    """Whole numbers from 0 as varints, one after the other."""
    numbers = np.asarray(values).astype(np.uint64, copy=False)
    if not numbers.size:
        return b""
    lengths = np.ones(len(numbers), np.int64)
    rest = numbers >> np.uint64(7)
    while rest.any():
        lengths += rest > 0
        rest >>= np.uint64(7)
    starts = np.cumsum(lengths) - lengths
    out = np.empty(int(lengths.sum()), np.uint8)
    for place in range(int(lengths.max())):
        longer = np.flatnonzero(lengths > place)
        seven = (numbers[longer] >> np.uint64(7 * place)) & np.uint64(127)
        more = np.where(lengths[longer] > place + 1, 128, 0)
        out[starts[longer] + place] = seven.astype(np.uint8) | more.astype(np.uint8)
    return out.tobytes()


def packed(header: Mapping[str, Any], columns: Mapping[str, bytes]) -> str:
    """A header and columns of bytes as one base64 text, deflated.

    Before that it is: the length of the header as four bytes (the lowest first), the header as JSON
    in UTF-8, the columns. The header's ``columns`` says where each column starts and how long
    it is.
    """
    places, end = {}, 0
    for name, column in columns.items():
        places[name] = [end, len(column)]
        end += len(column)
    # ASCII alone, so that nothing in it depends on how a browser reads text.
    head = json.dumps({**header, "columns": places}, allow_nan=False, separators=(",", ":"))
    whole = b"".join([len(head).to_bytes(4, "little"), head.encode("ascii"), *columns.values()])
    return base64.b64encode(zlib.compress(whole, _LEVEL)).decode("ascii")
