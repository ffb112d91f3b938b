"""Whatever is read, nothing but a GanzooError comes of it: never a traceback."""

import contextlib
import io
import json
import shutil
import struct

import hostile
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

import ganzoo
from ganzoo import weights
from ganzoo.checkpoint import read_state
from ganzoo.data.images import decode, probe
from ganzoo.errors import DataError, GanzooError
from ganzoo.names import clean
from ganzoo.plugins import plugins
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.source import parse, parse_overrides
from ganzoo.run import Run
from ganzoo.scores import forget_after, read_scores

QUICK = {"deadline": None, "derandomize": True, "database": None, "suppress_health_check": list(HealthCheck)}
few, many = settings(max_examples=60, **QUICK), settings(max_examples=300, **QUICK)

numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**30, True, None])
leaves = numbers | st.text(max_size=8) | st.sampled_from(["", "x", "../..", "\x1b[2J", "os:system", "<script>"])
anything = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)


@st.composite
def spoilt(draw, good):
    """A value like ``good`` in which some part is something else."""
    if isinstance(good, dict) and good and draw(st.integers(0, 9)):
        key = draw(st.sampled_from(sorted(good)))
        rest = {name: value for name, value in good.items() if name != key}
        action = draw(st.integers(0, 5))
        if not action:
            return rest
        return {**rest, key: draw(spoilt(good[key])), **({draw(st.text(max_size=5)): 1} if action == 1 else {})}
    if isinstance(good, list) and good and draw(st.integers(0, 4)):
        place = draw(st.integers(0, len(good) - 1))
        return [*good[:place], draw(spoilt(good[place])), *good[place + 1 :]]
    return draw(anything)


@contextlib.contextmanager
def only_ganzoo_errors():
    try:
        yield
    except GanzooError as error:
        assert clean(error) == str(error)


def resolve(source):
    check(source, plugins())


words = st.sampled_from(
    [
        *(
            "model",
            "data",
            "networks",
            "generator",
            "type",
            "=",
            " ",
            "\n",
            "[",
            "]",
            "{",
            "}",
            ".",
            ",",
            '"',
            "'",
            "#",
        ),
        *("cyclegan", "unet", "1", "1e999", "nan", "-inf", "9" * 5000, "2020-01-01", "extends", "train", "steps", "\0"),
    ]
)
toml = st.text(max_size=40) | st.lists(words, max_size=25).map("".join)


@many
@given(toml)
def test_recipe_text(text):
    with only_ganzoo_errors():
        resolve(parse(text, "r.toml"))


@few
@given(st.binary(max_size=60))
def test_recipe_files(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzzed.toml"
    path.write_bytes(content)
    with only_ganzoo_errors():
        read(None, path, [], plugins())


@few
@given(st.text(max_size=100) | st.text(min_size=1, max_size=3).map(lambda text: 300 * text))
def test_recipe_names(name):
    with only_ganzoo_errors():
        read(None, f"no such {name}", [], plugins())


keys = st.sampled_from(
    [
        *("model", "train", "train.steps", "train.batch_size", "networks.generator", "networks.generator.type"),
        *("networks.generator.filters", "data.size", "data", "loop.pool_size", "optimizer.generator.lr", "loss.type"),
        *("optimizer.betas", "schedule.type", "evaluation.metrics", "runtime.device"),
        *("", ".", "a..b", "a" * 500, ".".join("a" * 2000)),
    ]
)
values = st.text(max_size=20) | st.lists(words, max_size=8).map("".join) | anything.map(str)


@many
@given(st.lists(st.tuples(keys, values).map("=".join) | st.text(max_size=20), max_size=3))
def test_overrides(overrides):
    with only_ganzoo_errors():
        parse_overrides(overrides)
        resolve(read("cyclegan", None, overrides, plugins()))


@many
@given(st.data())
def test_recipes_with_something_wrong(data):
    source = read("dcgan", None, [], plugins())
    with only_ganzoo_errors():
        source.values = data.draw(spoilt(source.values))
        if isinstance(source.values, dict):
            resolve(source)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return hostile.good(tmp_path_factory.mktemp("fuzz") / "generator")


@many
@given(st.data())
def test_configs(folder, tmp_path_factory, data):
    good = json.loads((folder / "config.json").read_text())
    trial = tmp_path_factory.getbasetemp() / "fuzzed-config"
    shutil.copytree(folder, trial, dirs_exist_ok=True)
    (trial / "config.json").write_text(json.dumps(data.draw(spoilt(good))))
    with only_ganzoo_errors():
        model = ganzoo.load(trial)
        model.sample(1) if not model.directions else model.translate(Image.new("L", (8, 8)), model.directions[0])


@many
@given(st.data())
def test_headers_of_weights(folder, tmp_path_factory, data):
    told, numbers = hostile.parts(folder)
    trial = tmp_path_factory.getbasetemp() / "fuzzed-weights"
    shutil.copytree(folder, trial, dirs_exist_ok=True)
    length = data.draw(st.none() | st.integers(0, 2**64 - 1))
    hostile.write(trial, data.draw(spoilt(told)), numbers, length)
    with only_ganzoo_errors():
        ganzoo.load(trial).sample(1)


@many
@given(st.binary(max_size=200), st.booleans())
def test_bytes_of_weights(tmp_path_factory, content, framed):
    path = tmp_path_factory.getbasetemp() / "fuzzed.safetensors"
    path.write_bytes(struct.pack("<Q", len(content)) + content if framed else content)
    with contextlib.suppress(ValueError):
        weights.read_header(path)


@many
@given(st.data())
def test_bytes_changed_in_weights(folder, tmp_path_factory, data):
    trial = tmp_path_factory.getbasetemp() / "fuzzed-bytes"
    shutil.copytree(folder, trial, dirs_exist_ok=True)
    content = bytearray((folder / hostile.WEIGHTS).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (trial / hostile.WEIGHTS).write_bytes(content[: data.draw(st.integers(0, len(content)))] or content)
    with only_ganzoo_errors():
        ganzoo.load(trial).sample(1)


def pictures():
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "PPM"):
        stream = io.BytesIO()
        Image.effect_noise((12, 9), 50).save(stream, kind)
        yield stream.getvalue()


PICTURES = list(pictures())


@pytest.mark.filterwarnings("ignore")
@many
@given(
    st.sampled_from(PICTURES), st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=4), st.floats(0, 1)
)
def test_pictures(tmp_path_factory, picture, changes, cut):
    content = bytearray(picture)
    for place, value in changes:
        content[int(place * (len(content) - 1))] = value
    path = tmp_path_factory.getbasetemp() / "fuzzed.png"
    path.write_bytes(content[: int(cut * len(content) * 2)])
    for use in (decode, probe):
        with contextlib.suppress(DataError):
            use(path)


SCORES = {"a@1": {"protocol": {"metric": "a"}, "scores": [{"step": 1, "seed": 0, "a": 0.5}]}}
STATE = {
    "format": 1,
    "step": 3,
    "optimizers": {"generator": {"state": {}, "param_groups": [{"lr": 0.1}]}},
    "random": {"torch": "", "cuda": [], "python": [3, [1], None], "numpy": ["MT19937", [1], 1, 0, 0.0]},
    "sha256": {"networks.safetensors": "00"},
    "seconds": 1.5,
    "best": None,
    "image": {"channels": 1, "size": 8, "class_names": []},
}


@many
@given(spoilt(SCORES))
def test_scores(tmp_path_factory, tables):
    folder = tmp_path_factory.getbasetemp()
    (folder / "metrics.json").write_text(json.dumps(tables))
    with only_ganzoo_errors():
        read_scores(folder)
        forget_after(folder, 0)


@many
@given(spoilt(STATE))
def test_states(tmp_path_factory, state):
    folder = tmp_path_factory.getbasetemp()
    (folder / "state.json").write_text(json.dumps(state))
    with only_ganzoo_errors():
        read_state(folder)


@pytest.fixture(scope="module")
def session(tmp_path_factory, tiny):
    """A checkpoint, and an engine to bring to it."""
    from ganzoo.engine import Engine
    from ganzoo.recipe.build import build_data, build_loop, fill_from_data

    overrides = ["data.size=16", "networks.generator.filters=2", "networks.discriminator.filters=2", "train.steps=1"]
    run = ganzoo.train("dcgan", overrides=[*overrides, "data.count=64", "train.batch_size=4", "data.test_count=8"],
                       out=tmp_path_factory.mktemp("state") / "run")  # fmt: skip
    (run.checkpoints / "step-00000001" / "state.json.sha256").unlink()  # a forger leaves none that does not fit
    data = build_data(run.recipe, plugins())
    recipe = fill_from_data(run.recipe, data.spec, plugins())
    import torch

    return run, Engine(build_loop(recipe, data.spec, plugins()), recipe, torch.device("cpu"), 1, 1)


@few
@given(st.data())
def test_states_of_a_training(session, data):
    from ganzoo import checkpoint

    run, engine = session
    path = run.checkpoints / "step-00000001" / "state.json"
    good = path.read_text()
    try:
        path.write_text(json.dumps(data.draw(spoilt(json.loads(good)))))
        with only_ganzoo_errors():
            checkpoint.restore(path.parent, engine)
    finally:
        path.write_text(good)


@few
@given(st.data())
def test_bytes_changed_in_a_checkpoint(session, data):
    """By somebody who also writes down the hash that they have then."""
    from ganzoo import checkpoint

    run, engine = session
    folder = run.checkpoints / "step-00000001"
    paths = [folder / "state.json", data.draw(st.sampled_from(sorted(folder.glob("*.safetensors"))))]
    good = [path.read_bytes() for path in paths]
    content = bytearray(good[1])
    length = 8 + int.from_bytes(content[:8], "little")
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, length - 1) | st.integers(0, len(content) - 1))] = data.draw(
            st.integers(0, 255)
        )
    try:
        paths[1].write_bytes(content[: data.draw(st.integers(0, len(content)) | st.just(len(content)))])
        state = json.loads(good[0])
        state["sha256"][paths[1].name] = checkpoint._sha256(paths[1])
        paths[0].write_text(json.dumps(state))
        with only_ganzoo_errors():
            checkpoint.restore(folder, engine)
    finally:
        for path, before in zip(paths, good, strict=True):
            path.write_bytes(before)


@many
@given(st.lists(anything, max_size=4))
def test_reports_of_any_log(session, lines):
    from ganzoo.report import write_report

    run = Run(session[0].folder, session[0].recipe)
    run.metrics_file.write_text("\n".join(json.dumps({"step": 1, "epoch": line, "seconds": line, "score/x": line})
                                          for line in lines) + json.dumps(lines))  # fmt: skip
    run.save_environment({"x": lines})
    with only_ganzoo_errors():
        write_report(run)


@many
@given(st.text())
def test_text(text):
    assert clean(clean(text)) == clean(text)
    clean(text).encode("utf-8")
