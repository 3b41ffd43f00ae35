"""SpaceNet 7 from the public bucket to a folder that `sn7fast.data.catalog` reads.

`download` fetches an archive in ranges, goes on where an earlier call was cut off, checks it, and
hands it to `extract`, which unpacks nothing but the files of SpaceNet 7. Both do nothing if all is
there already.
"""

from sn7fast.download.archives import ARCHIVES, KnownArchive
from sn7fast.download.extraction import Extracted, extract
from sn7fast.download.fetching import Downloaded, download
from sn7fast.download.limits import Limits
from sn7fast.download.progress import Progress

__all__ = [
    "ARCHIVES",
    "Downloaded",
    "Extracted",
    "KnownArchive",
    "Limits",
    "Progress",
    "download",
    "extract",
]
