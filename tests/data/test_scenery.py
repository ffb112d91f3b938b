"""The painted landscapes: the same scene in two seasons, at any size, always the same."""

import numpy as np
import numpy.typing as npt
import pytest

from ganzoo.data.scenery import Season, draw

SCENES = range(6)
Picture = npt.NDArray[np.float64]


def painted(index: int, season: Season, size: int = 64) -> Picture:
    """A scene as floats in [0, 1], (size, size, 3)."""
    return draw(3, index, season, size) / 255.0


def psnr(first: Picture, second: Picture) -> float:
    return float(-10.0 * np.log10(np.mean((first - second) ** 2)))


def edges(picture: Picture) -> Picture:
    """Where the brightness changes, (size - 1, size - 1)."""
    grey = picture.mean(axis=2)
    change: Picture = np.hypot(np.diff(grey, axis=0)[:, 1:], np.diff(grey, axis=1)[1:])
    return change


@pytest.mark.parametrize("season", ["summer", "winter"])
@pytest.mark.parametrize("size", [32, 64, 100])
def test_shape_and_type(season: Season, size: int) -> None:
    picture = draw(0, 0, season, size)
    assert picture.shape == (size, size, 3)
    assert picture.dtype == np.uint8
    assert picture.flags.c_contiguous


def test_same_call_gives_same_bytes() -> None:
    first = draw(5, 11, "winter", 64)
    draw(5, 12, "summer", 32)  # another picture in between must leave no trace
    assert draw(5, 11, "winter", 64).tobytes() == first.tobytes()


def test_index_and_seed_both_matter() -> None:
    picture = draw(5, 11, "summer", 64)
    assert not np.array_equal(picture, draw(5, 12, "summer", 64))
    assert not np.array_equal(picture, draw(6, 11, "summer", 64))


def test_scenes_are_various() -> None:
    pictures = [painted(index, "summer", 32) for index in range(10)]
    likeness = [psnr(a, b) for i, a in enumerate(pictures) for b in pictures[:i]]
    assert max(likeness) < 24.0
    assert np.mean(likeness) < 16.0


@pytest.mark.parametrize("index", SCENES)
def test_seasons_share_their_geometry(index: int) -> None:
    summer, winter = edges(painted(index, "summer", 128)), edges(painted(index, "winter", 128))
    stranger = edges(painted(index + 100, "winter", 128))
    same = np.corrcoef(summer.ravel(), winter.ravel())[0, 1]
    other = np.corrcoef(summer.ravel(), stranger.ravel())[0, 1]
    assert same > 0.4
    assert same > other + 0.15


@pytest.mark.parametrize("index", SCENES)
def test_seasons_differ_clearly(index: int) -> None:
    assert 8.0 < psnr(painted(index, "summer"), painted(index, "winter")) < 14.5


@pytest.mark.parametrize("index", SCENES)
def test_winter_is_whiter_and_less_colourful(index: int) -> None:
    summer, winter = painted(index, "summer"), painted(index, "winter")
    assert winter.mean() > summer.mean() + 0.1
    assert np.ptp(winter, axis=2).mean() < 0.85 * np.ptp(summer, axis=2).mean()


@pytest.mark.parametrize("season", ["summer", "winter"])
@pytest.mark.parametrize("index", SCENES)
def test_sizes_show_the_same_scene(index: int, season: Season) -> None:
    small, large = painted(index, season, 64), painted(index, season, 128)
    averaged = large.reshape(64, 2, 64, 2, 3).mean(axis=(1, 3))
    assert psnr(small, averaged) > 22.0
