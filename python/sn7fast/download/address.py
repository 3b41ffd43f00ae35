"""Addresses of what can be downloaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from sn7fast.errors import InputError

_WANTED = "s3://BUCKET/KEY or https://HOST/PATH"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,199}")


@dataclass(frozen=True, slots=True)
class Address:
    """Where an object lies.

    Attributes:
        url: As given.
        base: ``s3://BUCKET`` or ``https://HOST``.
        key: The path in it, without percent signs.
        name: Its last part: what the file will be called.
    """

    url: str
    base: str
    key: str
    name: str

    @property
    def is_s3(self) -> bool:
        """True if it is in a bucket of S3."""
        return self.base.startswith("s3://")

    @classmethod
    def parse(cls, url: str) -> Address:
        """Take a URL apart.

        Raises:
            InputError: Neither s3:// nor http(s)://, no key, a query or a user in it, or a last
                part that is no plain name of a file.
        """
        try:
            parts = urlsplit(url)
            host = parts.hostname
            parts.port  # noqa: B018 - raises if it is none
        except ValueError as error:
            raise InputError(f"url: got {url!r}, wanted {_WANTED}: {error}") from error
        if parts.scheme not in ("s3", "https", "http") or not host:
            raise InputError(f"url: got {url!r}, wanted {_WANTED}")
        if "@" in parts.netloc:
            raise InputError(f"url: got one with a user name for {host}, wanted none: only what "
                             "everyone may read can be downloaded")  # fmt: skip
        if parts.query or parts.fragment:
            raise InputError(
                f"url: got one with a ? or # for {host}{parts.path}, wanted a plain {_WANTED}"
            )
        # A key of S3 is what it is; a path of HTTP comes with percent signs, and the client adds
        # them again.
        key = (parts.path if parts.scheme == "s3" else unquote(parts.path)).removeprefix("/")
        name = key.rpartition("/")[2]
        if _NAME.fullmatch(name) is None:
            raise InputError(
                f"url: got {url!r}, wanted one that ends in the name of a file of letters, "
                "digits and any of _.-"
            )
        if any(part in ("", ".", "..") for part in key.split("/")):
            raise InputError(f"url: got {url!r}, wanted a path without empty parts and dots")
        return cls(url, f"{parts.scheme}://{parts.netloc}", key, name)
