"""``ganzoo sample`` as a person types it, and ``Pretrained.sample``."""

import pytest
from PIL import Image

import ganzoo as ganzoo_api
from ganzoo.cli.main import main
from ganzoo.errors import DataError
from ganzoo.grids import save_animation

TINY = ["data.size=16", "data.count=32", "data.test_count=8", "train={steps=1, batch_size=8}"]
FILTERS = ["networks.generator.filters=4", "networks.discriminator.filters=4"]


@pytest.fixture
def ganzoo(capsys):
    """Runs a command: (exit code, what went to stderr)."""

    def call(*arguments):
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        return caught.value.code, " ".join(capsys.readouterr().err.split())

    return call


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "cgan"
    return ganzoo_api.train("cgan", overrides=[*TINY, *FILTERS], out=out).folder


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "ring"
    return ganzoo_api.train("gan", overrides=['data={type="ring"}', TINY[-1]], out=out).folder


@pytest.fixture(scope="module")
def translator(tmp_path_factory):
    from tests.conftest import TINY as translating

    return ganzoo_api.train("cyclegan", overrides=translating, out=tmp_path_factory.mktemp("runs") / "run").folder


def test_a_grid_and_the_same_again(ganzoo, conditional, tmp_path):
    for name in ("a.png", "b.png"):
        assert ganzoo("sample", conditional, "-n", 9, "--seed", 3, "--out", tmp_path / name)[0] == 0
    assert ganzoo("sample", conditional, "-n", 9, "--seed", 4, "--out", tmp_path / "c.png")[0] == 0
    a, b, c = ((tmp_path / f"{name}.png").read_bytes() for name in "abc")
    assert a == b != c


def test_a_folder_of_pictures(ganzoo, conditional, tmp_path):
    assert ganzoo("sample", conditional / "generator", "-n", 3, "--out", tmp_path / "many")[0] == 0
    assert sorted(path.name for path in (tmp_path / "many").iterdir()) == ["000000.png", "000001.png", "000002.png"]
    assert Image.open(tmp_path / "many" / "000000.png").size == (16, 16)


def test_a_label_by_number_or_name_and_all_labels(ganzoo, conditional, tmp_path):
    model = ganzoo_api.load(conditional)
    sevens = model.sample(2, seed=1, label=7)
    assert [one.tobytes() for one in sevens] == [one.tobytes() for one in model.sample(2, seed=1, label="7")]
    assert sevens[0].tobytes() != model.sample(2, seed=1, label=8)[0].tobytes()
    assert ganzoo("sample", conditional, "--label", "all", "-n", 2, "--out", tmp_path / "all")[0] == 0
    pictures = sorted((tmp_path / "all").iterdir())
    assert len(pictures) == 20  # a row for each class
    assert Image.open(pictures[2 * 8]).tobytes() == model.sample(2, label=8)[0].tobytes()


def test_class_names_are_kept(conditional):
    config = ganzoo_api.load(conditional).config
    assert config.image["class_names"] == list("0123456789")


def test_an_animation_goes_through_latents_and_back(ganzoo, conditional, tmp_path):
    out = tmp_path / "way.gif"
    code, problems = ganzoo("sample", conditional, "--interpolate", 2, "--label", 3, "--out", out, "--quiet")
    assert code == 0, problems
    with Image.open(out) as animation:
        assert animation.n_frames > 10


@pytest.mark.parametrize(("name", "kind"), [("a.gif", "GIF"), ("a.WEBP", "WEBP"), ("a.png", "PNG"), ("a.apng", "PNG")])
def test_an_animation_is_of_the_kind_its_name_says(tmp_path, name, kind):
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "green", "blue")]
    save_animation(frames, tmp_path / name, seconds=3)
    with Image.open(tmp_path / name) as animation:
        assert (animation.format, animation.n_frames) == (kind, 3)
        animation.seek(1)
        assert animation.convert("RGB").getpixel((0, 0))[1] > 100


def test_points_are_plotted(ganzoo, points, tmp_path):
    assert ganzoo("sample", points, "-n", 200, "--out", tmp_path / "points.png")[0] == 0
    code, problems = ganzoo("sample", points, "-n", 2, "--out", tmp_path / "folder")
    assert code == 2
    assert "makes points, not pictures" in problems


def test_truncation_changes_pictures(conditional):
    model = ganzoo_api.load(conditional)
    assert model.sample(1, label=1)[0].tobytes() != model.sample(1, label=1, truncation=0.3)[0].tobytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--label", "11"], "Labels are 0 to 9"),
        (["--label", "cat"], "their names 0, 1, 2"),
        (["--out", "a.jpg"], "a grid is written as .png"),
        (["--interpolate", "3", "--out", "a.mp4"], "an animation is a .apng, .gif, .png, .webp"),
        (["--interpolate", "1", "--out", "a.gif"], "takes 2 latents or more"),
        (["--truncation", "2"], "Invalid value"),
        (["--seed", "-1"], "Invalid value"),
    ],
)
def test_what_cannot_be_drawn_is_said(ganzoo, conditional, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, problems = ganzoo("sample", conditional, *arguments)
    assert code == 2
    assert message in problems
    assert list(tmp_path.iterdir()) == []


def test_a_translator_makes_nothing_from_noise(ganzoo, translator, tmp_path):
    code, problems = ganzoo("sample", translator, "--out", tmp_path / "a.png")
    assert code == 2
    assert "Use: ganzoo translate" in problems
    with pytest.raises(DataError, match="from pictures, not from noise"):
        ganzoo_api.load(translator).sample()


def test_a_model_without_labels_takes_none(points):
    with pytest.raises(DataError, match="takes no labels"):
        ganzoo_api.load(points).sample(label=1)
