"""One object to one file: in ranges, going on where it stopped, checked before it has its name.

While bytes come they are in ``NAME.part``; ``NAME.part.json`` beside it says of which version of
the object. A file that was begun with another version is not gone on with.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import random
import shutil
from contextlib import closing
from dataclasses import asdict, dataclass
from time import sleep
from typing import TYPE_CHECKING

from sn7fast._ahead import ahead
from sn7fast.download.remote import (
    BrokenConnectionError,
    ChangedObjectError,
    NoRangesError,
    Version,
)
from sn7fast.errors import ArchiveError, DownloadError
from sn7fast.io.outputs import whole_file

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

    from sn7fast.download.progress import Progress
    from sn7fast.download.remote import Remote

_RANGE_BYTES = 64 * 1024 * 1024
_READ_BYTES = 4 * 1024 * 1024
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_MAX_CHANGES = 3
_PIECES_AHEAD = 64


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came.

    Attributes:
        version: Of the object.
        md5: Of the file.
        resumed_from: Bytes that were there from an earlier call.
        reconnects: How often a connection was lost and made anew.
    """

    version: Version
    md5: str
    resumed_from: int
    reconnects: int


def md5_of(path: Path, progress: Progress) -> str:
    """MD5 of a file, in hexadecimal."""
    progress.start("check", path.stat().st_size, 0)
    digest = _md5()
    try:
        with path.open("rb") as file:
            while piece := file.read(_READ_BYTES):
                digest.update(piece)
                progress.advance(len(piece))
    finally:
        progress.close()
    return digest.hexdigest()


def wrong_md5(path: Path, got: str, wanted: str, what_now: str) -> ArchiveError:
    """The error of a file with another checksum than it should have."""
    return ArchiveError(f"{path}: got MD5 {got}, wanted {wanted}; {what_now}")


class Transfer:
    """Fetches an object.

    Args:
        remote: The object.
        target: The file that it becomes; must not be there.
        md5: What its MD5 must be; None if that is not known.
        retries: How often in a row to try again without getting a single byte.
        progress: Told how far it is.
    """

    def __init__(
        self, remote: Remote, target: Path, *, md5: str | None, retries: int, progress: Progress
    ) -> None:
        self._remote = remote
        self._target = target
        self._wanted = md5
        self._retries = retries
        self._progress = progress
        self._part = target.with_name(f"{target.name}.part")
        self._side = target.with_name(f"{target.name}.part.json")
        self._failures = self._reconnects = self._changes = self._done = 0
        self._has_ranges, self._restarts = True, 0

    def version(self) -> Version:
        """Ask which version there is, again and again if need be.

        Raises:
            DownloadError: There is no connection.
            InputError: There is no such object.
        """
        while True:
            try:
                return self._remote.version()
            except BrokenConnectionError as error:
                self._pause(error)

    def run(self) -> Fetched:
        """Fetch it.

        Raises:
            ArchiveError: The MD5 is another; what came is removed.
            DownloadError: The connection was lost too often; what came is kept.
            InputError: There is no such object.
            OSError: The file cannot be written, such as for want of space; what came is kept.
        """
        try:
            return self._run()
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                f"interrupted; {self._part} has {self._done} bytes, the same command goes on"
            ) from None

    def _run(self) -> Fetched:
        resumed_from: int | None = None
        while True:
            version = self.version()
            self._done = self._start_at(version)
            if resumed_from is None:
                resumed_from = self._done
            try:
                got = self._fetch(version)
                break
            except ChangedObjectError:
                resumed_from = 0
                self._changes += 1
                if self._changes > _MAX_CHANGES:
                    raise DownloadError(
                        f"{self._remote.address.url}: changed {self._changes} times during the "
                        "download"
                    ) from None
                self._progress.note(
                    f"{self._remote.address.url} changed during the download: begun anew"
                )
                self._discard()
            except NoRangesError:
                resumed_from = 0
                self._take_all_at_once()
                self._discard()
        if self._wanted is not None and got != self._wanted:
            self._discard()
            raise wrong_md5(
                self._target, got, self._wanted,
                f"the {version.size} bytes that came from {self._remote.address.url} are not "
                "trusted and were removed",
            )  # fmt: skip
        self._part.replace(self._target)
        self._side.unlink(missing_ok=True)
        return Fetched(version, got, resumed_from, self._reconnects)

    def _take_all_at_once(self) -> None:
        """Ask for the whole object from now on; each lost connection then costs all of it.

        Raises:
            DownloadError: There were enough of them.
        """
        if self._has_ranges:
            self._has_ranges = False
            self._progress.note(f"{self._remote.address.url}: the server gives whole objects only, "
                                "a lost connection means to begin anew")  # fmt: skip
            return
        self._restarts += 1
        if self._restarts > self._retries:
            raise DownloadError(
                f"{self._remote.address.url}: the server gives whole objects only, and the "
                f"connection was lost {self._restarts} times"
            )

    def _discard(self) -> None:
        self._part.unlink(missing_ok=True)
        self._side.unlink(missing_ok=True)

    def _start_at(self, version: Version) -> int:
        """How many bytes of this version are there already; makes the two files if none."""
        begun = {"url": self._remote.address.url} | asdict(version)
        is_there = self._part.is_file() and not self._part.is_symlink()
        done = self._part.stat().st_size if is_there else 0
        if done:
            try:
                is_same = json.loads(self._side.read_text(encoding="utf-8")) == begun
            except (OSError, ValueError):
                is_same = False
            if is_same and done <= version.size:
                return done
            self._progress.note(
                f"{self._part}: {done} bytes of another version of the object are thrown away"
            )
        self._discard()
        with whole_file(self._side) as temporary:
            temporary.write_text(json.dumps(begun, indent=1) + "\n", encoding="utf-8")
        self._part.touch()
        return 0

    def _fetch(self, version: Version) -> str:
        """Get the rest; returns the MD5 of all."""
        self._check_space(version.size - self._done)
        self._progress.start("download", version.size, self._done)
        try:
            with self._part.open("r+b") as file:
                digest = _md5()
                while piece := file.read(_READ_BYTES):
                    digest.update(piece)
                while self._done < version.size:
                    try:
                        self._fetch_range(version, file, digest)
                    except BrokenConnectionError as error:
                        self._pause(error)
                file.flush()
                os.fsync(file.fileno())
        finally:
            self._progress.close()
        return digest.hexdigest()

    def _fetch_range(self, version: Version, file: BinaryIO, digest: hashlib._Hash) -> None:
        end = min(self._done + _RANGE_BYTES, version.size) if self._has_ranges else version.size
        start = self._done
        with closing(
            ahead(lambda: self._remote.read(version, start, end), _PIECES_AHEAD)
        ) as pieces:
            for piece in pieces:
                file.write(piece)
                digest.update(piece)
                self._done += len(piece)
                self._failures = 0
                self._progress.advance(len(piece))

    def _check_space(self, size: int) -> None:
        free = shutil.disk_usage(self._part.parent).free
        if size > free:
            raise OSError(
                errno.ENOSPC,
                f"{size} bytes are to come, and {free} are free; what came is kept",
                str(self._part),
            )

    def _pause(self, error: BrokenConnectionError) -> None:
        """Wait before the next try, longer each time.

        Raises:
            DownloadError: There were enough of them.
        """
        self._failures += 1
        url = self._remote.address.url
        if self._failures > self._retries:
            kept = f"; {self._part} keeps {self._done} bytes" if self._done else ""
            raise DownloadError(
                f"{url}: failed tries in a row: {self._failures}, the last with: {error}{kept}"
            ) from error
        self._reconnects += 1
        longest = min(_FIRST_PAUSE_S * 2 ** (self._failures - 1), _LONGEST_PAUSE_S)
        seconds = longest * random.uniform(0.5, 1)
        self._progress.note(f"connection lost at byte {self._done} ({error}); "
                            f"again in {seconds:.1f} s")  # fmt: skip
        sleep(seconds)


def _md5() -> hashlib._Hash:
    return hashlib.md5(usedforsecurity=False)
