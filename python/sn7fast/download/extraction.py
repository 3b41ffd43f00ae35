"""Unpacks an archive of SpaceNet 7, and nothing else that may be in it.

Everything goes into ``.NAME.extracting`` in the target folder first. When the last member is
checked, a receipt is written there, and only then the folders of the archive (``train``, ...) are
renamed to their places. So a refused archive leaves nothing, a killed extraction nothing that can
be seen, and one that is killed between two renames is ended by the next call.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sn7fast._ahead import ahead
from sn7fast.download.gunzip import Gunzip
from sn7fast.download.limits import Limits
from sn7fast.download.names import ROOTS, place_of
from sn7fast.download.progress import Progress
from sn7fast.download.receipt import Receipt
from sn7fast.download.tarstream import TarStream
from sn7fast.errors import ArchiveError, InputError
from sn7fast.io.lock import locked

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from sn7fast.download.tarstream import Member

SUFFIXES = (".tar.gz", ".tgz")

_PIECES_AHEAD = 8


@dataclass(frozen=True, slots=True)
class Extracted:
    """What was unpacked.

    Attributes:
        folders: Such as ``out/train``.
        files: Number of files.
        size: Their bytes.
        skipped: Number of members that are no files of SpaceNet 7.
        skipped_first: Name of the first of them, or empty.
        was_there: True if all was there already, and nothing was done.
    """

    folders: tuple[Path, ...]
    files: int
    size: int
    skipped: int
    skipped_first: str
    was_there: bool


def extract(
    archive: str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    limits: Limits | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> Extracted:
    """Unpack the files of SpaceNet 7 in an archive.

    Taken are ``train``, ``test_public``, ``csvs``, ``train_sample`` and ``sample``, at the top or
    in a folder named like the archive, with the files that `sn7fast.data.catalog` describes. Other
    files are left out and counted. An archive with links, devices, paths that lead elsewhere, names
    twice, or more than ``limits`` is refused, all of it. Does nothing if an earlier call unpacked
    the same archive and all files are still there.

    Args:
        archive: A .tar.gz file.
        out: The folder to unpack into; is made if it is not there.
        limits: How much the archive may hold; see `Limits`.
        overwrite: Replace folders of the same names, all of them.
        progress: Told how far it is, in bytes of the archive.

    Raises:
        ArchiveError: The archive is damaged, holds what must not be, or nothing of SpaceNet 7.
        InputError: A folder of the same name is there already, or another process unpacks it.
        OSError: The archive cannot be read, or the files cannot be written.
    """
    archive, out = Path(archive), Path(out)
    size = archive.stat().st_size
    out.mkdir(parents=True, exist_ok=True)
    place = Place(out, archive.name)
    with place.held():
        known = place.finish() or place.receipt()
        if known is None or known.size != size:
            known = Receipt("", size)
        if known.files and known.first_missing(out) is None:
            return extracted(out, known, was_there=True)
        receipt = unpack(
            archive, place, known, limits or Limits(), progress or Progress(), overwrite=overwrite
        )
    return extracted(out, receipt, was_there=False)


def extracted(out: Path, receipt: Receipt, *, was_there: bool) -> Extracted:
    """What a receipt says."""
    return Extracted(
        tuple(out / folder for folder in receipt.folders),
        len(receipt.files),
        sum(receipt.files.values()),
        receipt.skipped,
        receipt.skipped_first,
        was_there,
    )


class Place:
    """Names in the target folder that belong to one archive.

    Args:
        out: The target folder.
        name: Of the archive.
    """

    def __init__(self, out: Path, name: str) -> None:
        self.out = out
        self._lock = out / f".{name}.lock"
        self._final = out / f".{name}.json"
        self.workspace = out / f".{name}.extracting"
        self._ready = self.workspace / "receipt.json"
        self.tree = self.workspace / "tree"
        self._old = self.workspace / "old"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes away."""
        with locked(self._lock, f"{self._lock.parent}: this archive", stays=False):
            yield

    def receipt(self) -> Receipt | None:
        """What an earlier call wrote down."""
        return Receipt.read(self._final)

    def write(self, receipt: Receipt) -> None:
        """Write down what was done."""
        receipt.write(self._final)

    def _clear(self) -> None:
        """Take away what a killed extraction left."""
        if self.workspace.is_symlink():
            self.workspace.unlink()
        elif self.workspace.exists():
            shutil.rmtree(self.workspace)

    def mark_ready(self, receipt: Receipt) -> None:
        """From here on what is unpacked is whole."""
        receipt.write(self._ready)

    def finish(self) -> Receipt | None:
        """Rename what is unpacked to its place, by this call or one that was killed then.

        What one left that was killed at another moment is taken away.

        Returns:
            The receipt of what has its place now; None if nothing was ready.

        Raises:
            InputError: Something came into being at one of the places.
        """
        receipt = None if self.workspace.is_symlink() else Receipt.read(self._ready)
        if receipt is None:
            self._clear()
            return None
        for folder in receipt.folders:
            new, target = self.tree / folder, self.out / folder
            if not new.is_dir():
                continue
            if os.path.lexists(target):
                self.check_free(folder, overwrite=receipt.replaces)
                self._old.mkdir(exist_ok=True)
                target.rename(self._old / folder)
            new.rename(target)
        self._ready.replace(self._final)
        shutil.rmtree(self.workspace, ignore_errors=True)
        return receipt

    def check_free(self, folder: str, *, overwrite: bool) -> None:
        """See that a folder may be made.

        Raises:
            InputError: It is there, and may not be replaced.
        """
        if os.path.lexists(self.out / folder) and not overwrite:
            raise InputError(
                f"{self.out / folder}: is there already, and this archive holds one of that name; "
                "move it away, choose another folder, or overwrite it"
            )


def unpack(
    archive: Path,
    place: Place,
    receipt: Receipt,
    limits: Limits,
    progress: Progress,
    *,
    overwrite: bool,
) -> Receipt:
    """Unpack into a place that is held; see `extract`.

    Args:
        archive: The file.
        place: Where to, with nothing left of earlier calls.
        receipt: What is known of the archive.
        limits: How much it may hold.
        progress: Told how far it is.
        overwrite: Replace folders of the same names.

    Returns:
        The receipt with the files in it.
    """
    place.workspace.mkdir(0o700)
    try:
        place.tree.mkdir()
        progress.start("extract", archive.stat().st_size, 0)
        wrapper = archive.name.removesuffix(".gz").removesuffix(".tar").removesuffix(".tgz")
        writer = _Writer(place, wrapper, overwrite=overwrite)
        try:
            with (
                archive.open("rb") as raw,
                closing(_pieces(Gunzip(raw, limits), progress)) as pieces,
            ):
                stream = TarStream(pieces, limits)
                for member in stream:
                    if not member.is_folder:
                        writer.take(member, stream)
        except KeyboardInterrupt:
            raise KeyboardInterrupt(f"interrupted; nothing of {archive} was unpacked") from None
        except ArchiveError as error:
            raise ArchiveError(f"{archive}: {error}; nothing of it was unpacked") from error
        finally:
            progress.close()
        if not writer.files:
            other = f", but {writer.skipped_first!r}" if writer.skipped else ""
            raise ArchiveError(f"{archive}: holds no file of SpaceNet 7{other}; looked for "
                               f"{', '.join(ROOTS)}")  # fmt: skip
        done = replace(
            receipt,
            files=dict(sorted(writer.files.items())),
            skipped=writer.skipped,
            skipped_first=writer.skipped_first,
            replaces=overwrite,
        )
        place.mark_ready(done)
    except BaseException:
        shutil.rmtree(place.workspace, ignore_errors=True)
        raise
    place.finish()
    return done


def _pieces(source: Gunzip, progress: Progress) -> Generator[bytes]:
    """What is decompressed, which goes on while files are written."""
    told = 0
    with closing(ahead(lambda: iter(source), _PIECES_AHEAD)) as pieces:
        for piece in pieces:
            told, before = source.bytes_in, told
            progress.advance(told - before)
            yield piece


class _Writer:
    """Writes files into the workspace.

    Args:
        place: Where to.
        wrapper: See `place_of`.
        overwrite: Folders of the same names may be there.

    Attributes:
        files: Bytes of each file by its path.
        skipped: Number of members that have no place.
        skipped_first: Name of the first of them.
    """

    def __init__(self, place: Place, wrapper: str, *, overwrite: bool) -> None:
        self._place = place
        self._wrapper = wrapper
        self._overwrite = overwrite
        self._folders: set[Path] = set()
        self.files: dict[str, int] = {}
        self.skipped = 0
        self.skipped_first = ""

    def take(self, member: Member, stream: TarStream) -> None:
        """Write a file if it is one of SpaceNet 7, else count it."""
        path = place_of(member.name, self._wrapper)
        if path is None:
            self.skipped += 1
            self.skipped_first = self.skipped_first or member.name
            return
        if path in self.files:
            raise ArchiveError(f"member {member.name!r}: comes twice, once in another folder")
        root = path.partition("/")[0]
        self._place.check_free(root, overwrite=self._overwrite)
        target = self._place.tree / path
        if target.parent not in self._folders:
            target.parent.mkdir(parents=True, exist_ok=True)
            self._folders.add(target.parent)
        # Mode x: never a file that is there, nor one at the end of a link.
        with target.open("xb", buffering=0) as file:
            for piece in stream.content():
                view = memoryview(piece)
                while view:
                    view = view[file.write(view) :]
        self.files[path] = member.size
