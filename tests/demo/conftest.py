"""A generator of each kind, hardly trained."""

import pytest

import ganzoo

TINY = ["data.size=16", "data.count=32", "data.test_count=8", "train={steps=1, batch_size=8}"]
FILTERS = ["networks.generator.filters=4", "networks.discriminator.filters=4"]


@pytest.fixture(scope="session")
def conditional(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "cgan"
    return ganzoo.load(ganzoo.train("cgan", overrides=[*TINY, *FILTERS], out=folder).folder)


@pytest.fixture(scope="session")
def points(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "ring"
    return ganzoo.load(ganzoo.train("gan", overrides=['data={type="ring"}', TINY[-1]], out=folder).folder)


@pytest.fixture(scope="session")
def translator(tiny, tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "cyclegan"
    return ganzoo.load(ganzoo.train("cyclegan", overrides=tiny, out=folder).folder)
