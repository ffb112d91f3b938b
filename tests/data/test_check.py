"""`ganzoo data check` finds what is wrong or unusual."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ganzoo.data.check import Row, check
from ganzoo.errors import DataError


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)

    def paint(name, size=(40, 40), **options):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(rng.integers(0, 256, (*size[::-1], 3), dtype=np.uint8)).save(path, **options)
        return path

    paint("cat/good.png")
    paint("dog/good.jpg")
    cut = paint("cat/cut.png")
    cut.write_bytes(cut.read_bytes()[:2000])
    (tmp_path / "cat/page.jpg").write_text("<html>")
    (tmp_path / "cat/empty.jpg").touch()
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / ".DS_Store").touch()
    (tmp_path / "dog/copy.png").write_bytes((tmp_path / "cat/good.png").read_bytes())
    paint("dog/tiny.png", (16, 40))
    paint("dog/wide.png", (200, 40))
    paint("dog/liar.png", format="JPEG")
    paint("dog/nameless.dat", format="PNG")
    Image.fromarray(np.full((40, 40), 999, np.uint16)).save(tmp_path / "dog/deep.png")
    Image.new("CMYK", (40, 40)).save(tmp_path / "dog/print.jpg")
    Image.new("P", (40, 40)).save(tmp_path / "dog/palette.png", transparency=0)
    frames = [Image.new("L", (40, 40), shade) for shade in (0, 255)]
    frames[0].save(tmp_path / "dog/film.gif", save_all=True, append_images=frames[1:])
    return tmp_path


def test_every_problem_is_one_row(folder):
    assert [(row.file, row.problem) for row in check(folder).rows] == [
        ("cat/cut.png", "truncated"),
        ("cat/empty.jpg", "unreadable"),
        ("cat/page.jpg", "unreadable"),
        ("dog/copy.png", "duplicate"),
        ("dog/deep.png", "mode"),
        ("dog/film.gif", "animated"),
        ("dog/liar.png", "wrong extension"),
        ("dog/nameless.dat", "wrong extension"),
        ("dog/palette.png", "mode"),
        ("dog/print.jpg", "mode"),
        ("dog/tiny.png", "tiny"),
        ("dog/wide.png", "aspect"),
        ("notes.txt", "not a picture"),
    ]


def test_details_say_more(folder):
    rows = {row.file: row for row in check(folder).rows}
    assert rows["dog/copy.png"] == Row("dog/copy.png", "duplicate", "the same bytes as cat/good.png")
    assert rows["dog/liar.png"].detail == "is JPEG"
    assert rows["dog/nameless.dat"].detail == "is PNG; left out of training"
    assert rows["dog/tiny.png"].detail == "16x40"
    assert rows["dog/deep.png"].detail.startswith("16-bit")


def test_counts(folder):
    report = check(folder)
    assert report.pictures == 11
    assert report.groups == {"cat": 1, "dog": 10}
    assert report.formats["JPEG"] == 3
    assert report.modes["CMYK"] == 1
    assert report.sizes[(40, 40)] == 9
    assert [row.file for row in report.unusable] == ["cat/cut.png", "cat/empty.jpg", "cat/page.jpg"]


def test_progress_counts_files(folder):
    calls = []

    def track(work, what, total):
        calls.append((what, total))
        return work

    check(folder, track)
    assert calls == [("checking pictures", 15)]


def test_no_such_folder(tmp_path):
    with pytest.raises(DataError, match="no such folder"):
        check(tmp_path / "nowhere")
