"""What was downloaded and unpacked, written down when it was done.

``.NAME.json`` beside it, by which a second call knows that there is nothing to do. It holds no time
and no path of this machine.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING

from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    from pathlib import Path

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Receipt:
    """An archive that was fetched, and perhaps unpacked.

    Attributes:
        url: Where it came from; empty if it lay there already.
        size: Of the archive, in bytes.
        etag: The server's word for this version of it.
        md5: Of the archive; empty if it was not taken.
        files: Bytes of each unpacked file by its path; empty if it was not unpacked.
        skipped: Number of members that were not unpacked.
        skipped_first: The first of them.
        replaces: True if the files take the place of others.
    """

    url: str
    size: int
    etag: str | None = None
    md5: str = ""
    files: dict[str, int] = field(default_factory=dict)
    skipped: int = 0
    skipped_first: str = ""
    replaces: bool = False

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders that hold the files."""
        return tuple(sorted({path.partition("/")[0] for path in self.files}))

    def write(self, path: Path) -> None:
        """Write it, whole or not at all."""
        text = json.dumps({"version": _VERSION} | asdict(self), indent=1) + "\n"
        with whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Receipt | None:
        """Read it; None if there is none, or none that this version wrote."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("version") != _VERSION or set(data) != {f.name for f in fields(cls)}:
                return None
            receipt = cls(**data)
            if not all(isinstance(size, int) for size in receipt.files.values()):
                return None
        except (FileNotFoundError, ValueError, TypeError, KeyError, AttributeError):
            return None
        return receipt

    def first_missing(self, out: Path) -> str | None:
        """The first file that is not there, or has another size; None if all are as they were."""
        for name, size in self.files.items():
            path = out / name
            try:
                if not path.is_file() or path.stat().st_size != size:
                    return name
            except OSError:
                return name
        return None
