"""Unpacking takes the files of SpaceNet 7 and nothing else, and refuses what is hostile."""

import gzip
import os
import signal
import subprocess
import sys
import tarfile

import pytest

from full_disks import full_disk, read_only
from sn7fast.data.catalog import Catalog
from sn7fast.download import Limits, extract
from sn7fast.errors import ArchiveError, InputError
from tarballs import AOI, END, GOOD, GOOD_TAR, OTHER, frame, pax, raw_member, tgz

BIG = frame("2018_09")


def tree(folder):
    """Everything below, hidden too: content of files, target of links."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        else:
            found[name] = path.read_bytes() if path.is_file() else None
    return found


def files(folder):
    return {name: content for name, content in tree(folder).items() if content is not None}


def write(tmp_path, content, name="SN7_buildings_train.tar.gz"):
    path = tmp_path / name
    path.write_bytes(content)
    return path


GOOD_TGZ = tgz(GOOD_TAR, END)


@pytest.mark.parametrize(
    ("tar", "skipped"),
    [
        (GOOD_TAR, 0),
        (raw_member("train/", kind=b"5") + GOOD_TAR, 0),
        (raw_member("./", kind=b"5") + GOOD_TAR + raw_member("._x") + raw_member("README.md"), 2),
        (raw_member(f"train/{AOI}/images/._global.tif", b"x" * 600) + GOOD_TAR, 1),
        (pax({"comment": "of all"}, kind=b"g") + GOOD_TAR, 0),
        (raw_member("dir", kind=b"5") + GOOD_TAR + END + bytes(9000), 0),
    ],
    ids=["plain", "folders", "dots", "mac", "global-comment", "padded"],
)
def test_what_is_taken(tmp_path, tar, skipped):
    out = tmp_path / "out"
    done = extract(write(tmp_path, tgz(tar, END)), out)
    assert (done.files, done.skipped, done.was_there) == (len(GOOD), skipped, False)
    assert done.size == sum(map(len, GOOD.values()))
    assert done.folders == (out / "train",)
    receipt = out / ".SN7_buildings_train.tar.gz.json"
    assert receipt.is_file()
    receipt.unlink()
    assert files(out) == GOOD
    assert Catalog.scan(out).names == (AOI,)


@pytest.mark.parametrize(
    ("wrapper", "name"),
    [
        ("SN7_buildings_train_sample", "other.tar.gz"),
        ("sn7-copy_2", "sn7-copy_2.tar.gz"),
        ("mine", "mine.tgz"),
    ],
)
def test_a_folder_named_after_the_archive_is_left_out(tmp_path, wrapper, name):
    path = f"{wrapper}/{frame()}"
    members = pax({"path": path}) + raw_member("x", b"1") + raw_member("x/csvs/a.csv", b"2")
    done = extract(write(tmp_path, tgz(members, END), name), tmp_path / "out")
    assert (done.files, done.skipped) == (1, 1)
    assert (tmp_path / "out" / frame()).read_bytes() == b"1"


def test_every_form_of_a_long_name(tmp_path):
    path = frame(aoi="L15-0331E-1257N_1327_3160_13", folder="labels_match_pix",
                 tail="_Buildings.geojson")  # fmt: skip
    assert len(path) > 100
    names = [path, path.replace("2018_01", "2018_02"), path.replace("2018_01", "2018_03")]
    members = [
        raw_member("././@LongLink", names[0].encode() + b"\0", kind=b"L") + raw_member("x", b"1"),
        pax({"path": names[1], "mtime": "1.5", "size": "600"}) + raw_member("x", b"2" * 600),
        pax({"path": "SN7_buildings_train/" + names[2]}) + raw_member("x", b"3"),
    ]
    done = extract(write(tmp_path, tgz(*members, END)), tmp_path / "out")
    assert done.files == 3
    assert (tmp_path / "out" / names[0]).read_bytes() == b"1"
    assert (tmp_path / "out" / names[1]).read_bytes() == b"2" * 600
    assert (tmp_path / "out" / names[2]).read_bytes() == b"3"


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_what_tarfile_writes_with_every_folder(tmp_path, form):
    wanted = {
        frame(folder="images"): b"a",
        frame(folder="images_masked"): b"b",
        frame(folder="labels", tail="_Buildings.geojson"): b"c",
        frame(folder="labels", tail="_UDM.geojson"): b"d",
        frame(folder="labels_match", tail="_Buildings.geojson"): b"e",
        frame(folder="labels_match_pix", tail="_Buildings.geojson"): b"f" * 2000,
        frame(folder="UDM_masks", tail="_UDM.tif"): b"",
        frame(root="test_public", aoi=OTHER): b"g",
        "csvs/sn7_train_ground_truth_pix.csv": b"filename,id,geometry\n",
    }
    source = tmp_path / "SN7_buildings_train"
    for name, content in wanted.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(content)
    archive = tmp_path / "a.tgz"
    with tarfile.open(archive, "w:gz", format=form) as tar:
        tar.add(source, arcname=source.name)
    out = tmp_path / "out"
    done = extract(archive, out)
    assert [folder.name for folder in done.folders] == ["csvs", "test_public", "train"]
    got = files(out)
    got.pop(".a.tgz.json")
    assert got == wanted


def test_a_gzip_in_two_streams(tmp_path):
    content = gzip.compress(GOOD_TAR[:3000]) + gzip.compress(GOOD_TAR[3000:] + END) + bytes(99)
    assert extract(write(tmp_path, content), tmp_path / "out").files == len(GOOD)


def damaged(content, at=-8):
    changed = bytearray(content)
    changed[at] ^= 0xFF
    return bytes(changed)


LONG = "x" * 300
# Each comes after good members, so that a part was written when it is met.
HOSTILE = {
    "symbolic link": (raw_member(frame("2018_05"), kind=b"2"), "symbolic link"),
    "hard link": (raw_member(frame("2018_05"), kind=b"1"), "hard link"),
    "character device": (raw_member(frame("2018_05"), kind=b"3"), "character device"),
    "block device": (raw_member(frame("2018_05"), kind=b"4"), "block device"),
    "fifo": (raw_member(frame("2018_05"), kind=b"6"), "fifo"),
    "contiguous": (raw_member(frame("2018_05"), kind=b"7"), "contiguous"),
    "unknown kind": (raw_member(frame("2018_05"), kind=b"Z"), "unknown kind"),
    "skipped name, but a link": (raw_member("README", kind=b"2"), "symbolic link"),
    "GNU sparse": (raw_member("train/x", kind=b"S"), "sparse"),
    "pax sparse": (
        pax({"GNU.sparse.major": "1", "GNU.sparse.name": "x"}) + raw_member(frame("2018_05")),
        "sparse",
    ),
    "absolute": (raw_member("/" + frame("2018_05"), b"x"), "absolute"),
    "absolute by pax": (pax({"path": "/tmp/x"}) + raw_member("x", b"x"), "absolute"),
    "drive": (raw_member("C:/train/x", b"x"), "absolute"),
    "up": (raw_member("../escaped", b"x"), "lead elsewhere"),
    "up within": (raw_member("train/../../escaped", b"x"), "lead elsewhere"),
    "up by a long name": (
        raw_member("L", b"../" * 200 + b"escaped\0", kind=b"L") + raw_member("x", b"x"),
        "lead elsewhere",
    ),
    "up to a good place": (raw_member(f"x/../{frame('2018_05')}", b"x"), "lead elsewhere"),
    "folder up": (raw_member("../escaped/", kind=b"5"), "lead elsewhere"),
    "dot within": (raw_member(frame("2018_05").replace("/", "/./", 1)), "lead elsewhere"),
    "two slashes": (raw_member(frame("2018_05").replace("/", "//", 1)), "lead elsewhere"),
    "backslash": (raw_member("train\\..\\..\\escaped", b"x"), "backslash"),
    "zero byte": (pax({"path": frame("2018_05") + "\0.tif"}) + raw_member("x", b"x"), "seen"),
    "line feed": (raw_member("train/a\nb", b"x"), "cannot be seen"),
    "escape": (raw_member("train/\x1b[2J", b"x"), "cannot be seen"),
    "right to left": (raw_member("train/\u202etif.exe", b"x"), "cannot be seen"),
    "no UTF-8": (raw_member(b"train/\xff\xfe", b"x"), "decoded"),
    "long name": (pax({"path": f"train/{LONG}"}) + raw_member("x", b"x"), "255 bytes"),
    "long path": (pax({"path": "train/" + "a/" * 600 + "b"}) + raw_member("x"), "1024 bytes"),
    "twice": (raw_member(frame("2018_01"), b"other"), "twice"),
    "twice, once in a folder": (
        raw_member("SN7_buildings_train/train", kind=b"5")
        + pax({"path": "SN7_buildings_train/" + frame("2018_01")})
        + raw_member("x", b"other"),
        "twice",
    ),
    "skipped twice": (raw_member("README") + raw_member("README"), "twice"),
    "case": (raw_member(frame("2018_01").replace("mosaic", "MOSAIC"), b"x"), "some systems"),
    "case of a folder": (raw_member("Train/x", b"x"), "some systems"),
    "composed letters": (raw_member("é") + raw_member("e\u0301"), "some systems"),
    "file in a file": (raw_member(frame("2018_01") + "/x", b"x"), "as well as a folder"),
    "file for a folder": (raw_member(f"train/{AOI}", b"x"), "as well as a folder"),
    "file with a slash": (
        pax({"path": frame("2018_05") + "/"}) + raw_member("x", b"x"),
        "name of a folder",
    ),
    "negative size": (raw_member(frame("2018_05"), size=-512), "damaged|has a size"),
    "size that is no number": (pax({"size": "-1"}) + raw_member(frame("2018_05")), "has the size"),
    "folder with content": (raw_member("train/b", b"x" * 512, kind=b"5"), "size of 512"),
    "name for all": (pax({"path": frame("2018_05")}, kind=b"g") + raw_member("x"), "for all"),
    "long name of 1 GiB": (raw_member("L", kind=b"L", size=2**30), "wanted at most"),
    "pax header of 1 GiB": (raw_member("L", kind=b"x", size=2**30), "wanted at most"),
    "headers without end": (pax({"comment": "x"}) * 9 + raw_member("x"), "than it needs"),
    "header without member": (pax({"path": "x"}), "no member belongs"),
    "damaged pax": (raw_member("x", b"99 path=x\n", kind=b"x") + raw_member("x"), "damaged pax"),
    "damaged header": (damaged(raw_member(frame("2018_05")), 3), "damaged header"),
    "file of 9 GiB": (
        pax({"size": str(9 * 2**30)}) + raw_member(frame("2018_05")),
        "member_bytes",
    ),
    "file of 7 GiB that ends": (raw_member(frame("2018_05"), size=7 * 2**30), "ends within"),
    "content after the end": (END + raw_member(frame("2018_05"), b"x"), "after the mark"),
}


def refused(tmp_path, content, message, **options):
    archive = write(tmp_path, content)
    out = tmp_path / "deep" / "out"
    out.mkdir(parents=True)
    (out / "mine.txt").write_text("mine")
    before = tree(tmp_path)
    with pytest.raises(ArchiveError, match=message) as caught:
        extract(archive, out, **options)
    assert str(archive) in str(caught.value)
    assert tree(tmp_path) == before


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_members(tmp_path, name):
    members, message = HOSTILE[name]
    refused(tmp_path, tgz(GOOD_TAR, members, END), message)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04" + bytes(100), "no gzip"),
        (GOOD_TGZ[:-1], "ends too early"),
        (GOOD_TGZ[: len(GOOD_TGZ) // 2], "ends too early"),
        (damaged(GOOD_TGZ), "damaged"),
        (GOOD_TGZ + b"more", "damaged"),
        (tgz(GOOD_TAR), "mark of the end"),
        (tgz(GOOD_TAR[:-600]), "ends within a file|mark of the end"),
        (tgz(END), "no file of SpaceNet 7"),
        (tgz(raw_member("README"), raw_member("train/x.exe", b"MZ"), END), "but 'README'"),
    ],
)  # fmt: skip
def test_damaged_and_empty_archives(tmp_path, content, message):
    refused(tmp_path, content, message)


def zeros(size):
    return tgz(GOOD_TAR, raw_member(BIG, bytes(size)), END)


@pytest.mark.parametrize(
    ("content", "limits", "message"),
    [
        (zeros(70 * 2**20), Limits(), r"\(ratio\)"),
        (zeros(2**20), Limits(total_bytes=2**19), r"\(total_bytes\)"),
        (zeros(2**20), Limits(member_bytes=2**20 - 1), r"\(member_bytes\)"),
        (GOOD_TGZ, Limits(members=3), r"\(members\)"),
        (tgz(GOOD_TAR, raw_member("skipped", bytes(2**20)), END), Limits(total_bytes=2**19),
         r"\(total_bytes\)"),
        (tgz(GOOD_TAR, END, bytes(2**20)), Limits(total_bytes=2**19), r"\(total_bytes\)"),
        (tgz(GOOD_TAR, *[raw_member(f"d{n}", kind=b"5") for n in range(20)], END),
         Limits(members=20), r"\(members\)"),
    ],
    ids=["ratio", "total", "member", "count", "skipped", "after-the-end", "folders"],
)  # fmt: skip
def test_bombs(tmp_path, content, limits, message):
    refused(tmp_path, content, message, limits=limits)


def test_limits_that_are_no_numbers():
    with pytest.raises(InputError, match="ratio: got 0"):
        Limits(ratio=0)


def test_a_folder_that_is_there_is_kept(tmp_path):
    archive, out = write(tmp_path, GOOD_TGZ), tmp_path / "out"
    (out / "train").mkdir(parents=True)
    (out / "train" / "mine").write_text("mine")
    before = tree(out)
    with pytest.raises(InputError, match="is there already"):
        extract(archive, out)
    assert tree(out) == before
    extract(archive, out, overwrite=True)
    assert set(files(out / "train")) == {name.removeprefix("train/") for name in GOOD}


def test_a_link_in_the_place_of_a_folder_is_not_followed(tmp_path):
    archive, out, outside = write(tmp_path, GOOD_TGZ), tmp_path / "out", tmp_path / "outside"
    out.mkdir()
    outside.mkdir()
    (outside / "mine").write_text("mine")
    for link in ("train", f".{archive.name}.extracting"):
        (out / link).symlink_to(outside)
    with pytest.raises(InputError, match="is there already"):
        extract(archive, out)
    assert (out / "train").is_symlink()
    extract(archive, out, overwrite=True)
    assert tree(outside) == {"mine": b"mine"}
    assert not (out / "train").is_symlink()


def test_a_second_call_does_nothing_until_a_file_is_missing(tmp_path):
    archive, out = write(tmp_path, GOOD_TGZ), tmp_path / "out"
    extract(archive, out)
    changed = {path: path.stat().st_mtime_ns for path in out.rglob("*")}
    again = extract(archive, out)
    assert again.was_there
    assert again.files == len(GOOD)
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*")} == changed
    (out / frame("2018_02")).unlink()
    with pytest.raises(InputError, match="is there already"):
        extract(archive, out)
    assert not extract(archive, out, overwrite=True).was_there
    assert (out / frame("2018_02")).is_file()


def test_full_disk(tmp_path):
    archive, out = write(tmp_path, tgz(GOOD_TAR, raw_member(BIG, bytes(9000)), END)), tmp_path / "o"
    with full_disk(), pytest.raises(OSError, match="too large"):
        extract(archive, out)
    assert tree(out) == {}
    assert extract(archive, out).files == len(GOOD) + 1


def test_read_only_folder(tmp_path):
    archive, out = write(tmp_path, GOOD_TGZ), tmp_path / "out"
    out.mkdir()
    archive.chmod(0o644)
    with read_only(out), pytest.raises(PermissionError):
        extract(archive, out)
    assert tree(out) == {}


def test_permissions_are_those_of_new_files(tmp_path):
    out = tmp_path / "out"
    info = raw_member(frame(), b"x")
    extract(write(tmp_path, tgz(info, END)), out)
    new = tmp_path / "new"
    new.write_text("")
    assert (out / frame()).stat().st_mode == new.stat().st_mode
    (tmp_path / "folder").mkdir()
    assert (out / "train").stat().st_mode == (tmp_path / "folder").stat().st_mode


KILLED = """
import os, signal, sys
from pathlib import Path
from sn7fast.download import extract, extraction
kind, name, count = {place}
method, calls = getattr(kind, name), []
def deadly(*args, **options):
    calls.append(None)
    if len(calls) > count:
        os.kill(os.getpid(), signal.SIGKILL)
    return method(*args, **options)
setattr(kind, name, deadly)
extract(sys.argv[1], sys.argv[2])
"""


@pytest.mark.parametrize(
    ("place", "visible"),
    [
        ("extraction._Writer, 'take', 3", []),
        ("Path, 'rename', 0", []),
        ("Path, 'rename', 1", ["csvs"]),
        ("extraction.shutil, 'rmtree', 0", ["csvs", "train"]),
    ],
)
def test_killed_and_run_again(tmp_path, place, visible):
    tar = GOOD_TAR + raw_member("csvs/truth.csv", b"filename,id,geometry\n")
    archive, out = write(tmp_path, tgz(tar, END)), tmp_path / "out"
    code = KILLED.format(place=place)
    died = subprocess.run([sys.executable, "-c", code, archive, out], env=os.environ, check=False)
    assert died.returncode == -signal.SIGKILL
    assert sorted(p.name for p in out.iterdir() if not p.name.startswith(".")) == visible
    done = extract(archive, out)
    assert done.was_there is bool(place.startswith(("Path", "extraction.shutil")))
    got = files(out)
    assert set(got) == {*GOOD, "csvs/truth.csv", f".{archive.name}.json"}
    assert {name: got[name] for name in GOOD} == GOOD
    undisturbed = tmp_path / "undisturbed"
    extract(archive, undisturbed)
    assert tree(undisturbed) == tree(out)


def test_two_at_once(tmp_path):
    from sn7fast.io.lock import locked

    archive, out = write(tmp_path, GOOD_TGZ), tmp_path / "out"
    out.mkdir()
    with (
        locked(out / f".{archive.name}.lock", "it", stays=False),
        pytest.raises(InputError, match="works on it already"),
    ):
        extract(archive, out)
    assert extract(archive, out).files == len(GOOD)
