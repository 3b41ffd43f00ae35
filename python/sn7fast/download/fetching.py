"""From a name or a URL to an unpacked folder."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sn7fast._arguments import whole_number
from sn7fast.download.address import Address
from sn7fast.download.archives import ARCHIVES, REGION, KnownArchive
from sn7fast.download.extraction import SUFFIXES, Extracted, Place, extracted, unpack
from sn7fast.download.limits import Limits
from sn7fast.download.progress import Progress
from sn7fast.download.receipt import Receipt
from sn7fast.download.remote import Remote
from sn7fast.download.transfer import Fetched, Transfer, md5_of, wrong_md5
from sn7fast.errors import ArchiveError, InputError

if TYPE_CHECKING:
    import os


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What is there now.

    Attributes:
        url: Where it came from.
        archive: The archive; None if it was removed after it was unpacked.
        size: Of the archive, in bytes.
        etag: The server's word for its version; None if it has none, or was not asked.
        md5: Of the archive.
        is_md5_checked: True if it was compared with one that was known beforehand.
        fetched: Bytes that came over the network in this call.
        resumed_from: Bytes that an earlier call had left.
        reconnects: How often a connection was lost.
        extracted: What was unpacked; None if nothing was to be.
        was_there: True if all was there already, and nothing was done.
    """

    url: str
    archive: Path | None
    size: int
    etag: str | None
    md5: str
    is_md5_checked: bool
    fetched: int
    resumed_from: int
    reconnects: int
    extracted: Extracted | None
    was_there: bool


def download(
    what: str | None = None,
    *,
    out: str | os.PathLike[str],
    url: str | None = None,
    endpoint: str | None = None,
    region: str = REGION,
    md5: str | None = None,
    extract: bool = True,
    keep_archive: bool = False,
    overwrite: bool = False,
    limits: Limits | None = None,
    retries: int = 8,
    progress: Progress | None = None,
) -> Downloaded:
    """Fetch an archive of SpaceNet 7, check and unpack it.

    Needs no account: only what everyone may read is read. A call that was cut off, by whatever, is
    gone on with by the same call; one after which all is there does nothing, and needs no network.

    The size, and the ETag if the server has one, are those of one version of the object from the
    first byte to the last. The MD5 is compared for ``train`` and ``test_public``; for ``csvs`` and
    ``sample`` none is known. MD5 finds what broke on the way, not what someone meant to change.

    Args:
        what: One of `ARCHIVES`: ``train``, ``test_public``, ``csvs`` or ``sample``.
        out: The folder to put it in; is made if it is not there.
        url: Instead of ``what``: ``s3://BUCKET/KEY``, ``https://HOST/PATH`` or, not encrypted,
            ``http://HOST/PATH``.
        endpoint: URL of the S3 server; that of AWS by default.
        region: Of the bucket.
        md5: What the MD5 of the archive must be, in hexadecimal.
        extract: Unpack it; see `sn7fast.download.extract`.
        keep_archive: Keep the archive after it was unpacked. One that was put there otherwise is
            kept; one that an earlier call fetched and kept is not.
        overwrite: Replace folders of the same names, all of them.
        limits: How much the archive may hold.
        retries: How often in a row to try again without getting a single byte.
        progress: Told how far it is.

    Raises:
        ArchiveError: A wrong checksum, a damaged archive, or one that must not be unpacked.
        DownloadError: The connection was lost too often; the same call goes on.
        InputError: No such name, address, bucket or object, a folder of the same name is there, or
            another process downloads this archive to this folder.
        MissingDependencyError: obstore is not installed.
        OSError: The folder cannot be written to.
    """
    known = _known(what, url)
    address = Address.parse(known.url)
    wanted = _hexadecimal(md5) or known.md5
    whole_number("retries", retries, 0, 1000)
    if extract and not address.name.endswith(SUFFIXES):
        raise InputError(f"url: got {known.url!r}, wanted one that ends in "
                         f"{' or '.join(SUFFIXES)}, or extract=False")  # fmt: skip
    remote = Remote(address, endpoint=endpoint, region=region)
    out, progress = Path(out), progress or Progress()
    out.mkdir(parents=True, exist_ok=True)
    if not remote.is_encrypted and wanted is None:
        progress.note("the connection is not encrypted and no MD5 is known: nothing shows whether "
                      "this is what its makers put there")  # fmt: skip
    place = Place(out, address.name)
    with place.held():
        job = _Job(known, wanted, remote, place, retries, progress)
        receipt = job.earlier()
        missing = receipt.first_missing(out) if receipt is not None else None
        is_unpacked = receipt is not None and bool(receipt.files) and missing is None
        is_whole = receipt is not None and (
            (is_unpacked or not extract)
            and (not (keep_archive or not extract) or job.has_archive_of(receipt))
        )
        if receipt is not None and is_whole:
            return job.result(receipt, is_unpacked=is_unpacked)
        if extract and not is_unpacked:
            if missing is not None:
                progress.note(f"{out / missing} is missing or was changed since it was unpacked")
            for folder in receipt.folders if receipt and receipt.files else known.folders:
                place.check_free(folder, overwrite=overwrite)
        receipt = job.fetch(receipt)
        # What came may be another version than the one that is unpacked.
        is_unpacked = is_unpacked and bool(receipt.files)
        if extract and not is_unpacked:
            receipt = unpack(
                job.archive, place, receipt, limits or Limits(), progress, overwrite=overwrite
            )
            if receipt.url and not keep_archive:
                job.archive.unlink()
        return job.result(receipt, is_unpacked=extract or is_unpacked)


class _Job:
    """One archive on its way into one folder.

    Args:
        known: What is known of it.
        wanted: What its MD5 must be.
        remote: Where it is.
        place: Where it goes; held.
        retries: See `download`.
        progress: See `download`.
    """

    def __init__(
        self,
        known: KnownArchive,
        wanted: str | None,
        remote: Remote,
        place: Place,
        retries: int,
        progress: Progress,
    ) -> None:
        self._known = known
        self._wanted = wanted
        self._remote = remote
        self._place = place
        self._progress = progress
        self.archive = place.out / remote.address.name
        self._transfer = Transfer(
            remote, self.archive, md5=wanted, retries=retries, progress=progress
        )
        self._fetched: Fetched | None = None
        self._did_something = False

    def earlier(self) -> Receipt | None:
        """What an earlier call did with this archive."""
        receipt = self._place.finish() or self._place.receipt()
        if receipt is None or receipt.url not in ("", self._known.url):
            return None
        return receipt if self._wanted in (None, receipt.md5) else None

    def has_archive_of(self, receipt: Receipt) -> bool:
        """True if the archive of a receipt is still there."""
        return self.archive.is_file() and self.archive.stat().st_size == receipt.size

    def fetch(self, receipt: Receipt | None) -> Receipt:
        """See that the archive is there and right; returns what is known of it then."""
        self._did_something = True
        if self.archive.exists():
            return self._check(receipt)
        try:
            fetched = self._fetched = self._transfer.run()
        except InputError as error:
            if self._known.has_known_place or isinstance(error, ArchiveError):
                raise
            raise InputError(f"{error}; its name was guessed from those of the other archives, "
                             "give the url if you know it") from error  # fmt: skip
        new = Receipt(self._known.url, fetched.version.size, fetched.version.etag, fetched.md5)
        if receipt is not None and receipt.md5 == new.md5:
            new = replace(receipt, url=new.url, etag=new.etag)
        self._place.write(new)
        return new

    def _check(self, receipt: Receipt | None) -> Receipt:
        """An archive that lies there already is used if it is the right one, else left alone."""
        size = self.archive.stat().st_size
        wanted = self._wanted or (receipt.md5 if receipt is not None else None)
        advice = "it was there already and is left as it is; move it away and run again"
        if wanted is None and size != (there := self._transfer.version().size):
            raise ArchiveError(f"{self.archive}: got {size} bytes, wanted the {there} of "
                               f"{self._known.url}; {advice}")  # fmt: skip
        got = md5_of(self.archive, self._progress)
        if wanted is not None and got != wanted:
            raise wrong_md5(self.archive, got, wanted, advice)
        return receipt or Receipt("", size, None, got)

    def result(self, receipt: Receipt, *, is_unpacked: bool) -> Downloaded:
        """What a call has to say."""
        was_there = not self._did_something
        fetched = self._fetched
        return Downloaded(
            url=self._known.url,
            archive=self.archive if self.archive.exists() else None,
            size=receipt.size,
            etag=receipt.etag,
            md5=receipt.md5,
            is_md5_checked=self._wanted is not None,
            fetched=receipt.size - fetched.resumed_from if fetched else 0,
            resumed_from=fetched.resumed_from if fetched else 0,
            reconnects=fetched.reconnects if fetched else 0,
            extracted=extracted(self._place.out, receipt, was_there=was_there)
            if is_unpacked
            else None,
            was_there=was_there,
        )


def _known(what: str | None, url: str | None) -> KnownArchive:
    if (what is None) == (url is None):
        raise InputError("what: wanted the name of an archive, or url, and not both")
    if url is not None:
        return KnownArchive(url)
    if what not in ARCHIVES:
        raise InputError(f"what: got {what!r}, wanted one of {', '.join(ARCHIVES)}")
    return ARCHIVES[what]


def _hexadecimal(md5: str | None) -> str | None:
    if md5 is not None and re.fullmatch(r"[0-9a-fA-F]{32}", md5) is None:
        raise InputError(f"md5: got {md5!r}, wanted 32 hexadecimal digits")
    return None if md5 is None else md5.lower()
