"""Published files of pictures: fetched so that a broken line costs little, verified, unpacked safely."""

from __future__ import annotations

import hashlib
import http.client
import json
import math
import os
import shutil
import stat
import tempfile
import time
import urllib.error
import urllib.request
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ganzoo.data.base import Track, untracked
from ganzoo.errors import DataError


def ways_on(embedded: str) -> str:
    """What to do where pictures are missing; ``embedded`` is the ``[data]`` table of a set that needs no download."""
    return (
        "Two ways on: point data.root at a folder that has the pictures (--set data.root=FOLDER), or take the embedded "
        f"set, which needs no download: --set 'data={{{embedded}}}'"
    )


_SEASONS = 'type="seasons"'
TWO_WAYS = ways_on(_SEASONS)
MIRROR = "GANZOO_MIRROR"
"""The environment variable with the base URL that archives are fetched from instead of where they were published."""

_MIB = 2**20
_SLACK = 50  # no archive of pictures unpacks to more than this many times its size


@dataclass(frozen=True)
class Archive:
    """A published file. ``size`` (bytes) and ``sha256`` are verified where they are known; 0 and "" where not.

    ``folder`` is where it lies below a mirror; ``embedded`` the ``[data]`` table of what can be taken instead.
    """

    name: str
    url: str
    size: int = 0
    sha256: str = ""
    folder: str = ""
    embedded: str = _SEASONS

    @property
    def file(self) -> str:
        """What the file is called."""
        return self.url.rpartition("/")[2]

    @property
    def source(self) -> str:
        """The address it is fetched from: the published one, or the mirror's."""
        mirror = os.environ.get(MIRROR)
        return "/".join(filter(None, (mirror.rstrip("/"), self.folder, self.file))) if mirror else self.url

    @property
    def ways(self) -> str:
        """What to do where it cannot be had."""
        return ways_on(self.embedded)


def _cyclegan(name: str, size: int = 0, sha256: str = "") -> Archive:
    return Archive(name, f"https://efrosgans.eecs.berkeley.edu/cyclegan/datasets/{name}.zip", size, sha256)


# Sizes and hashes as TensorFlow Datasets records them (url_checksums/cycle_gan.txt). The server no longer gives out
# cityscapes, for its licence.
KNOWN: dict[str, Archive] = {
    archive.name: archive
    for archive in (
        _cyclegan("apple2orange", 78456409, "845a191e9af8926408ea597001cd03a452e3300a1f44a79fe329b3d59f6e3eb8"),
        _cyclegan("summer2winter_yosemite", 132640856,
                  "167fe1726807a9d22bd106b4a6c0bd7953b688af924ac1bf967439c4961e49f9"),
        _cyclegan("horse2zebra", 116867962, "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1"),
        _cyclegan("monet2photo", 305231073, "88f91b00fc228f97c9411fbf1880ec1d119c98f1722e4cfcfaa2fb35fac05b04"),
        _cyclegan("cezanne2photo", 279885071, "3a6c10ca21f9485862f1cbd707744b9dc258954a04631271d23a3605eeb63cff"),
        _cyclegan("ukiyoe2photo", 292946532, "02a2a2fb5ecf425ca1bf86aca7304377da64a2a1d3b86df54eb65e4068bf3b08"),
        _cyclegan("vangogh2photo", 306590349, "362c3473e70be0944bda08d49d660eafdc2854df55d697835b8186d1d79caaff"),
        _cyclegan("maps", 1476754427, "639534f69dbf9f36bef8d6292a7698006361221f83f0285d7c9ca78afe6e8a9e"),
        _cyclegan("facades", 35135868, "9a31ebf3a31b9b5cd195dd5bf62e9308e00cb94604d1019e3889ac84248695c0"),
        _cyclegan("iphone2dslr_flower", 339964458, "8fcb5e374d631b107e1d961b8c4cd0a186aa2a4ff3e279923f4c426128de7113"),
        _cyclegan("ae_photos"),
    )
}  # fmt: skip


def fetch(
    archive: Archive,
    root: Path,
    track: Track[Any] = untracked,
    *,
    retries: int = 4,
    timeout: float = 30.0,
    pause: float = 1.0,
) -> Path:
    """Downloads the archive beside ``root`` and unpacks it to ``root``, which appears whole or not at all.

    What arrived before a failure is kept in ``NAME.zip.part`` and continued by the next call. ``NAME.zip.json``
    records what was fetched; where the publisher's hash is unknown, a later fetch must match the recorded one.

    Args:
        archive: What to fetch, such as ``KNOWN["horse2zebra"]``.
        root: The folder to make; it must not exist yet, or be empty.
        track: Shows progress, in MiB and then in files.
        retries: Failures in a row, without a byte between them, that are put up with.
        timeout: Seconds to wait for the server to answer.
        pause: Seconds before the first retry; doubled for each further one.

    Raises:
        DataError: no network, not the published file, an unsafe archive, no room on the disk, or ``root`` in use.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise DataError(f"{root} has something else in it; nothing was downloaded over it", hint=archive.ways)
    file = fetch_file(archive, root.parent, track, retries=retries, timeout=timeout, pause=pause)
    with _writing(archive, root.parent):
        unpack(file, root, archive.name, track)
        file.unlink()
    return root


def fetch_file(
    archive: Archive,
    folder: Path,
    track: Track[Any] = untracked,
    *,
    retries: int = 4,
    timeout: float = 30.0,
    pause: float = 1.0,
) -> Path:
    """Downloads the file into ``folder`` as it is, under the name it was published by; verifies it if it is there.

    The arguments, and what is kept after a failure, are those of :func:`fetch`.

    Raises:
        DataError: no network, not the published file, or no room on the disk.
    """
    with _writing(archive, folder):
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / archive.file
        transfer = _Transfer(archive, file, retries=retries, timeout=timeout, pause=pause)
        if file.exists():
            transfer.verify(file)
        else:
            transfer.run(track)
    return file


@contextmanager
def _writing(archive: Archive, folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot write {archive.name} to {folder}: {error}", hint=archive.ways) from error


class _Transfer:
    """One file on its way."""

    def __init__(self, archive: Archive, file: Path, *, retries: int, timeout: float, pause: float) -> None:
        self.archive, self.file = archive, file
        self.part = file.with_name(file.name + ".part")
        self.record = file.with_name(file.name + ".json")
        self.retries, self.timeout, self.pause = retries, timeout, pause

    def run(self, track: Track[Any]) -> None:
        """Fetches, continuing what there is, until the file is whole."""
        self.begin()
        missing = max(0, self.size - self.have)
        for _ in track(self.pieces(), f"downloading {self.file.name} (MiB)", math.ceil(missing / _MIB)):
            pass
        try:
            self.verify(self.part)
        except DataError:
            self.part.unlink()
            raise
        self.part.rename(self.file)

    @property
    def have(self) -> int:
        return self.part.stat().st_size if self.part.exists() else 0

    def begin(self) -> None:
        """Asks the server how large the file is now, and forgets a part of another version of it."""
        headers = self.head()
        size = int(headers.get("Content-Length") or 0)
        tag = headers.get("ETag") or headers.get("Last-Modified") or ""
        if self.archive.size and size and size != self.archive.size:
            raise DataError(
                f"{self.archive.source} has {size:,} bytes, the published archive {self.archive.size:,}: "
                "not the same file",
                hint=self.archive.ways,
            )
        self.size = size or self.archive.size
        before = self.recorded()
        if before.get("tag") != tag or before.get("size") != self.size or (self.size and self.have > self.size):
            self.part.unlink(missing_ok=True)
        self.tag = tag
        self.write_record(sha256=before.get("sha256", ""))

    def head(self) -> Any:
        """The server's headers for the file; tried twice only, for without a network there is nothing to wait for."""
        for failures in (1, self.retries + 1):
            try:
                with self.open(method="HEAD") as response:
                    return response.headers
            except (OSError, http.client.HTTPException, ValueError) as error:
                self.give_up_or_wait(failures, error)
        raise AssertionError("the second failure gives up")

    def pieces(self) -> Iterator[None]:
        """Writes the rest of the file to the part, a MiB at a time; a lost connection is taken up again."""
        failures = 0
        while not self.size or self.have < self.size:
            before = self.have
            try:
                yield from self.rest()
                if not self.size:
                    return
                reason: Exception = ConnectionError("the connection was closed too early")
            except (OSError, http.client.HTTPException) as error:
                reason = error
            if self.have >= self.size > 0:
                return
            failures = 1 if self.have > before else failures + 1
            self.give_up_or_wait(failures, reason)

    def rest(self) -> Iterator[None]:
        have = self.have
        with self.open(method="GET", start=have) as response:
            continued = response.status == http.HTTPStatus.PARTIAL_CONTENT and (
                response.headers.get("Content-Range", "").startswith(f"bytes {have}-")
            )
            with self.part.open("ab" if continued else "wb") as out:
                while piece := response.read(_MIB):
                    out.write(piece)
                    yield

    def open(self, *, method: str, start: int = 0) -> Any:
        headers = {"User-Agent": "ganzoo", "Accept-Encoding": "identity"}
        if start:
            headers["Range"] = f"bytes={start}-"
            if self.tag and not self.tag.startswith("W/"):  # a weak tag may not be used for ranges (RFC 9110, 13.1.5)
                headers["If-Range"] = self.tag
        request = urllib.request.Request(self.archive.source, headers=headers, method=method)
        return urllib.request.urlopen(request, timeout=self.timeout)

    def give_up_or_wait(self, failures: int, reason: Exception) -> None:
        refused = isinstance(reason, urllib.error.HTTPError) and reason.code < 500
        if refused or isinstance(reason, ValueError) or failures > self.retries:
            kept = f" ({self.have / _MIB:.1f} MiB are kept and continued next time)" if self.have else ""
            text = f"cannot download {self.archive.source}: {getattr(reason, 'reason', reason)}{kept}"
            raise DataError(text, hint=self.archive.ways) from reason
        time.sleep(self.pause * 2 ** (failures - 1))

    def verify(self, file: Path) -> None:
        """Size and hash against the published, else the recorded ones.

        Raises:
            DataError: the file is another one.
        """
        with file.open("rb") as stream:
            sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        expected = self.archive.sha256 or self.recorded().get("sha256", "")
        size = file.stat().st_size
        if (expected and sha256 != expected) or (self.archive.size and size != self.archive.size):
            raise DataError(
                f"{self.archive.source} gave {size:,} bytes with sha256 {sha256}; expected were "
                f"{self.archive.size or size:,} bytes with sha256 {expected}",
                hint=f"A proxy or a mirror may have changed it: remove {file} and try again. {self.archive.ways}",
            )
        self.size, self.tag = size, self.recorded().get("tag", "")
        self.write_record(sha256=sha256)

    def recorded(self) -> dict[str, Any]:
        try:
            record = json.loads(self.record.read_text())
        except (OSError, ValueError):
            return {}
        return record if isinstance(record, dict) else {}

    def write_record(self, sha256: str) -> None:
        record = {"url": self.archive.source, "tag": self.tag, "size": self.size, "sha256": sha256}
        self.record.write_text(json.dumps(record, indent=2) + "\n")


def unpack(file: Path, root: Path, folder: str, track: Track[Any] = untracked) -> None:
    """Unpacks a zip file; ``root`` becomes its top folder ``folder`` (or all of it), whole or not at all.

    Raises:
        DataError: the archive is damaged, too large, or would write outside its folder.
    """
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=f".{root.name}-") as temporary:
        unpacked = Path(temporary) / "all"
        try:
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
                _refuse_unsafe(file, members)
                for member in track(members, f"unpacking {file.name}", len(members)):
                    archive.extract(member, unpacked)
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError) as error:
            raise DataError(f"{file} is damaged: {error}", hint=f"Remove it and try again. {TWO_WAYS}") from error
        inner = unpacked / folder
        (inner if inner.is_dir() else unpacked).replace(root)


def _refuse_unsafe(file: Path, members: list[zipfile.ZipInfo]) -> None:
    for member in members:
        path = PurePosixPath(member.filename.replace("\\", "/"))
        link = stat.S_ISLNK(member.external_attr >> 16)
        if path.is_absolute() or ".." in path.parts or ":" in member.filename or link:
            raise DataError(f"{file} would write outside its folder ({member.filename}); nothing was unpacked")
    total = sum(member.file_size for member in members)
    if total > max(100 * _MIB, _SLACK * file.stat().st_size):
        raise DataError(f"{file} would unpack to {total / 2**30:.0f} GiB, which no archive of pictures does")
    free = shutil.disk_usage(file.parent).free
    if total > free:
        raise DataError(f"{file} needs {total / 2**30:.1f} GiB to unpack; {file.parent} has {free / 2**30:.1f} left")
