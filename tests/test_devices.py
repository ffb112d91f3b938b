"""Whatever a training computes with is where its networks are.

The networks are put on the meta device, which computes shapes and nothing else: an operation that takes a tensor of the
CPU beside one of those raises an error, as it would on a GPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

import pytest
import torch
from small_engines import small_engine
from torch import nn
from torch.overrides import TorchFunctionMode

from ganzoo.data.base import Data
from ganzoo.data.glyphs import Glyphs
from ganzoo.data.loader import Loader
from ganzoo.data.seasons import Seasons
from ganzoo.engine import Engine
from ganzoo.generators import Generators
from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_metric
from ganzoo.recipe.schema import Evaluation

META = torch.device("meta")
MODELS = list(plugins().registries["model"])
EVERYTHING = (
    "train.accumulate=2",
    "ema={half_life=8, ramp=0.5}",
    "augment={policy=['color', 'translation', 'cutout'], instance_noise=0.1, noise_steps=20}",
    "optimizer.clip_norm=1.0",
)


def on_meta(model: str, *settings: str) -> tuple[Engine, Loader]:
    engine, batches = small_engine(model, *settings, device="meta")
    engine.loop.due = lambda turn, step: True
    return engine, batches


def assert_at_home(engine: Engine) -> None:
    """Everything that the engine keeps, and every term that it would log, is on its device."""
    kept = {
        **engine.loop.state_dict(),
        **{f"average {name}": tensor for name, tensor in (engine.average or nn.Module()).state_dict().items()},
        **{f"term {name}": value for name, pairs in engine.terms._values.items() for _, value in pairs},
    }
    assert engine.terms._values
    astray = [name for name, value in kept.items() if value.device.type != "meta" and not name.endswith("_extra_state")]
    assert astray == []


@pytest.mark.parametrize("model", MODELS)
def test_steps_and_samples_are_computed_where_the_networks_are(model: str) -> None:
    pool = ["loop.pool_size=3"] if "pool_size" in loop_settings(model) else []
    engine, batches = on_meta(model, *EVERYTHING, *pool)
    for _ in range(2):
        engine.train_step(batches)
    assert_at_home(engine)
    with engine.showing() as shown:
        columns = shown.preview(engine.place(next(batches)))
    assert columns
    assert {pictures.device for pictures in columns.values()} == {META}


def loop_settings(model: str) -> set[str]:
    entry = plugins().get("model", model)
    return set(plugins().load("loop", entry.details.get("loop", model)).Config.model_fields)


@pytest.mark.parametrize("penalty", plugins().registries["penalty"])
def test_penalties(penalty: str) -> None:
    engine, batches = on_meta("gan", f'penalty.type="{penalty}"')
    engine.train_step(batches)
    assert_at_home(engine)


@pytest.mark.parametrize("loss", plugins().registries["loss"])
@pytest.mark.parametrize("model", ["gan", "cyclegan"])
def test_losses(model: str, loss: str) -> None:
    engine, batches = on_meta(model, f'loss.type="{loss}"')
    engine.train_step(batches)
    assert_at_home(engine)


def test_settings_that_take_another_way() -> None:
    engine, batches = on_meta("discogan", "loop.feature_share=0")
    engine.train_step(batches)
    assert_at_home(engine)


class Copies(TorchFunctionMode):
    """Answers copies to the CPU, which the meta device has nothing for, with noise."""

    def __torch_function__(self, function, types, arguments=(), options=None):
        options = options or {}
        image = arguments[0] if arguments else None
        if isinstance(image, torch.Tensor) and image.is_meta:
            if function is torch.Tensor.cpu:
                return torch.rand(image.shape).to(image.dtype)
            if function is torch.Tensor.__float__:
                return 0.5
        return function(*arguments, **options)


def scores(metric: str, test: Data, networks: dict[str, nn.Module]) -> dict[str, float]:
    generators = Generators({name: network.to(META) for name, network in networks.items()})
    settings = Evaluation(metrics=[metric], samples=70)
    with Copies():
        return build_metric(metric, settings, plugins())(generators, test)


@pytest.mark.parametrize("metric", ["psnr", "ssim", "l1"])
def test_metrics_of_pairs(metric: str) -> None:
    test = Seasons(Seasons.Config(size=16, count=4, test_count=3)).test()
    test.prepare()
    assert scores(metric, test, {name: nn.Sequential(nn.Conv2d(3, 3, 1)) for name in ("AtoB", "BtoA")})


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Data]:
    """A test split and, in a cache of these tests' own, its classifier."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANZOO_CACHE", str(tmp_path_factory.mktemp("cache")))
        test = Glyphs(Glyphs.Config(size=16, count=60, test_count=60)).test()
        test.prepare()
        yield test


@pytest.mark.parametrize(
    "metric", ["frechet", "kid", "precision-recall", "density-coverage", "inception-score", "conditional-accuracy"]
)
def test_metrics_of_sets(metric: str, digits: Data) -> None:
    conditional = metric == "conditional-accuracy"
    network = plugins().load("network", "conv-generator")
    config = network.Config(channels=1, size=16, filters=4, conditional=conditional, classes=10 * conditional)
    assert scores(metric, digits, {"sample": network(config)})


def test_metrics_of_points() -> None:
    ring = plugins().load("data", "ring")
    test = ring(ring.Config(count=40, test_count=40)).test()
    test.prepare()
    network = plugins().load("network", "mlp-generator")
    assert scores("mode-coverage", test, {"sample": network(network.Config(shape=test.spec.images["image"]))})


def test_pictures_drawn_in_between_leave_the_noise_of_the_chosen_gpu_alone(monkeypatch) -> None:
    """Of ``cuda:1``, say, which need not be the current one."""
    engine, _ = on_meta("gan")
    forked = []
    monkeypatch.setattr("torch.random.fork_rng", lambda devices: forked.extend(devices) or nullcontext())
    monkeypatch.setattr("ganzoo.engine.autocast", lambda device, bf16: nullcontext())
    for engine.device in (torch.device("cuda", 1), torch.device("cpu")):
        with engine.showing():
            pass
    assert forked == [torch.device("cuda", 1)]


def test_a_tensor_of_the_cpu_in_a_step_is_found() -> None:
    """The test of the tests above: a mistake such as ``torch.randn`` without a device."""
    engine, batches = on_meta("gan")
    plain = engine.loop.loss.discriminator
    engine.loop.loss.discriminator = lambda real, fake: plain(real, fake) + (torch.randn(len(real), 1) * real).mean()
    with pytest.raises(RuntimeError, match="device"):
        engine.train_step(batches)
