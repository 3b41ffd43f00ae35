"""Download from a real S3 server on this machine, over lines that break."""

import errno
import hashlib
import http.server
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from datetime import timedelta

import numpy as np
import pytest
from click.testing import CliRunner

import full_disks
from bad_line import bad_line
from full_disks import full_disk, read_only
from sn7fast import write_csv
from sn7fast.cli import download as download_command
from sn7fast.cli.group import commands
from sn7fast.data.catalog import Catalog
from sn7fast.data.synthetic import synthetic_scene
from sn7fast.download import ARCHIVES, Limits, Progress, download, remote, transfer
from sn7fast.errors import ArchiveError, DownloadError, InputError
from tarballs import END, GOOD_TAR, raw_member, tgz

pytest.importorskip("obstore", reason="obstore is not installed")
moto_server = pytest.importorskip("moto.server", reason="moto is not installed")

BUCKET, NAME = "spacenet-dataset", "SN7_buildings_train.tar.gz"
KEY = f"spacenet/SN7_buildings/tarballs/{NAME}"
URL = f"s3://{BUCKET}/{KEY}"
REGION = "us-east-1"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """A small archive made from a synthetic scene: bytes, and the files in it."""
    folder = tmp_path_factory.mktemp("scene")
    scene = synthetic_scene(seed=3, shape_yx=(192, 192), months=6)
    scene.write_sn7(folder / "train")
    for masks in (folder / "train").glob("*/masks"):
        shutil.rmtree(masks)
    (folder / "csvs").mkdir()
    write_csv(folder / "csvs" / "sn7_train_ground_truth_pix.csv", scene.truth)
    names = sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", compresslevel=1) as tar:
        for name in names:
            tar.add(folder / name, arcname=name)
        # Noise, so that there is something to lose.
        info = tarfile.TarInfo("._noise")
        info.size = 3_000_000
        tar.addfile(info, io.BytesIO(np.random.default_rng(0).bytes(info.size)))
    return buffer.getvalue(), {name: (folder / name).read_bytes() for name in names}


@pytest.fixture(scope="module")
def server():
    """A server of S3 and a function that puts objects into it."""
    import boto3

    running = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name=REGION,
        aws_access_key_id="nobody",
        aws_secret_access_key="nothing",
    )
    client.create_bucket(Bucket=BUCKET)

    def put(content, key=KEY, acl="public-read"):
        client.put_object(Bucket=BUCKET, Key=key, Body=content, ACL=acl)
        return hashlib.md5(content).hexdigest()

    yield port, put
    running.stop()


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """No proxy of the machine is between us and the server."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch):
    """Several make an archive."""
    monkeypatch.setattr(transfer, "_RANGE_BYTES", 1_500_000)


@pytest.fixture
def line(server):
    with bad_line(server[0]) as made:
        yield made


@pytest.fixture
def pauses(monkeypatch):
    """Waiting is noted, not done."""
    waited = []
    monkeypatch.setattr(transfer, "sleep", waited.append)
    return waited


class Notes(Progress):
    def __init__(self):
        self.notes, self.steps, self.done = [], [], 0

    def start(self, label, size_bytes, done_bytes):
        self.steps.append(label)
        self.done = done_bytes

    def advance(self, size_bytes):
        self.done += size_bytes

    def note(self, text):
        self.notes.append(text)


def visible(folder):
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def content(folder):
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in folder.rglob("*")
        if p.is_file() and not p.name.startswith(".")
    }


def test_whole_way_and_a_second_call(tmp_path, archive, server, line):
    data, files = archive
    md5 = server[1](data)
    out, seen = tmp_path / "new" / "out", Notes()
    done = download(url=URL, out=out, endpoint=line.url, md5=md5, progress=seen)
    assert (done.size, done.md5, done.is_md5_checked) == (len(data), md5, True)
    assert (done.fetched, done.resumed_from, done.reconnects) == (len(data), 0, 0)
    assert done.etag == f'"{md5}"'
    assert done.archive is None
    assert done.extracted.files == len(files)
    assert (done.extracted.skipped, done.extracted.skipped_first) == (1, "._noise")
    assert seen.steps == ["download", "extract"]
    assert content(out) == files
    assert len(Catalog.scan(out / "train").names) == 1
    assert visible(out) == ["csvs", "train"]
    assert [p.name for p in out.iterdir() if p.name.startswith(".")] == [f".{NAME}.json"]
    before, made = {p: p.stat().st_mtime_ns for p in out.rglob("*")}, line.made
    again = download(url=URL, out=out, endpoint=line.url, md5=md5)
    assert again.was_there
    assert again.extracted.was_there
    assert again.extracted.files == len(files)
    assert line.made == made
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*")} == before


def test_a_part_that_is_whole_and_one_that_is_a_link(tmp_path, archive, server, line):
    data, files = archive
    md5 = server[1](data)
    options = {"url": URL, "endpoint": line.url, "md5": md5}
    line.cuts = [3_000_000, 100]
    out = tmp_path / "whole"
    with pytest.raises(DownloadError):
        download(**options, out=out, retries=0)
    line.cuts, part = [], out / f"{NAME}.part"
    part.write_bytes(data)
    done = download(**options, out=out)
    assert (done.fetched, done.resumed_from) == (0, len(data))
    assert content(out) == files
    out, outside = tmp_path / "link", tmp_path / "outside"
    out.mkdir()
    outside.write_bytes(b"mine")
    (out / f"{NAME}.part").symlink_to(outside)
    assert download(**options, out=out).fetched == len(data)
    assert outside.read_bytes() == b"mine"


def test_cut_off_many_times(tmp_path, archive, server, line, pauses):
    data, files = archive
    md5 = server[1](data)
    line.cuts = [300_000, 700_000, 10_000, 150_000, 1_000_000, 400_000, 5000, 200_000]
    seen = Notes()
    done = download(url=URL, out=tmp_path, endpoint=line.url, md5=md5, progress=seen)
    assert line.lost == 8
    assert done.reconnects == 8
    assert (done.md5, done.fetched, done.resumed_from) == (md5, len(data), 0)
    assert len(pauses) == 8
    assert sum("connection lost at byte" in note for note in seen.notes) == 8
    assert content(tmp_path) == files


def test_a_line_that_falls_silent(tmp_path, archive, server, line, pauses, monkeypatch):
    md5 = server[1](archive[0])
    monkeypatch.setattr(remote, "_SILENCE", timedelta(seconds=1))
    line.cuts, line.stalls = [700_000, 10_000], True
    done = download(url=URL, out=tmp_path, endpoint=line.url, md5=md5)
    assert (line.lost, done.md5) == (2, md5)
    # A loaded machine may fall silent of itself.
    assert done.reconnects >= 2


def test_gives_up_keeps_what_came_and_goes_on(tmp_path, archive, server, line, pauses):
    data, files = archive
    md5 = server[1](data)
    # Each time less than one piece comes.
    line.cuts = [800_000, 3000, 3000, 3000]
    with pytest.raises(DownloadError, match=r"failed tries in a row: 3.*keeps \d+ bytes"):
        download(url=URL, out=tmp_path, endpoint=line.url, md5=md5, retries=2)
    part = tmp_path / f"{NAME}.part"
    there = part.stat().st_size
    assert 100_000 < there < 800_000
    assert visible(tmp_path) == [part.name, f"{part.name}.json"]
    assert part.read_bytes() == data[:there]
    assert pauses == sorted(pauses)
    line.cuts = []
    done = download(url=URL, out=tmp_path, endpoint=line.url, md5=md5)
    assert (done.resumed_from, done.fetched) == (there, len(data) - there)
    assert done.md5 == md5
    assert content(tmp_path) == files


def test_wrong_checksum(tmp_path, archive, server, line):
    data, _ = archive
    md5, wanted = server[1](data), "0" * 32
    with pytest.raises(ArchiveError) as caught:
        download(url=URL, out=tmp_path, endpoint=line.url, md5=wanted)
    for said in (str(tmp_path / NAME), md5, wanted, "removed", URL):
        assert said in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_known_archive_has_its_checksum_checked(tmp_path, archive, server, line):
    server[1](archive[0])
    with pytest.raises(ArchiveError, match=ARCHIVES["train"].md5):
        download("train", out=tmp_path, endpoint=line.url)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["csvs", "sample"])
def test_archives_without_a_known_checksum(tmp_path, server, line, name):
    key = ARCHIVES[name].url.removeprefix(f"s3://{BUCKET}/")
    md5 = server[1](tgz(GOOD_TAR, raw_member("csvs/a.csv", b"x"), END), key)
    seen = Notes()
    done = download(name, out=tmp_path, endpoint=line.url, progress=seen)
    assert (done.md5, done.is_md5_checked) == (md5, False)
    assert any("not encrypted" in note for note in seen.notes)


def test_an_object_that_changed_between_two_calls(tmp_path, archive, server, line, pauses):
    data, files = archive
    server[1](bytes(reversed(data)))
    line.cuts = [500_000, 100]
    with pytest.raises(DownloadError):
        download(url=URL, out=tmp_path, endpoint=line.url, retries=0)
    assert (tmp_path / f"{NAME}.part").stat().st_size > 100_000
    md5, line.cuts, seen = server[1](data), [], Notes()
    done = download(url=URL, out=tmp_path, endpoint=line.url, progress=seen)
    assert (done.resumed_from, done.md5) == (0, md5)
    assert any("another version" in note for note in seen.notes)
    assert content(tmp_path) == files


def test_an_object_that_changes_during_a_call(tmp_path, archive, server, line, monkeypatch):
    data, files = archive
    server[1](bytes(reversed(data)))
    line.cuts, new = [500_000], []
    monkeypatch.setattr(transfer, "sleep", lambda _: new.append(server[1](data)))
    seen = Notes()
    done = download(url=URL, out=tmp_path, endpoint=line.url, progress=seen)
    assert done.md5 == new[0]
    assert done.resumed_from == 0
    assert any("changed during the download" in note for note in seen.notes)
    assert content(tmp_path) == files


def test_an_object_that_always_changes(tmp_path, archive, server, line, monkeypatch):
    data, _ = archive
    count = iter(range(99))
    server[1](data)
    line.cuts = [500_000] * 9
    monkeypatch.setattr(transfer, "sleep", lambda _: server[1](data + bytes([next(count)])))
    with pytest.raises(DownloadError, match="changed 4 times"):
        download(url=URL, out=tmp_path, endpoint=line.url)


def test_the_part_of_an_unknown_version_is_not_trusted(tmp_path, archive, server, line):
    data, files = archive
    md5 = server[1](data)
    part, seen = tmp_path / f"{NAME}.part", Notes()
    part.write_bytes(b"of something else")
    done = download(url=URL, out=tmp_path, endpoint=line.url, progress=seen)
    assert (done.md5, done.resumed_from) == (md5, 0)
    assert content(tmp_path) == files
    assert any("thrown away" in note for note in seen.notes)


def test_a_truncated_gzip(tmp_path, archive, server, line):
    cut = archive[0][: len(archive[0]) // 2]
    server[1](cut)
    with pytest.raises(ArchiveError, match="ends too early"):
        download(url=URL, out=tmp_path, endpoint=line.url)
    # What came is what the server has; a look at it may tell why.
    assert visible(tmp_path) == [NAME]
    assert (tmp_path / NAME).read_bytes() == cut


def test_a_hostile_archive(tmp_path, server, line):
    server[1](tgz(GOOD_TAR, raw_member("../escaped", b"x"), END))
    out = tmp_path / "out"
    with pytest.raises(ArchiveError, match="lead elsewhere"):
        download(url=URL, out=out, endpoint=line.url)
    assert visible(tmp_path) == ["out"]
    assert visible(out) == [NAME]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (f"s3://{BUCKET}/no/such.tar.gz", "no such object"),
        ("s3://no-such-bucket/a.tar.gz", "no such bucket"),
        (f"s3://{BUCKET}/private.tar.gz", "may not be read by everyone"),
    ],
)
def test_what_is_not_there(tmp_path, server, line, url, message):
    server[1](b"secret", "private.tar.gz", "private")
    with pytest.raises(InputError, match=message) as caught:
        download(url=url, out=tmp_path, endpoint=line.url)
    assert url in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_the_guessed_name_of_the_sample_is_told(tmp_path, archive, line, monkeypatch):
    nowhere = ARCHIVES["sample"].url.replace("sample", "nowhere")
    known = type(ARCHIVES["sample"])(nowhere, has_known_place=False)
    monkeypatch.setitem(ARCHIVES, "sample", known)
    with pytest.raises(InputError, match="guessed"):
        download("sample", out=tmp_path, endpoint=line.url)


@pytest.mark.parametrize(
    "own",
    [
        {"AWS_ACCESS_KEY_ID": "me", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "t"},
        {"AWS_ACCESS_KEY_ID": "only half of it"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"},
        {"AWS_REGION": "mars-1", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true", "AWS_S3_EXPRESS": "1"},
        {"AWS_SKIP_SIGNATURE": "false", "AWS_WEB_IDENTITY_TOKEN_FILE": "/x", "AWS_ROLE_ARN": "y"},
    ],
)
def test_an_account_in_the_environment_is_not_used(
    tmp_path, archive, server, line, monkeypatch, own
):
    server[1](archive[0])
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    assert download(url=URL, out=tmp_path, endpoint=line.url).fetched == len(archive[0])
    asked = line.requests.lower()
    assert b"get /" in asked
    assert b"authorization" not in asked
    assert b"token" not in asked


def test_a_server_that_is_busy_and_one_that_says_no(tmp_path, archive, pauses, monkeypatch):
    monkeypatch.setattr(_Web, "data", archive[0])
    monkeypatch.setattr(_Web, "answers", [503, 429, 503])
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Web) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{running.server_port}/{NAME}"
        assert download(url=url, out=tmp_path / "busy").reconnects == 3
        _Web.answers.append(410)
        with pytest.raises(InputError, match="410"):
            download(url=url, out=tmp_path / "gone")
        running.shutdown()
    assert len(pauses) == 3


def test_no_network(tmp_path, pauses):
    with pytest.raises(DownloadError, match=r"failed tries in a row: 3, .*Connection refused"):
        download(url=URL, out=tmp_path, endpoint="http://127.0.0.1:9", retries=2)
    assert len(pauses) == 2
    assert list(tmp_path.iterdir()) == []


def test_no_name_server(tmp_path):
    with pytest.raises(DownloadError, match=r"failed tries in a row: 1, .*lookup"):
        download(url="https://nowhere.invalid/a.tar.gz", out=tmp_path, retries=0)


def test_full_disk(tmp_path, archive, server, line, monkeypatch):
    monkeypatch.setattr(full_disks, "LIMIT", 1_000_000)
    data, files = archive
    md5 = server[1](data)
    with full_disk(), pytest.raises(OSError) as caught:  # noqa: PT011 - its number is
        download(url=URL, out=tmp_path, endpoint=line.url, md5=md5)
    assert caught.value.errno == errno.EFBIG
    assert visible(tmp_path) == [f"{NAME}.part", f"{NAME}.part.json"]
    there = (tmp_path / f"{NAME}.part").stat().st_size
    assert 0 < there <= 1_000_000
    done = download(url=URL, out=tmp_path, endpoint=line.url, md5=md5)
    assert done.resumed_from == there
    assert content(tmp_path) == files


def test_too_little_space_is_told_before(tmp_path, archive, server, line, monkeypatch):
    server[1](archive[0])
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(transfer.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(OSError, match="1000 are free") as caught:
        download(url=URL, out=tmp_path, endpoint=line.url)
    assert caught.value.errno == errno.ENOSPC


def test_read_only_folder(tmp_path, archive, server, line):
    server[1](archive[0])
    out = tmp_path / "out"
    out.mkdir()
    with read_only(out), pytest.raises(PermissionError):
        download(url=URL, out=out, endpoint=line.url)
    assert list(out.iterdir()) == []


def test_no_extract_then_extract_then_keep(tmp_path, archive, server, line):
    data, files = archive
    server[1](data)
    options = {"url": URL, "out": tmp_path, "endpoint": line.url}
    first = download(**options, extract=False)
    assert first.archive.read_bytes() == data
    assert first.extracted is None
    assert visible(tmp_path) == [NAME]
    assert download(**options, extract=False).was_there
    second = download(**options, keep_archive=True)
    assert (second.fetched, second.extracted.files) == (0, len(files))
    assert visible(tmp_path) == [NAME, "csvs", "train"]
    assert download(**options, keep_archive=True).was_there
    (tmp_path / NAME).unlink()
    assert download(**options).was_there
    third = download(**options, keep_archive=True)
    assert (third.fetched, third.was_there) == (len(data), False)
    assert visible(tmp_path) == [NAME, "csvs", "train"]


def test_an_archive_that_lies_there_is_used_or_left_alone(tmp_path, archive, server, line):
    data, files = archive
    md5 = server[1](data)
    mine = tmp_path / NAME
    mine.write_bytes(data)
    done = download(url=URL, out=tmp_path, endpoint=line.url, md5=md5)
    assert (done.fetched, done.extracted.files, done.archive) == (0, len(files), mine)
    for wrong, message in ((data[:-1], "got .* bytes, wanted"), (b"x" * len(data), "got MD5")):
        out = tmp_path / message[:8]
        out.mkdir()
        (out / NAME).write_bytes(wrong)
        options = {} if "bytes" in message else {"md5": md5}
        with pytest.raises(ArchiveError, match=message) as caught:
            download(url=URL, out=out, endpoint=line.url, **options)
        assert "left as it is" in str(caught.value)
        assert [p.name for p in out.iterdir()] == [NAME]
        assert (out / NAME).read_bytes() == wrong


def test_a_folder_in_the_way_is_told_before_the_download(tmp_path, line):
    (tmp_path / "train").mkdir()
    with pytest.raises(InputError, match="is there already"):
        download("train", out=tmp_path, endpoint=line.url)
    assert line.made == 0


def test_a_missing_file_is_told_and_nothing_of_the_users_is_lost(tmp_path, archive, server, line):
    data, files = archive
    server[1](data)
    options = {"url": URL, "out": tmp_path, "endpoint": line.url}
    download(**options)
    lost = next(name for name in files if name.startswith("train"))
    (tmp_path / lost).unlink()
    (tmp_path / "train" / "mine").write_text("mine")
    seen = Notes()
    with pytest.raises(InputError, match="is there already"):
        download(**options, progress=seen)
    assert (tmp_path / "train" / "mine").is_file()
    assert any(lost in note for note in seen.notes)
    assert download(**options, overwrite=True).extracted.files == len(files)
    assert content(tmp_path) == files


class _Web(http.server.BaseHTTPRequestHandler):
    """A plain web server, with ranges or without."""

    data, ranges, answers, etag = b"", True, (), None

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._head(200, len(self.data))

    def do_GET(self):
        if self.headers["If-Match"] not in (None, self.etag):
            self.send_error(412)
            return
        wanted = self.headers["Range"]
        if not (wanted and self.ranges):
            self._head(200, len(self.data))
            self.wfile.write(self.data)
            return
        start, end = (int(number) for number in wanted.removeprefix("bytes=").split("-"))
        self._head(206, end + 1 - start, f"bytes {start}-{end}/{len(self.data)}")
        self.wfile.write(self.data[start : end + 1])

    def _head(self, status, length, content_range=None):
        if self.answers:
            self.send_error(self.answers.pop(0))
            return
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.send_header("Last-Modified", "Wed, 21 Oct 2020 07:28:00 GMT")
        if self.etag:
            self.send_header("ETag", self.etag)
        if content_range:
            self.send_header("Content-Range", content_range)
        self.end_headers()


@pytest.mark.parametrize("etag", [None, '"strong"', 'W/"weak"'])
@pytest.mark.parametrize("ranges", [True, False])
def test_a_web_server(tmp_path, archive, pauses, monkeypatch, ranges, etag):
    data, files = archive
    monkeypatch.setattr(_Web, "data", data)
    monkeypatch.setattr(_Web, "etag", etag)
    monkeypatch.setattr(_Web, "ranges", ranges)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Web) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        with bad_line(running.server_port) as line:
            # Without ranges the first answer is not read: a range was asked for.
            line.cuts, seen = [600_000] if ranges else [10**9, 600_000], Notes()
            done = download(url=f"{line.url}/some/{NAME}", out=tmp_path / "out", progress=seen)
            line.cuts = [10**9] + [600_000] * 9
            if not ranges:
                with pytest.raises(DownloadError, match="lost 4 times"):
                    download(url=f"{line.url}/a/{NAME}", out=tmp_path / "a", retries=3)
        running.shutdown()
    assert (done.etag, done.reconnects) == (etag, 1)
    assert any("whole objects only" in note for note in seen.notes) is not ranges
    assert done.md5 == hashlib.md5(data).hexdigest()
    assert content(tmp_path / "out") == files


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "what: wanted the name"),
        ({"what": "train", "url": URL}, "not both"),
        ({"what": "test"}, "wanted one of train"),
        ({"url": "ftp://host/a.tar.gz"}, "wanted s3://"),
        ({"url": "s3://bucket"}, "ends in the name of a file"),
        ({"url": "s3://bucket/a/../b.tar.gz"}, "without empty parts"),
        ({"url": "https://me:secret@host/a.tar.gz"}, "user name"),
        ({"url": "https://host/a.tar.gz?sig=secret"}, r"\? or #"),
        ({"url": "https://host/%2e%2e/a.tar.gz"}, "without empty parts"),
        ({"url": "https://host/a%2f..%2f.tar.gz"}, "name of a file"),
        ({"url": "https://host:99999/a.tar.gz"}, "wanted s3://"),
        ({"url": "s3://bucket/weights.pth"}, "ends in .tar.gz"),
        ({"what": "train", "md5": "abc"}, "32 hexadecimal"),
        ({"what": "train", "endpoint": "localhost:9000"}, "endpoint: got"),
        ({"url": "https://host/a.tar.gz", "endpoint": "http://x"}, "endpoint: got"),
        ({"what": "train", "retries": -1}, "retries: got"),
        ({"what": "train", "region": "my/region"}, "region: got"),
    ],
)
def test_arguments(tmp_path, options, message):
    with pytest.raises(InputError, match=message) as caught:
        download(out=tmp_path / "out", **options)
    assert "secret" not in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_the_command_knows_the_names_and_limits_of_the_library():
    parameters = {parameter.name: parameter for parameter in download_command.command.params}
    assert set(parameters["what"].type.choices) == set(ARCHIVES)
    limits = Limits()
    assert parameters["max_files"].default == limits.members
    assert parameters["max_gib"].default * 2**30 == limits.total_bytes
    assert parameters["max_file_gib"].default * 2**30 == limits.member_bytes
    assert parameters["max_ratio"].default == limits.ratio
    assert parameters["region"].default == "us-east-1"


def run_cli(*arguments):
    return CliRunner().invoke(commands, ["download", *map(str, arguments)])


def test_command(tmp_path, archive, server, line, pauses):
    data, files = archive
    md5 = server[1](data)
    line.cuts = [300_000]
    common = ["--url", URL, "--endpoint", line.url, "--out", tmp_path / "out"]
    done = run_cli(*common)
    assert done.exit_code == 0
    assert f"{len(data) / 1e6:.1f} MB fetched, 1 connection lost" in done.stdout
    assert f"{tmp_path}/out/csvs, {tmp_path}/out/train: {len(files)} files" in done.stdout
    assert md5 in done.stderr
    assert "1 member of the archive left out" in done.stderr
    again = run_cli(*common, "--json", "--quiet")
    assert again.exit_code == 0
    result = json.loads(again.stdout)
    assert result["was_there"] is True
    assert result["md5"] == md5
    assert result["extracted"]["files"] == len(files)
    assert again.stderr == ""
    assert "nothing was done" in run_cli(*common).stdout


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ([], 2, "or --url"),
        (["train", "--url", URL], 2, "not both"),
        (["everything"], 2, "everything"),
        (["train", "--md5", "1"], 3, "32 hexadecimal"),
        (["train", "--endpoint", "http://127.0.0.1:9", "--retries", "0"], 3, "next: run the same"),
    ],
)
def test_command_used_wrongly(tmp_path, arguments, status, said):
    done = run_cli(*arguments, "--out", tmp_path / "out")
    assert done.exit_code == status
    assert said in done.stderr


def run_until(out, line, size, kill):
    """Run the command in a process of its own and end it when it is far enough."""
    command = [sys.executable, "-m", "sn7fast.run", "download", "--url", URL, "--out", str(out),
               "--endpoint", line.url]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, env=os.environ, text=True)
    part, end = out / f"{NAME}.part", time.monotonic() + 30
    while time.monotonic() < end and not (part.is_file() and part.stat().st_size > size):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(kill)
    return process.communicate(timeout=30)[1], process.returncode


def test_killed_and_run_again(tmp_path, archive, server, line):
    data, files = archive
    md5 = server[1](data)
    out, there = tmp_path / "out", 0
    line.pause_s = 0.005
    for _ in range(3):
        _, status = run_until(out, line, there + 300_000, signal.SIGKILL)
        assert status == -signal.SIGKILL
        assert visible(out) == [f"{NAME}.part", f"{NAME}.part.json"]
        part = out / f"{NAME}.part"
        assert data.startswith(part.read_bytes())
        there = part.stat().st_size
    line.pause_s = 0
    done = download(url=URL, out=out, endpoint=line.url, md5=md5)
    assert (done.resumed_from, done.fetched) == (there, len(data) - there)
    assert content(out) == files
    assert visible(out) == ["csvs", "train"]


@pytest.mark.parametrize("stalls", [False, True])
def test_interrupted(tmp_path, archive, server, line, stalls):
    server[1](archive[0])
    line.pause_s, line.stalls, line.cuts = 0.005, stalls, [500_000] * stalls
    said, status = run_until(tmp_path, line, 300_000, signal.SIGINT)
    assert status == 130
    assert "the same command goes on" in said
    assert visible(tmp_path) == [f"{NAME}.part", f"{NAME}.part.json"]
