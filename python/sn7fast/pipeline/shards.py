"""A part of the AOIs, for machines that share the work without talking to each other.

Of the names in order, shard I of N gets those at the places I, I + N, I + 2 N, ... Each AOI is in
exactly one shard, shards differ by at most one AOI, and no shard has to know what another does. All
must see the same source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from sn7fast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

_Item = TypeVar("_Item")
_MOST = 10**6


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``index`` of ``count``, counted from 1.

    Raises:
        InputError: The index is not from 1 to ``count``.
    """

    index: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.index <= self.count <= _MOST:
            raise InputError(
                f"shard: got {self.index}/{self.count}, wanted I/N with 1 <= I <= N <= {_MOST}"
            )

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard that ``I/N`` names.

        Raises:
            InputError: The text is no such thing.
        """
        found = re.fullmatch(r"(\d{1,7})/(\d{1,7})", text.strip(), re.ASCII)
        if found is None:
            raise InputError(f"shard: got {text!r}, wanted I/N, such as 2/3")
        return cls(int(found[1]), int(found[2]))

    def pick(self, ordered: Sequence[_Item]) -> list[_Item]:
        """Those of the items, given in an order that all shards share, that are in this part."""
        return list(ordered[self.index - 1 :: self.count])

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"
