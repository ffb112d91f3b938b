"""Turns that are replayed without Python compute what they compute with it."""

import pytest
import torch
from small_engines import small_engine
from tape import TapedTurns

from ganzoo import checkpoint
from ganzoo.graphs import WARM_UP
from ganzoo.plugins import plugins

MODELS = sorted(plugins().registries["model"])
OFTEN = {"wgan": ["loop.n_critic=2", "loop.long_first=0", "loop.long_every=0"], "wgan-gp": ["loop.n_critic=2"]}
"""Settings with which every turn comes often enough to be recorded in a few steps."""
STEPS = 18


def prepared(model, *settings):
    return small_engine(model, "ema.half_life=10", "data.count=16", *settings)


def trained(model, *settings, taped):
    """What a training has come to after a few steps, and the engine."""
    engine, batches = prepared(model, *settings)
    if taped:
        engine.graphs = TapedTurns(engine.loop, engine.device)
    torch.manual_seed(1)
    terms = []
    for _ in range(STEPS):
        engine.train_step(batches)
        terms.append(engine.terms.read())
    return engine, {**engine.loop.state_dict(), **engine.average.state_dict()}, terms


def assert_equal(model, *settings):
    _, expected, expected_terms = trained(model, *settings, taped=False)
    engine, found, found_terms = trained(model, *settings, taped=True)
    assert found_terms == expected_terms
    assert found.keys() == expected.keys()
    assert [name for name, tensor in expected.items() if not torch.equal(tensor, found[name])] == []
    return engine


def replayed(engine):
    return {turn.name for turn, recorded in engine.graphs._recorded.items() if recorded}


@pytest.mark.parametrize("model", MODELS)
def test_replayed_turns_are_those_that_python_plays(model):
    engine = assert_equal(model, *OFTEN.get(model, ()))
    assert replayed(engine) == {turn.name for turn in engine.turns}
    assert all(tape.replays >= 2 for tape in engine.graphs.tapes)


@pytest.mark.parametrize(
    ("model", "settings"),
    [
        ("gan", ["train.accumulate=2", "optimizer.clip_norm=0.1"]),
        ("dcgan", ['augment.policy=["color", "translation", "cutout"]', "augment.instance_noise=0.1"]),
        ("dcgan", ['penalty.type="r1"', 'loss.type="relativistic"', 'schedule.type="linear"']),
        ("cyclegan", ["loop.pool_size=3", 'runtime.precision="bf16"']),
        ("cyclegan", ["loop.pool_size=0", "train.accumulate=2", "runtime.channels_last=true"]),
    ],
)
def test_so_they_are_with_other_settings(model, settings):
    assert_equal(model, *settings)


def test_noise_that_fades_is_that_of_the_step_and_then_recorded_no_more():
    engine = assert_equal("dcgan", "augment.instance_noise=0.5", "augment.noise_steps=8")
    assert len(engine.graphs.tapes) == 4
    operators = [[str(one[0]) for one in tape.operators] for tape in engine.graphs.tapes]
    noisy = [sum(name.startswith("aten.randn_like") for name in names) for names in operators]
    assert noisy == [2, 1, 0, 0]


def test_a_game_that_changes_is_recorded_anew():
    engine = assert_equal("discogan", "loop.update_interval=2", "loop.changepoint=9")
    assert len(engine.graphs.tapes) == 4


def test_a_turn_that_reads_the_step_is_played_by_python():
    def fading(batch):
        yield {"adversarial": engine.loop.judge(batch["image"], batch).mean() / (1 + engine.loop.step)}

    engine, batches = prepared("gan")
    engine.graphs = TapedTurns(engine.loop, engine.device)
    engine.loop.discriminator = fading
    for _ in range(WARM_UP + 2):
        engine.train_step(batches)
    assert replayed(engine) == {"generator"}


def test_a_turn_that_waits_for_the_device_is_played_by_python(caplog):
    def impatient(batch):
        yield {"adversarial": engine.loop.judge(batch["image"], batch).mean() * float(batch["image"].mean())}

    engine, batches = prepared("gan")
    engine.graphs = TapedTurns(engine.loop, engine.device)
    engine.loop.discriminator = impatient
    for _ in range(WARM_UP + 2):
        engine.train_step(batches)
    assert [one.message for one in caplog.records] == [
        "turn 'discriminator' is not replayed as a CUDA graph, which is slower: the recording waits for the device"
    ]
    assert len(engine.graphs.tapes) == 1
    assert engine.terms.read()["discriminator/adversarial"] != 0


def test_batches_of_another_shape_are_recorded_anew():
    engine, batches = prepared("gan")
    engine.graphs = TapedTurns(engine.loop, engine.device)
    first = next(batches)
    for _ in range(WARM_UP + 1):
        engine.train_step(iter([first]))
    assert len(engine.graphs.tapes) == 2
    engine.train_step(iter([{key: torch.cat([value, value]) for key, value in first.items()}]))
    assert not engine.graphs._recorded


def test_a_replayed_training_goes_on_from_its_checkpoint(tmp_path):
    engine, batches = prepared("cyclegan", "loop.pool_size=2")
    engine.graphs = TapedTurns(engine.loop, engine.device)
    for _ in range(WARM_UP + 2):
        engine.train_step(batches)
    folder = checkpoint.save(tmp_path, engine, {})
    following = next(batches)
    engine.train_step(iter([following]))
    other, _ = prepared("cyclegan", "loop.pool_size=2")
    checkpoint.restore(folder, other)
    other.train_step(iter([following]))
    expected, found = engine.loop.state_dict(), other.loop.state_dict()
    assert [name for name, tensor in expected.items() if not torch.equal(tensor, found[name])] == []


def test_a_recipe_with_cuda_graphs_trains_without_cuda():
    engine, batches = prepared("gan", "runtime.cuda_graphs=true")
    for _ in range(WARM_UP + 2):
        engine.train_step(batches)
    assert engine.graphs is None
