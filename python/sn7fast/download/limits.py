"""How much an archive may hold."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sn7fast._arguments import whole_number

MIB, GIB = 2**20, 2**30

RATIO_FROM_BYTES = 64 * MIB
"""The ratio is looked at beyond this: a folder of clear cloud masks shrinks a thousandfold."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Beyond any of these an archive is refused as a bomb.

    The train archive is the largest of SpaceNet 7: 60 AOIs, about 8,500 files, and a truth table of
    6.7 million rows in an archive of its own.

    Attributes:
        members: Entries of every kind, those that are not unpacked too.
        total_bytes: Of all that comes out of the decompression, headers and skipped files too.
        member_bytes: Of one file.
        ratio: Bytes out for each byte in; deflate can do 1032.

    Raises:
        InputError: One is no whole number from 1.
    """

    members: int = 100_000
    total_bytes: int = 64 * GIB
    member_bytes: int = 8 * GIB
    ratio: int = 100

    def __post_init__(self) -> None:
        for field in fields(self):
            whole_number(field.name, getattr(self, field.name), 1, 2**62)
