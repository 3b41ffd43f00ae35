"""The archives of SpaceNet 7 in its public bucket, and what is known of them."""

from __future__ import annotations

from dataclasses import dataclass

_TARBALLS = "s3://spacenet-dataset/spacenet/SN7_buildings/tarballs"

REGION = "us-east-1"
"""Of the bucket ``spacenet-dataset``."""


@dataclass(frozen=True, slots=True)
class KnownArchive:
    """One archive.

    Attributes:
        url: Where it lies.
        folders: What it is unpacked to, as far as is known.
        md5: Of the whole archive, in hexadecimal; None if none was ever published.
        has_known_place: False if the name is taken from those of the others.
    """

    url: str
    folders: tuple[str, ...] = ()
    md5: str | None = None
    has_known_place: bool = True


ARCHIVES = {
    "train": KnownArchive(
        f"{_TARBALLS}/SN7_buildings_train.tar.gz", ("train",), "6eda13b9c28f6f5cdf00a7e8e218c1b1"
    ),
    "test_public": KnownArchive(
        f"{_TARBALLS}/SN7_buildings_test_public.tar.gz",
        ("test_public",),
        "b3bde95a0f8f32f3bfeba49464b9bc97",
    ),
    "csvs": KnownArchive(f"{_TARBALLS}/SN7_buildings_train_csvs.tar.gz", ("csvs",)),
    "sample": KnownArchive(f"{_TARBALLS}/SN7_buildings_train_sample.tar.gz", has_known_place=False),
}
"""By the names that `sn7fast.download.download` takes. Licence of the data: CC BY-SA 4.0."""
