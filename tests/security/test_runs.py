"""No run folder can hurt: torn and hostile states, scores and links are told of, and nothing outside is touched."""

import json
import shutil
from pathlib import Path

import pytest

import ganzoo
from ganzoo import checkpoint
from ganzoo.errors import CheckpointError, GanzooError
from ganzoo.evaluation import evaluate
from ganzoo.run import Run
from ganzoo.scores import read_scores

STEP = "step-00000006"


@pytest.fixture(scope="module")
def trained(tmp_path_factory, tiny):
    overrides = [*tiny, 'evaluation.metrics=["l1"]', "networks.generator.filters=2", "networks.discriminator.filters=2"]
    return ganzoo.train("cyclegan", overrides=overrides, out=tmp_path_factory.mktemp("runs") / "run").folder


@pytest.fixture
def run(trained, tmp_path):
    """A run whose states have no hash beside them: whoever forges a state forges that, too."""
    run = shutil.copytree(trained, tmp_path / "run", symlinks=True)
    for digest in run.glob("checkpoints/step-*/state.json.sha256"):
        digest.unlink()
    return run


def change_state(run, change):
    path = run / "checkpoints" / STEP / "state.json"
    state = json.loads(path.read_text())
    change(state)
    path.write_text(json.dumps(state))


def adam(state):
    return state["optimizers"]["generator"]["param_groups"][0]


STATES = {
    "no step": lambda state: state.pop("step"),
    "a step in words": lambda state: state.update(step="6"),
    "a step before the first": lambda state: state.update(step=-1),
    "a vast step": lambda state: state.update(step=2**60),
    "no format": lambda state: state.pop("format"),
    "another format": lambda state: state.update(format=9),
    "no hashes": lambda state: state.pop("sha256"),
    "hashes of nothing": lambda state: state.update(sha256={}),
    "hashes that are numbers": lambda state: state.update(sha256=dict.fromkeys(state["sha256"], 1)),
    "no optimizers": lambda state: state.pop("optimizers"),
    "optimizers of nobody": lambda state: state.update(optimizers={}),
    "an optimizer that is a number": lambda state: state["optimizers"].update(generator=1),
    "a rate in words": lambda state: adam(state).update(lr="x"),
    "betas in words": lambda state: adam(state).update(betas=["x", "y"]),
    "other parameters": lambda state: adam(state).update(params=[0]),
    "no random states": lambda state: state.pop("random"),
    "random states of nothing": lambda state: state.update(random={}),
    "torch's random state torn": lambda state: state["random"].update(torch="AAAA"),
    "torch's random state no base64": lambda state: state["random"].update(torch="!"),
    "numpy's position beyond its numbers": lambda state: state["random"]["numpy"].__setitem__(2, 10**6),
    "numpy's numbers too few": lambda state: state["random"]["numpy"].__setitem__(1, [1]),
    "numpy's numbers too large": lambda state: state["random"]["numpy"].__setitem__(1, [2**40] * 624),
    "another generator": lambda state: state["random"]["numpy"].__setitem__(0, "PCG64"),
    "python's random state torn": lambda state: state["random"].update(python=[3, [1], None]),
    "seconds in words": lambda state: state.update(seconds="x"),
    "a best that is a table": lambda state: state.update(best={}),
}


@pytest.mark.parametrize("name", STATES)
def test_a_hostile_state_is_told_of(run, name):
    change_state(run, STATES[name])
    with pytest.raises(CheckpointError, match=STEP):
        ganzoo.resume(run, steps=8)


@pytest.mark.parametrize("content", ["", "{", "null", "[1]", "{}", "[" * 100_000, '{"a": ' * 50 + "1" + "}" * 50])
def test_a_torn_state_is_told_of(run, content):
    (run / "checkpoints" / STEP / "state.json").write_text(content)
    for use in (lambda: ganzoo.resume(run, steps=8), lambda: ganzoo.load(run)):
        shutil.rmtree(run / "generator", ignore_errors=True)
        with pytest.raises(CheckpointError, match=r"state\.json"):
            use()


def test_an_optimizers_tensors_have_their_parameters_shapes(run):
    from safetensors.torch import load_file, save_file

    path = run / "checkpoints" / STEP / "optimizers.safetensors"
    tensors = load_file(path)
    name = next(name for name in tensors if name.endswith("exp_avg"))
    save_file({**tensors, name: tensors[name].flatten().clone()}, path)
    digest = checkpoint._sha256(path)
    change_state(run, lambda state: state["sha256"].update({path.name: digest}))
    with pytest.raises(CheckpointError, match="another shape than the parameter"):
        ganzoo.resume(run, steps=8)


@pytest.mark.parametrize("name", ["²", "9" * 5000, "x" * 300, "../..", "a\0b", "-1", ""])
def test_a_checkpoint_of_no_such_name(run, name):
    with pytest.raises(CheckpointError, match="no checkpoint"):
        checkpoint.find(run / "checkpoints", name)


SCORES = {
    "torn": "{",
    "nested": "[" * 100_000,
    "a list": "[]",
    "tables of nothing": '{"a": {}}',
    "scores in words": '{"a": {"protocol": {}, "scores": "x"}}',
    "a row that is none": '{"a": {"protocol": {}, "scores": [1]}}',
    "a row without a step": '{"a": {"protocol": {}, "scores": [{"seed": 0}]}}',
    "a step in words": '{"a": {"protocol": {}, "scores": [{"seed": 0, "step": "x"}]}}',
    "a score in words": '{"a": {"protocol": {}, "scores": [{"seed": 0, "step": 1, "l1": "x"}]}}',
    "a score that is none": '{"a": {"protocol": {}, "scores": [{"seed": 0, "step": 1, "l1": NaN}]}}',
}


@pytest.mark.parametrize("name", SCORES)
def test_hostile_scores_are_told_of(tmp_path, name):
    (tmp_path / "metrics.json").write_text(SCORES[name])
    with pytest.raises(CheckpointError, match=r"metrics\.json"):
        read_scores(tmp_path)


def test_evaluate_tells_of_them_too(run):
    (run / "metrics.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"metrics\.json"):
        evaluate(run, device="cpu")


@pytest.mark.parametrize("name", ["environment.json", "metrics.jsonl"])
@pytest.mark.parametrize("content", ["", "{", "[1]", '{"step": "x"}\n{"folder": 1}\n1\nnull\n[[', '{"folder": 5}'])
def test_records_that_are_torn_stop_no_training(run, name, content):
    (run / name).write_text(content)
    assert ganzoo.resume(run, steps=7).step == 7


RECIPES = ["", "model = 1", "[" * 5000, "a = " + "[" * 5000, 'extends = "recipe.toml"', 'model = "os:system"', "\0"]


@pytest.mark.parametrize("text", RECIPES)
def test_a_hostile_recipe_is_told_of(run, text):
    (run / "recipe.toml").write_text(text)
    for use in (lambda: ganzoo.resume(run, steps=7), lambda: ganzoo.load(run), lambda: evaluate(run)):
        with pytest.raises(GanzooError, match="recipe"):
            use()


LINKS = ["samples", "checkpoints", "generator", "metrics.jsonl", "generator/AtoB.safetensors", f"checkpoints/{STEP}"]


@pytest.mark.parametrize("name", LINKS)
def test_a_link_out_of_a_run_is_refused_and_what_it_leads_to_untouched(run, tmp_path, name):
    outside = tmp_path / "outside"
    (run / name).rename(outside)
    (run / name).symlink_to(outside)
    before = sorted((str(path), path.lstat().st_mtime_ns) for path in [outside, *outside.rglob("*")])
    for use in (lambda: ganzoo.resume(run, steps=7), lambda: ganzoo.load(run, name="3")):
        with pytest.raises(CheckpointError, match="leads out of the run folder"):
            use()
    assert sorted((str(path), path.lstat().st_mtime_ns) for path in [outside, *outside.rglob("*")]) == before


def test_links_inside_a_run_are_its_own(run):
    assert (run / "checkpoints" / "latest").is_symlink()
    assert Run.open(run).recipe.model == "cyclegan"


def test_a_circle_of_links_is_refused(run):
    (run / "loop").symlink_to(Path("loop"))
    with pytest.raises(CheckpointError, match="leads out of the run folder"):
        Run.open(run)


@pytest.mark.parametrize("image", [[1], {}, {"channels": "x"}])
def test_an_image_that_is_none_makes_no_generator(run, image):
    shutil.rmtree(run / "generator")
    change_state(run, lambda state: state.update(image=image))
    with pytest.raises(CheckpointError, match="image"):
        ganzoo.load(run)
