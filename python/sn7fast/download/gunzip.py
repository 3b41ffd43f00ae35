"""Gzip as a stream that can only be read forward, bounded in what it gives out."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from sn7fast.download.limits import RATIO_FROM_BYTES
from sn7fast.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from sn7fast.download.limits import Limits

_PIECE_BYTES = 256 * 1024
_OUT_BYTES = 1024 * 1024
_GZIP = 16 + zlib.MAX_WBITS


class Gunzip:
    """Decompresses a file, which may be several gzip streams one after the other.

    ``gzip.GzipFile`` would do, but it reads 8 KiB at a time and does not tell how many bytes went
    in, which the ratio needs.

    Args:
        raw: The compressed file.
        limits: Of what may come out.

    Attributes:
        bytes_in: How much of the file was read.
        bytes_out: How much came out.
    """

    def __init__(self, raw: BinaryIO, limits: Limits) -> None:
        self._raw = raw
        self._limits = limits
        self._engine = zlib.decompressobj(_GZIP)
        self._rest = b""
        self._has_begun = False
        self.bytes_in = self.bytes_out = 0

    def __iter__(self) -> Iterator[bytes]:
        """The content in pieces of bounded size.

        Raises:
            ArchiveError: The file is no gzip, damaged, ends too early, or gives out too much.
        """
        while not self._engine.eof or self._next_stream():
            piece = self._rest or self._fill()
            if not piece:
                if not self._has_begun:
                    raise ArchiveError("is empty, wanted a tar.gz")
                raise ArchiveError(f"ends too early, after {self.bytes_in} bytes; it is not whole")
            try:
                out = self._engine.decompress(piece, _OUT_BYTES)
            except zlib.error as error:
                what = "is damaged" if self._has_begun else "is no gzip"
                raise ArchiveError(f"{what} ({error}), wanted a tar.gz") from error
            self._has_begun = True
            self._rest = self._engine.unconsumed_tail
            if out:
                self._count(len(out))
                yield out

    def _fill(self) -> bytes:
        piece = self._raw.read(_PIECE_BYTES)
        self.bytes_in += len(piece)
        return piece

    def _next_stream(self) -> bool:
        """Go on with what follows a finished stream; False at the end of the file.

        Zeros behind the last stream are padding, as for gzip itself.
        """
        rest = self._engine.unused_data or self._fill()
        while rest and not (rest := rest.lstrip(b"\0")):
            rest = self._fill()
        if not rest:
            return False
        self._engine, self._rest = zlib.decompressobj(_GZIP), rest
        return True

    def _count(self, size: int) -> None:
        self.bytes_out += size
        limits = self._limits
        if self.bytes_out > limits.total_bytes:
            raise ArchiveError(f"holds more than {limits.total_bytes} bytes (total_bytes)")
        if self.bytes_out > max(RATIO_FROM_BYTES, limits.ratio * self.bytes_in):
            raise ArchiveError(
                f"{self.bytes_in} bytes became {self.bytes_out}, more than {limits.ratio} for "
                "each (ratio)"
            )
