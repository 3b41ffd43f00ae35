"""Archives in the layout of SpaceNet 7, good and hostile."""

import gzip
import tarfile

AOI = "L15-0331E-1257N_1327_3160_13"
OTHER = "L15-0368E-1245N_1474_3210_13"


def frame(month="2018_01", *, aoi=AOI, root="train", folder="images_masked", tail=".tif"):
    """Path of one file."""
    return f"{root}/{aoi}/{folder}/global_monthly_{month}_mosaic_{aoi}{tail}"


GOOD = {frame(f"2018_{month:02}"): bytes([month]) * 700 for month in range(1, 5)}


def raw_member(name, content=b"", *, kind=b"0", size=None):
    """Header and content of a member, which ``tarfile`` would not write."""
    info = tarfile.TarInfo("x")
    info.type = kind
    info.size = len(content) if size is None else size
    block = bytearray(info.tobuf(tarfile.USTAR_FORMAT if info.size >= 0 else tarfile.GNU_FORMAT))
    if info.size < 0:
        block[257:265] = b"ustar\00000"
    raw = name.encode("utf-8", "surrogateescape") if isinstance(name, str) else name
    if len(raw) > 100:
        prefix, _, raw = raw.rpartition(b"/")
        block[345:500] = prefix.ljust(155, b"\0")
    block[:100] = raw.ljust(100, b"\0")
    assert len(block) == 512
    block[148:156] = b"%06o\0 " % (256 + sum(block[:148]) + sum(block[156:512]))
    return bytes(block) + content + b"\0" * (-len(content) % 512)


def pax(records, *, kind=b"x"):
    """A pax header with these records."""
    text = b""
    for key, value in records.items():
        body = b" %s=%s\n" % (key.encode(), value.encode("utf-8", "surrogateescape"))
        length = len(body)
        while len(str(length)) + len(body) != length:
            length = len(str(length)) + len(body)
        text += str(length).encode() + body
    return raw_member("pax", text, kind=kind)


END = bytes(1024)


def tgz(*pieces):
    """A gzip of the pieces: members as bytes, without the mark of the end."""
    return gzip.compress(b"".join(pieces), 1, mtime=0)


GOOD_TAR = b"".join(raw_member(name, content) for name, content in GOOD.items())
