"""Drawn pictures are kept: the same bytes, once, within bounds, and never a damaged one."""

import os

import numpy as np
import pytest

from ganzoo.data import drawn
from ganzoo.data.drawn import kept
from ganzoo.data.seasons import Seasons, SeasonsConfig


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "drawn"


class Drawing:
    """Draws noise, and counts how often."""

    def __init__(self, shape=(2, 3, 3, 3)):
        self.pixels, self.times = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8), 0

    def __call__(self):
        self.times += 1
        return self.pixels

    def kept(self, key="a"):
        return kept(key, self.pixels.shape, self)


def test_the_same_is_drawn_once_and_another_by_itself():
    drawing = Drawing()
    for _ in range(3):
        assert np.array_equal(drawing.kept(), drawing.pixels)
    assert drawing.times == 1
    drawing.kept("b")
    assert drawing.times == 2


@pytest.mark.parametrize("damage", ["flipped", "cut", "longer", "empty"])
def test_what_is_damaged_is_drawn_anew(folder, damage):
    drawing = Drawing()
    drawing.kept()
    (path,) = folder.iterdir()
    content = bytearray(path.read_bytes())
    content[40] ^= damage == "flipped"
    path.write_bytes({"flipped": content, "cut": content[:-1], "longer": content + b"x", "empty": b""}[damage])
    assert np.array_equal(drawing.kept(), drawing.pixels)
    assert drawing.times == 2
    drawing.kept()
    assert drawing.times == 2, "the damaged one was replaced"


def test_what_was_not_used_for_longest_goes_first(folder, monkeypatch):
    drawing = Drawing((100,))
    for age, key in enumerate("abc"):
        before = set(folder.iterdir()) if age else set()
        drawing.kept(key)
        (path,) = set(folder.iterdir()) - before
        os.utime(path, (age, age))
    drawing.kept("a")  # used just now
    monkeypatch.setattr(drawn, "MOST", 3 * 132)
    drawing.kept("d")
    assert len(list(folder.iterdir())) == 3
    times = drawing.times
    for key in "acd":
        drawing.kept(key)
    assert drawing.times == times
    drawing.kept("b")
    assert drawing.times == times + 1
    monkeypatch.setattr(drawn, "MOST", 150)
    drawing.kept("more than half of what may be kept")
    assert len(list(folder.iterdir())) == 3


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path):
    (tmp_path / "cache").write_text("no folder")
    drawing = Drawing()
    for _ in range(2):
        assert np.array_equal(drawing.kept(), drawing.pixels)
    assert drawing.times == 2


def test_a_cache_that_is_read_only_is_read(monkeypatch):
    def refuse(path):
        raise PermissionError(path)

    drawing = Drawing()
    drawing.kept()
    monkeypatch.setattr(os, "utime", refuse)
    assert np.array_equal(drawing.kept(), drawing.pixels)
    assert drawing.times == 1


SETTINGS = {"size": 16, "count": 3, "test_count": 2, "seed": 0}


def pictures(split="train", **settings):
    data = Seasons(SeasonsConfig(**SETTINGS | settings), split)
    data.prepare()
    return data._pictures


@pytest.mark.parametrize("other", [{}, {"size": 20}, {"count": 4}, {"seed": 1}, {"paired": True}, {"split": "test"}])
def test_kept_landscapes_are_those_that_would_be_drawn(other, tmp_path, monkeypatch):
    """Also after others were kept, so that whatever makes a difference makes another entry of the cache."""
    pictures()
    pictures(**other)
    with monkeypatch.context() as patch:
        patch.setattr("ganzoo.data.scenery.draw", lambda *rest: pytest.fail("it was drawn again"))
        found = pictures(**other)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "another"))
    fresh = pictures(**other)
    assert {season: several.tobytes() for season, several in found.items()} == {
        season: several.tobytes() for season, several in fresh.items()
    }


def test_another_drawing_code_draws_anew(monkeypatch):
    pictures()
    monkeypatch.setattr("ganzoo.data.seasons._what_draws", lambda: "other code")
    calls = []
    monkeypatch.setattr("ganzoo.data.scenery.draw", lambda *rest: calls.append(rest) or np.zeros((16, 16, 3), np.uint8))
    assert not pictures()["A"].any()
    assert len(calls) == 6


def test_ctrl_c_ends_the_drawing_at_once(folder, monkeypatch):
    drawn_so_far = []

    def interrupted(seed, index, season, size):
        drawn_so_far.append(index)
        return np.zeros((size, size, 3), np.uint8)

    def track(work, what, total):
        for picture in work:
            yield picture
            raise KeyboardInterrupt

    monkeypatch.setattr("ganzoo.data.scenery.draw", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Seasons(SeasonsConfig(**SETTINGS | {"count": 100_000})).prepare(track)
    assert len(drawn_so_far) < 100_000
    assert not folder.exists(), "half of a drawing is not kept"
