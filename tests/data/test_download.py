"""Fetching an archive from a server that behaves, breaks off, lies or is not there."""

from __future__ import annotations

import hashlib
import io
import json
import stat
import threading
import zipfile
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from PIL import Image

from ganzoo.data.download import KNOWN, Archive, fetch, unpack
from ganzoo.data.folders import UnpairedImages
from ganzoo.errors import DataError


class Server(BaseHTTPRequestHandler):
    """Serves `server.content` with ranges; `server.cuts` says after how many bytes to hang up, request by request."""

    def do_HEAD(self):
        self.headers_for(0)

    def do_GET(self):
        content, start = self.server.content, 0
        wanted = self.headers.get("Range")
        if wanted and self.headers.get("If-Range", self.server.tag) == self.server.tag and self.server.ranges:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        self.server.starts.append(start)
        self.headers_for(start)
        body = content[start:]
        self.wfile.write(body[: self.server.cuts.pop(0)] if self.server.cuts else body)

    def headers_for(self, start):
        content = self.server.content
        if self.path != "/set.zip":
            self.send_error(404)
            return
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - start))
        self.send_header("ETag", self.server.tag)
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.content, server.tag, server.cuts, server.starts, server.ranges = archive_of(), '"one"', [], [], True
    thread = threading.Thread(target=partial(server.serve_forever, poll_interval=0.02))
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def archive_of(*extra, size=(20, 20)):
    """A zip file set/{trainA,...}/0.png and whatever else (name, bytes)."""
    buffer, picture = io.BytesIO(), io.BytesIO()
    Image.effect_noise(size, 50).save(picture, "PNG")
    with zipfile.ZipFile(buffer, "w") as archive:
        for folder in ("trainA", "trainB", "testA", "testB"):
            archive.writestr(f"set/{folder}/0.png", picture.getvalue())
        for name, content in extra:
            archive.writestr(name, content)
    return buffer.getvalue()


def published(server, **known):
    return Archive("set", f"http://127.0.0.1:{server.server_port}/set.zip", **known)


get = partial(fetch, pause=0.01, timeout=5)


def test_a_set_is_fetched_verified_and_unpacked(server, tmp_path):
    archive = published(server, size=len(server.content), sha256=hashlib.sha256(server.content).hexdigest())
    calls = []

    def track(work, what, total):
        calls.append((what, total))
        return work

    root = get(archive, tmp_path / "data" / "mine", track)
    assert sorted(path.name for path in root.iterdir()) == ["testA", "testB", "trainA", "trainB"]
    assert sorted(path.name for path in root.parent.iterdir()) == ["mine", "set.zip.json"]
    assert calls == [("downloading set.zip (MiB)", 1), ("unpacking set.zip", 4)]
    assert json.loads((root.parent / "set.zip.json").read_text())["sha256"] == archive.sha256


def test_a_cut_connection_is_taken_up_where_it_broke(server, tmp_path):
    server.cuts = [1000, 0, 500]
    get(published(server), tmp_path / "set")
    assert server.starts == [0, 1000, 1000, 1500]


def test_the_next_call_goes_on_with_what_was_kept(server, tmp_path):
    server.cuts = [700, 0]
    with pytest.raises(DataError, match=r"closed too early .* are kept and continued"):
        get(published(server), tmp_path / "set", retries=0)
    assert (tmp_path / "set.zip.part").stat().st_size == 700
    assert not (tmp_path / "set").exists()
    get(published(server), tmp_path / "set")
    assert server.starts[-1] == 700
    assert (tmp_path / "set" / "trainA" / "0.png").exists()


def test_a_part_of_another_version_is_not_continued(server, tmp_path):
    server.cuts = [700, 0]
    with pytest.raises(DataError):
        get(published(server), tmp_path / "set", retries=0)
    server.tag, server.content = '"two"', archive_of(size=(30, 20))
    get(published(server), tmp_path / "set")
    assert server.starts[-1] == 0


def test_a_server_without_ranges_starts_over(server, tmp_path):
    server.ranges, server.cuts = False, [1000]
    get(published(server), tmp_path / "set")
    assert server.starts == [0, 0]


def test_another_size_is_refused_before_the_download(server, tmp_path):
    with pytest.raises(DataError, match="not the same file"):
        get(published(server, size=5), tmp_path / "set")
    assert server.starts == []


def test_another_hash_is_refused_and_removed(server, tmp_path):
    with pytest.raises(DataError, match="expected were"):
        get(published(server, sha256="0" * 64), tmp_path / "set")
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip.json"]


def test_a_hash_once_recorded_must_come_again(server, tmp_path):
    get(published(server), tmp_path / "first")
    server.content, server.tag = archive_of(("set/more.txt", b"x")), '"two"'
    with pytest.raises(DataError, match="expected were"):
        get(published(server), tmp_path / "second")
    assert not (tmp_path / "second").exists()


def test_a_file_that_is_there_already_is_used(server, tmp_path):
    (tmp_path / "set.zip").write_bytes(server.content)
    get(published(server, sha256=hashlib.sha256(server.content).hexdigest()), tmp_path / "set")
    assert server.starts == []


def test_no_network_names_the_two_ways_on(tmp_path):
    with pytest.raises(DataError, match="cannot download") as caught:
        get(Archive("set", "http://127.0.0.1:9/set.zip"), tmp_path / "set")
    assert "--set data.root=FOLDER" in caught.value.hint
    assert "--set 'data={type=\"seasons\"}'" in caught.value.hint
    assert not (tmp_path / "set").exists()


def test_a_missing_file_is_not_asked_for_again(server, tmp_path):
    archive = Archive("set", f"http://127.0.0.1:{server.server_port}/nothing.zip")
    with pytest.raises(DataError, match="Not Found"):
        fetch(archive, tmp_path / "set", pause=60)


def test_nothing_is_written_over(server, tmp_path):
    (tmp_path / "mine.txt").touch()
    with pytest.raises(DataError, match="has something else in it"):
        get(published(server), tmp_path)
    assert server.starts == []


def test_the_mirror_takes_the_place_of_the_publisher(server, tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_MIRROR", f"http://127.0.0.1:{server.server_port}/")
    get(Archive("set", "https://example.invalid/far/away/set.zip"), tmp_path / "set")
    assert server.starts == [0]


@pytest.mark.parametrize("name", ["../evil.txt", "/evil.txt", "set/../../evil.txt", "C:/evil.txt", "..\\evil.txt"])
def test_a_path_outside_is_refused(tmp_path, name):
    file = tmp_path / "set.zip"
    file.write_bytes(archive_of((name, b"x")))
    with pytest.raises(DataError, match="outside its folder"):
        unpack(file, tmp_path / "set", "set")
    assert [path.name for path in tmp_path.rglob("*")] == ["set.zip"]


def test_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("set/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    (tmp_path / "set.zip").write_bytes(archive_of((link, "/etc")))
    with pytest.raises(DataError, match="outside its folder"):
        unpack(tmp_path / "set.zip", tmp_path / "set", "set")


def test_a_zip_bomb_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("set/zeros", bytes(101 * 2**20))
    with pytest.raises(DataError, match="would unpack to"):
        unpack(tmp_path / "set.zip", tmp_path / "set", "set")


def test_a_damaged_archive_leaves_nothing_behind(tmp_path):
    content = bytearray(archive_of())
    content[200] ^= 255
    (tmp_path / "set.zip").write_bytes(content)
    with pytest.raises(DataError, match="is damaged"):
        unpack(tmp_path / "set.zip", tmp_path / "set", "set")
    assert [path.name for path in tmp_path.iterdir()] == ["set.zip"]


def test_unpaired_images_fetch_a_known_set_when_asked(server, tmp_path, monkeypatch):
    monkeypatch.setitem(KNOWN, "set", published(server))
    config = UnpairedImages.Config(root=str(tmp_path / "set"), size=16, download=True)
    data = UnpairedImages(config)
    assert data.offer() == KNOWN["set"]
    data.prepare()
    assert data.offer() is None
    assert len(data) == 1
    UnpairedImages(config).prepare()
    assert server.starts == [0]


def test_published_archives_have_a_size_and_a_hash():
    assert KNOWN["summer2winter_yosemite"].source.endswith("/cyclegan/datasets/summer2winter_yosemite.zip")
    assert all(len(archive.sha256) == 64 and archive.size for archive in KNOWN.values() if archive.name != "ae_photos")
