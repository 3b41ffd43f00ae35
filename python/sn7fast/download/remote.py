"""An object on a server: what it is, and ranges of its bytes."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sn7fast._optional import require
from sn7fast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sn7fast.download.address import Address

_PIECE_BYTES = 128 * 1024
_CONNECT, _SILENCE, _REQUEST = timedelta(seconds=10), timedelta(seconds=30), timedelta(hours=1)

# Too slow, or too many: may be better next time, unlike other answers of this kind.
_MAY_PASS = ("408", "429")


class BrokenConnectionError(Exception):
    """It may be better next time."""


class ChangedObjectError(Exception):
    """The object is not what it was."""


class NoRangesError(Exception):
    """The server gives whole objects only."""


@dataclass(frozen=True, slots=True)
class Version:
    """Which version of an object it is.

    Attributes:
        size: In bytes.
        etag: The server's word for the version; None if it has none.
        modified: When it was made, in ISO 8601.
    """

    size: int
    etag: str | None
    modified: str


class Remote:
    """One object that everyone may read.

    Args:
        address: Where it is.
        endpoint: URL of an S3 server that is not that of AWS.
        region: Of the bucket.

    Raises:
        InputError: The endpoint is no URL.
        MissingDependencyError: obstore is not installed.
    """

    def __init__(self, address: Address, *, endpoint: str | None, region: str) -> None:
        self._obstore = require("obstore", extra="s3")
        stores = require("obstore.store", extra="s3")
        self.address = address
        if endpoint is not None and not endpoint.startswith(("https://", "http://")):
            raise InputError(f"endpoint: got {endpoint!r}, wanted https://HOST or http://HOST")
        if endpoint is not None and not address.is_s3:
            raise InputError(f"endpoint: got {endpoint!r} for {address.url}, wanted none: only "
                             "s3:// is looked for at an endpoint")  # fmt: skip
        if re.fullmatch(r"[a-z0-9-]{1,40}", region) is None:
            raise InputError(f"region: got {region!r}, wanted one such as us-east-1")
        base = address.base
        if address.is_s3:
            base = (endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/")
        self.is_encrypted = not base.startswith("http://")
        # Retries are ours: they go on within a range, and are told to the user.
        common: dict[str, Any] = {
            "client_options": {
                "allow_http": not self.is_encrypted,
                "connect_timeout": _CONNECT,
                "read_timeout": _SILENCE,
                "timeout": _REQUEST,
            },
            "retry_config": {"max_retries": 0},
        }
        try:
            if address.is_s3:
                self._store = stores.S3Store(
                    address.base.removeprefix("s3://"), config=_config(base, region), **common
                )
            else:
                self._store = stores.HTTPStore(address.base, **common)
        except (ValueError, self._obstore.exceptions.BaseError) as error:
            raise InputError(f"{endpoint or address.url}: {_reason(error)}") from error

    def version(self) -> Version:
        """Ask which version there is.

        Raises:
            BrokenConnectionError: It could not be asked.
            InputError: There is no such object, or not everyone may read it.
        """
        with self._errors():
            return _version(self._obstore.head(self._store, self.address.key))

    def read(self, version: Version, start: int, end: int) -> Iterator[bytes]:
        """The bytes from ``start`` up to ``end`` of this version.

        Raises:
            BrokenConnectionError: They stopped coming.
            ChangedObjectError: There is another version now.
            NoRangesError: Only all the bytes can be had.
            InputError: The object is gone.
        """
        options: dict[str, Any] = {}
        if (start, end) != (0, version.size):
            options["range"] = (start, end)
        # Weak ones match nothing; they are compared below.
        if version.etag is not None and not version.etag.startswith("W/"):
            options["if_match"] = version.etag
        done = start
        with self._errors():
            result = self._obstore.get(self._store, self.address.key, options=options)
            if _version(result.meta) != version:
                raise ChangedObjectError
            for piece in result.stream(min_chunk_size=_PIECE_BYTES):
                done += len(piece)
                if done > end:
                    raise BrokenConnectionError("more bytes came than were asked for")
                yield piece
        if done < end:
            raise BrokenConnectionError(f"{end - done} bytes of a range did not come")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What the client raises, as what it means here."""
        kinds = self._obstore.exceptions
        url = self.address.url
        try:
            yield
        except FileNotFoundError as error:
            what = "there is no such bucket" if self._lacks_bucket() else "there is no such object"
            raise InputError(f"{url}: {what}") from error
        except (kinds.PermissionDeniedError, kinds.UnauthenticatedError) as error:
            raise InputError(
                f"{url}: may not be read by everyone, or is not there (the server does not say)"
            ) from error
        except kinds.PreconditionError as error:
            raise ChangedObjectError from error
        except kinds.NotSupportedError as error:
            raise NoRangesError from error
        except kinds.BaseError as error:
            text = _reason(error)
            if "redirect" in text.lower():
                raise InputError(
                    f"{url}: is in another region than the one asked for; give its own"
                ) from error
            status = re.search(r"status code: (4\d\d)", text)
            if status is not None and status[1] not in _MAY_PASS:
                raise InputError(f"{url}: {text}") from error
            raise BrokenConnectionError(text) from error

    def _lacks_bucket(self) -> bool:
        """What is missing: answers to HEAD do not say."""
        if not self.address.is_s3:
            return False
        try:
            self._obstore.get(self._store, self.address.key, options={"range": (0, 1)})
        except (OSError, self._obstore.exceptions.BaseError) as error:
            return "NoSuchBucket" in str(error)
        return False


def _version(meta: dict[str, Any]) -> Version:
    return Version(meta["size"], meta["e_tag"], meta["last_modified"].isoformat())


def _config(endpoint: str, region: str) -> dict[str, Any]:
    """Settings of S3 for a reader without an account.

    obstore takes what is not set here from AWS_... in the environment, which is meant for other
    servers and other users.
    """
    return {
        "endpoint": endpoint,
        "aws_endpoint_url_s3": endpoint,
        "region": region,
        "skip_signature": True,
        "access_key_id": "-",
        "secret_access_key": "-",
        "virtual_hosted_style_request": False,
        "s3_express": False,
        "request_payer": False,
    }


def _reason(error: BaseException) -> str:
    """What went wrong, of all that the client tells: the end of its first line, and the cause."""
    text = str(error)
    causes = re.findall(r'(?:message|error): "([^"\\]{1,200})"', text)
    return ": ".join([text.split("\n", 1)[0].rpartition(" - ")[2], *causes[-1:]])
