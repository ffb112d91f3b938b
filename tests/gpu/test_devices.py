"""What holds on a GPU for every model: number formats and compiling change little, and nothing grows or is forgotten.

The variants on the CPU are the same tests, smaller: they prove the tests themselves.
"""

from __future__ import annotations

import gc

import pytest
import torch
from small_engines import small_engine
from torch import distributed
from torch._inductor import config as inductor

from ganzoo.distributed import World
from ganzoo.plugins import plugins
from ganzoo.precision import apply_runtime
from ganzoo.recipe.parse import check, read
from ganzoo.testing import check_resume, small_settings

MODELS = list(plugins().registries["model"])
PLAIN = ("ema.half_life=0", "augment={policy=[], instance_noise=0}", "data.count=16", "data.test_count=2")
OFTEN = {"wgan": ["loop.n_critic=2", "loop.long_first=0", "loop.long_every=0"], "wgan-gp": ["loop.n_critic=2"]}
"""Settings with which every turn comes in a few steps."""
BF16 = 0.1
"""How far, relatively where it is above 1, a term of the first step may be from float32's; bf16 has 8 bits."""
SAME = 2e-3
"""The same where the format stays, and sums are taken in another order; TF32 has 11 bits."""


@pytest.fixture(autouse=True)
def as_it_was():
    """The settings that a training makes for the whole process are undone."""
    threads, precision = torch.get_num_threads(), torch.get_float32_matmul_precision()
    yield
    torch.use_deterministic_algorithms(False)
    torch.set_float32_matmul_precision(precision)
    torch.set_num_threads(threads)
    torch.compiler.reset()


def prepared(model, device, *settings):
    """An engine, on a device that is set as in a training, and its batches."""
    settings = (*PLAIN, f'runtime.device="{device}"', *settings)
    apply_runtime(check(read(model, None, small_settings(model, settings), plugins()), plugins()).runtime)
    return small_engine(model, *settings, device=device)


def first_terms(model, device, *settings):
    """Every turn's terms, and the gradients' direction, before the first update has pulled the two apart."""
    engine, batches = prepared(model, device, "train.batch_size=4", 'optimizer={type="sgd", lr=1e-12}', *settings)
    engine.loop.due = lambda turn, step: True
    torch.manual_seed(1)
    engine.train_step(batches)
    gradients = {
        player: torch.cat([p.grad.flatten().cpu() for p in parameters if p.grad is not None])
        for player, parameters in engine.parameters.items()
    }
    reports = "report/"  # shares of right answers jump where a logit is near the boundary
    terms = {name: value for name, value in engine.terms.read().items() if not name.startswith(reports)}
    return terms, gradients


def apart(terms, others):
    assert terms.keys() == others.keys()
    return max(abs(terms[name] - others[name]) / max(1.0, abs(terms[name])) for name in terms)


def cosines(gradients, others):
    return [float(torch.cosine_similarity(gradients[name], others[name], dim=0)) for name in gradients]


@pytest.mark.parametrize("model", MODELS)
def test_bf16_and_float32_agree(model, device):
    terms, gradients = first_terms(model, device, 'runtime.precision="float32"')
    others, other_gradients = first_terms(model, device, 'runtime.precision="bf16"')
    assert terms
    assert 0 < apart(terms, others) < BF16, "0: it was not computed in bf16"
    assert min(cosines(gradients, other_gradients)) > 0.9


@pytest.mark.parametrize("model", MODELS)
def test_compiled_and_eager_agree(model, device):
    if device == "cpu" and model != "gan":
        pytest.skip("compiling for the CPU takes minutes; one model proves the test")
    terms, gradients = first_terms(model, device, 'runtime.precision="float32"')
    with inductor.patch(fallback_random=True):  # dropout as without compiling
        others, other_gradients = first_terms(model, device, 'runtime.precision="float32"', "runtime.compile=true")
    assert apart(terms, others) < SAME
    assert min(cosines(gradients, other_gradients)) > 0.999


@pytest.mark.parametrize("model", MODELS)
def test_a_deterministic_training_goes_on_bit_by_bit(model, device, tmp_path):
    if device == "cpu" and model != "gan":
        pytest.skip("tests/test_resume.py does this on the CPU")
    settings = [*PLAIN[2:], f'runtime.device="{device}"', "runtime.deterministic=true", "ema.half_life=10"]
    check_resume(model, tmp_path, small_settings(model, settings))


@pytest.mark.parametrize("model", MODELS)
def test_cuda_graphs_on_and_off_agree(model, device):
    if device == "cpu":
        pytest.skip("tests/test_graphs.py does this on the CPU, with tapes in place of graphs")
    trained = []
    for graphs in ("false", "true"):
        settings = ('runtime.precision="float32"', "runtime.deterministic=true", f"runtime.cuda_graphs={graphs}")
        engine, batches = prepared(model, device, *settings, *OFTEN.get(model, ()))
        torch.manual_seed(1)
        terms = []
        for _ in range(12):
            engine.train_step(batches)
            terms.append(engine.terms.read())
        trained.append((terms, engine))
    (terms, _), (others, engine) = trained
    assert all(engine.graphs._recorded[turn] for turn in engine.turns)
    assert max(apart(*pair) for pair in zip(terms, others, strict=True)) < SAME


@pytest.mark.parametrize("graphs", ["false", "true"])
@pytest.mark.parametrize("model", MODELS)
def test_memory_does_not_grow(model, graphs, device):
    """Tensors that are alive, and on a GPU their bytes, are the same after 500 steps as after the first few."""
    if device == "cpu" and model not in ("gan", "cyclegan"):
        pytest.skip("for the CPU two models prove the test")
    if device == "cpu" and graphs == "true":
        pytest.skip("there are no CUDA graphs on the CPU")
    pool = ["loop.pool_size=2"] if model == "cyclegan" else []  # full after the first steps
    settings = ("ema.half_life=10", f"runtime.cuda_graphs={graphs}", *OFTEN.get(model, ()))
    engine, batches = prepared(model, device, *settings, *pool)
    seen = []
    for step in range(500 if device == "cuda" else 60):
        engine.train_step(batches)
        if step % 10 == 9:
            engine.terms.read()
            seen.append(alive(device))
    assert max(seen[2:]) <= seen[1], f"tensors and bytes: {seen}"


def alive(device):
    gc.collect()
    tensors = [one for one in gc.get_objects() if isinstance(one, torch.Tensor)]
    return len(tensors), torch.cuda.memory_allocated() if device == "cuda" else 0


def test_gradients_and_weights_go_through_the_process_group(device):
    """NCCL (on the CPU gloo) with one process, which is all that one GPU can hold: calls, types and devices.

    A world of one returns at once, so this one believes in a second process, which its group does not have: each mean
    is half of what it should be.
    """
    store = distributed.HashStore()
    backend = "cpu:gloo,cuda:nccl" if device == "cuda" else "gloo"
    distributed.init_process_group(backend, store=store, rank=0, world_size=1)
    try:
        world = World(size=2, store=store)
        both, one, none = (torch.nn.Parameter(torch.ones(2, device=device)) for _ in range(3))
        both.grad, one.grad = torch.full((2,), 4.0, device=device), torch.full((2,), 6.0, device=device)
        world.average_gradients([both, one, none])
        assert both.grad.tolist() == [2.0, 2.0]
        assert one.grad.tolist() == [3.0, 3.0]
        assert none.grad is None
        world.spread([both, one])
        assert both.tolist() == one.tolist() == [1.0, 1.0]
    finally:
        distributed.destroy_process_group()
