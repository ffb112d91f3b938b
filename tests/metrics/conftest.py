"""Small labelled data, and the classifier of it, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from ganzoo.data.base import Data
from ganzoo.data.glyphs import Glyphs


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("GANZOO_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def glyphs() -> Data:
    """The prepared test split."""
    test = Glyphs(Glyphs.Config(size=16, count=500, test_count=300)).test()
    test.prepare()
    return test
