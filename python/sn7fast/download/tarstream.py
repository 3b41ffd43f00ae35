"""Members of a tar, one after the other, each checked before a byte of it is passed on.

``tarfile`` reads what the headers say: names of any length into memory, chains of sparse maps,
links. So it only takes single blocks apart here (`tarfile.TarInfo.frombuf`), and this module
decides what may follow: files, folders, and the two ways to write a long name (GNU and pax), both
bounded.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sn7fast.download.names import Seen, safe_name
from sn7fast.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sn7fast.download.limits import Limits

_BLOCK = tarfile.BLOCKSIZE
_PIECE_BYTES = 1024 * 1024
_MAX_LONG_NAME, _MAX_PAX = 4096, 64 * 1024
_MAX_EXTENSIONS = 4

_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a character device",
    tarfile.BLKTYPE: "a block device",
    tarfile.FIFOTYPE: "a fifo",
    tarfile.CONTTYPE: "a contiguous file",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
}


@dataclass(frozen=True, slots=True)
class Member:
    """A file or a folder.

    Attributes:
        name: Safe; empty for the root.
        is_folder: True if it is one.
        size: Of the file, in bytes.
    """

    name: str
    is_folder: bool
    size: int


class TarStream:
    """Reads a tar forward.

    Args:
        pieces: The uncompressed tar, in pieces of any size.
        limits: Of what it may hold.
    """

    def __init__(self, pieces: Iterator[bytes], limits: Limits) -> None:
        self._pieces = pieces
        self._piece, self._at = b"", 0
        self._limits = limits
        self._seen = Seen()
        self._left = self._padding = self._entries = 0

    def __iter__(self) -> Iterator[Member]:
        """The members; the content of each must be taken, if at all, before the next.

        Raises:
            ArchiveError: Something is in it that must not be, or it is damaged.
        """
        extensions: dict[str, str] = {}
        in_a_row = 0
        while (header := self._header()) is not None:
            self._entries += 1
            if self._entries > self._limits.members:
                raise ArchiveError(f"has more than {self._limits.members} entries (members)")
            found = self._extension(header)
            if found is not None:
                in_a_row += 1
                if in_a_row > _MAX_EXTENSIONS:
                    raise ArchiveError(f"member {header.name!r}: has more headers than it needs")
                extensions |= found
                continue
            yield self._member(header, extensions)
            extensions, in_a_row = {}, 0
            for _ in self.content():
                pass
            self._skip_padding()
        if in_a_row:
            raise ArchiveError("ends with a header to which no member belongs")
        self._check_end()

    def content(self) -> Iterator[bytes]:
        """The bytes of the current file, or those not yet taken."""
        while self._left:
            piece = self._read(min(self._left, _PIECE_BYTES))
            if not piece:
                raise ArchiveError("ends within a file; it is not whole")
            self._left -= len(piece)
            yield piece

    def _header(self) -> tarfile.TarInfo | None:
        """The next header, or None at the mark of the end."""
        block = self._exactly(_BLOCK)
        try:
            return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            # Two blocks of zeros are the end.
            if not any(block) and not any(self._exactly(_BLOCK)):
                return None
            raise ArchiveError(f"has a damaged header after {self._entries} entries") from error

    def _extension(self, header: tarfile.TarInfo) -> dict[str, str] | None:
        """What a header says of the next one, or None if it is that of a member."""
        if header.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            text = self._payload(header, _MAX_LONG_NAME).rstrip(b"\0")
            if header.type == tarfile.GNUTYPE_LONGLINK:
                return {}
            return {"path": text.decode("utf-8", "surrogateescape")}
        if header.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE):
            records = _pax(self._payload(header, _MAX_PAX))
            if any(key.startswith("GNU.sparse") for key in records):
                raise ArchiveError(f"member {header.name!r}: is a sparse file")
            wanted = {key: text for key, text in records.items() if key in ("path", "size")}
            if header.type == tarfile.XGLTYPE and wanted:
                raise ArchiveError("has one name or size for all of its members")
            return wanted
        return None

    def _member(self, header: tarfile.TarInfo, extensions: dict[str, str]) -> Member:
        raw = extensions.get("path", header.name)
        size = header.size
        if "size" in extensions:
            if not (extensions["size"].isascii() and extensions["size"].isdigit()):
                raise ArchiveError(f"member {raw!r}: has the size {extensions['size']!r}")
            size = int(extensions["size"][:20])
        is_folder = header.type == tarfile.DIRTYPE
        if header.type not in _FILES and not is_folder:
            kind = _KINDS.get(header.type, f"of the unknown kind {header.type!r}")
            raise ArchiveError(f"member {raw!r}: is {kind}, wanted files and folders alone")
        name = safe_name(raw)
        if not is_folder and (not name or raw.endswith("/")):
            raise ArchiveError(f"member {raw!r}: is a file with the name of a folder")
        if size < 0 or (is_folder and size):
            raise ArchiveError(f"member {raw!r}: has a size of {size} bytes")
        if size > self._limits.member_bytes:
            raise ArchiveError(
                f"member {raw!r}: has {size} bytes, more than {self._limits.member_bytes} "
                "(member_bytes)"
            )
        if name:
            self._seen.add(name, is_folder=is_folder)
        self._left, self._padding = size, -size % _BLOCK
        return Member(name, is_folder, size)

    def _payload(self, header: tarfile.TarInfo, most: int) -> bytes:
        if not 0 <= header.size <= most:
            raise ArchiveError(
                f"has a header of {header.size} bytes for one name, wanted at most {most}"
            )
        data = self._exactly(header.size)
        self._exactly(-header.size % _BLOCK)
        return data

    def _read(self, size: int) -> bytes:
        """Up to ``size`` bytes, none at the end."""
        if self._at == len(self._piece):
            self._piece, self._at = next(self._pieces, b""), 0
        found = self._piece[self._at : self._at + size]
        self._at += len(found)
        return found

    def _exactly(self, size: int) -> bytes:
        """So many bytes; only for sizes that are bounded."""
        pieces = []
        while size:
            piece = self._read(size)
            if not piece:
                raise ArchiveError("ends without the mark of the end; it is not whole")
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def _skip_padding(self) -> None:
        self._exactly(self._padding)
        self._padding = 0

    def _check_end(self) -> None:
        """Read on to the end, which also checks the sum of the last gzip stream."""
        while piece := self._read(_PIECE_BYTES):
            if piece.strip(b"\0"):
                raise ArchiveError("goes on after the mark of the end")


def _pax(data: bytes) -> dict[str, str]:
    """Records of a length that counts all, a space, ``KEY=VALUE``, and a line feed.

    Raises:
        ArchiveError: They are of another form.
    """
    records: dict[str, str] = {}
    while data:
        digits, space, _ = data[:8].partition(b" ")
        length = int(digits) if space and digits.isdigit() else 0
        record = data[len(digits) + 1 : length]
        key, equals, value = record.partition(b"=")
        if not equals or not value.endswith(b"\n") or length > len(data):
            raise ArchiveError("has a damaged pax header")
        records[key.decode("utf-8", "surrogateescape")] = value[:-1].decode(
            "utf-8", "surrogateescape"
        )
        data = data[length:]
    return records
