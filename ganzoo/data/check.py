"""What is wrong or unusual with the pictures of a folder, found before a training does."""

from __future__ import annotations

import hashlib
import io
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from ganzoo.data.base import Track, untracked
from ganzoo.data.images import EXTENSIONS, naming, opened
from ganzoo.data.pictures import in_threads
from ganzoo.errors import DataError

Problem = Literal[
    "unreadable", "truncated", "tiny", "mode", "animated", "aspect", "duplicate", "wrong extension", "not a picture"
]

TINY = 32
"""Pixels: a shorter side below this is reported."""
EXTREME = 3.0
"""Longer over shorter side above this is reported."""


@dataclass(frozen=True)
class Row:
    """One problem of one file (relative to the folder); ``detail`` says more."""

    file: str
    problem: Problem
    detail: str


@dataclass
class Report:
    """What was found in ``folder``; ``rows`` are sorted by file."""

    folder: str
    rows: list[Row] = field(default_factory=list)
    pictures: int = 0
    """Files that were read whole."""
    formats: Counter[str] = field(default_factory=Counter)
    """JPEG, PNG, ... -> files."""
    modes: Counter[str] = field(default_factory=Counter)
    """RGB, L, ... -> files."""
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    """(width, height) -> files."""
    groups: Counter[str] = field(default_factory=Counter)
    """Subfolder, which is a class, a domain or a split -> files."""

    @property
    def unusable(self) -> list[Row]:
        """The rows that a training would stop at."""
        return [row for row in self.rows if row.problem in ("unreadable", "truncated")]


@dataclass
class _Seen:
    """What one file turned out to be."""

    file: str
    problems: list[tuple[Problem, str]]
    digest: str = ""
    format: str = ""
    mode: str = ""
    size: tuple[int, int] | None = None


def check(folder: str | Path, track: Track[Any] = untracked) -> Report:
    """Decodes every picture under ``folder`` and reports all that is wrong or unusual. Hidden files are left out.

    Raises:
        DataError: ``folder`` is not a folder.
    """
    root = Path(folder).expanduser()
    if not root.is_dir():
        raise DataError(f"{root}: no such folder")
    files = sorted(_walk(root))
    report = Report(str(folder))
    first: dict[str, str] = {}
    for seen in track(in_threads(lambda file: _examine(root, file), files), "checking pictures", len(files)):
        problems = list(seen.problems)
        original = first.setdefault(seen.digest, seen.file) if seen.size else seen.file
        if original != seen.file:
            problems.append(("duplicate", f"the same bytes as {original}"))
        report.rows += [Row(seen.file, problem, detail) for problem, detail in problems]
        _count(report, seen)
    return report


def _walk(root: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from (Path(folder, name).relative_to(root).as_posix() for name in names if not name.startswith("."))


def _count(report: Report, seen: _Seen) -> None:
    if seen.size is None:
        return
    report.pictures += 1
    report.formats[seen.format] += 1
    report.modes[seen.mode] += 1
    report.sizes[seen.size] += 1
    report.groups[Path(seen.file).parent.as_posix()] += 1


def _examine(root: Path, file: str) -> _Seen:
    named = file.lower().endswith(EXTENSIONS)
    try:
        with naming(file):
            data = (root / file).read_bytes()
            image = opened(io.BytesIO(data))
    except DataError as error:
        detail = error.message.removeprefix(f"{file}: ")
        return _Seen(file, [("unreadable", detail) if named else ("not a picture", "left out of training")])
    try:
        with naming(file), image:
            image.load()
            problems = list(_oddities(image, file))
    except DataError as error:
        return _Seen(file, [("truncated", error.message.removeprefix(f"{file}: "))])
    digest = hashlib.sha256(data).hexdigest()
    return _Seen(file, problems, digest, image.format or "?", image.mode, image.size)


def _oddities(image: Image.Image, file: str) -> Iterator[tuple[Problem, str]]:
    width, height = image.size
    if min(width, height) < TINY:
        yield "tiny", f"{width}x{height}"
    if max(width, height) > EXTREME * min(width, height):
        yield "aspect", f"{width}x{height}"
    frames = getattr(image, "n_frames", 1)
    if frames > 1:
        yield "animated", f"{frames} frames, of which the first is used"
    if note := _odd_mode(image):
        yield "mode", note
    suffix = Path(file).suffix.lower()
    if Image.registered_extensions().get(suffix) != image.format and suffix != ".jfif":
        left = "" if suffix in EXTENSIONS else "; left out of training"
        yield "wrong extension", f"is {image.format}{left}"


def _odd_mode(image: Image.Image) -> str:
    if image.mode.startswith("I"):
        return "16-bit grey; scaled to 8 bits"
    if image.mode == "P" and image.has_transparency_data:
        return "palette with transparency; laid on white"
    known = {"CMYK": "CMYK; converted to RGB", "F": "floating-point pixels; cannot be used"}
    return known.get(image.mode, "")
