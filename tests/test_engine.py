import copy
import itertools

import pytest
import torch
from torch import nn

from ganzoo.engine import Engine
from ganzoo.errors import TrainingError
from ganzoo.loop import TrainingLoop, Turn
from ganzoo.losses import NonSaturating
from ganzoo.penalties import NoPenalty
from ganzoo.recipe.schema import Recipe
from ganzoo.spec import DataSpec


class Generator(nn.Linear):
    latent_shape = (3,)

    def __init__(self):
        super().__init__(3, 2)


class Toy(TrainingLoop):
    """Two linear players; what each turn saw is written down."""

    players = {"critic": ["critic"], "generator": ["generator"]}

    def setup(self):
        self.seen = []

    def turns(self):
        return Turn("critic"), Turn("generator", every=2)

    def critic(self, batch):
        self.seen.append(("critic", batch["image"][0, 0].item()))
        critic = self.networks["critic"]
        yield {"real": critic(batch["image"]).square().mean()}
        yield {"fake": critic(self.sample_like(batch, grad=False)).mean()}

    def generator(self, batch):
        self.seen.append(("generator", batch["image"][0, 0].item()))
        flags = [parameter.requires_grad for parameter in self.networks["critic"].parameters()]
        assert not any(flags), "the critic plays no part in the generator's turn"
        yield {"adversarial": self.networks["critic"](self.sample_like(batch)).mean()}

    def after(self, turn):
        if turn.player == "critic":
            for parameter in self.networks["critic"].parameters():
                parameter.clamp_(-0.5, 0.5)


def make(loop_class=Toy, **tables):
    torch.manual_seed(0)
    recipe = Recipe.model_validate(
        {
            "model": "toy",
            "data": {"type": "toy"},
            "networks": {},
            "train": {"steps": 8, "batch_size": 4} | tables.pop("train", {}),
            **tables,
        }
    )
    networks = {"critic": nn.Linear(2, 1), "generator": Generator()}
    loop = loop_class(None, networks, DataSpec({"image": (2,)}), NonSaturating(), NoPenalty())
    return Engine(loop, recipe, torch.device("cpu"), 8, 4)


def batches(size=4):
    for number in itertools.count():
        yield {"image": torch.full((size, 2), float(number))}


def weights(engine, name):
    return torch.cat([parameter.detach().flatten().clone() for parameter in engine.loop.networks[name].parameters()])


def test_turns_are_played_in_order_and_at_their_interval():
    engine = make()
    stream = batches()
    for _ in range(4):
        engine.train_step(stream)
    assert engine.loop.seen == [
        ("critic", 0.0), ("critic", 1.0), ("generator", 1.0), ("critic", 2.0), ("critic", 3.0), ("generator", 3.0),
    ]  # fmt: skip


def test_a_loop_knows_how_many_steps_are_done():
    class Counting(Toy):
        def critic(self, batch):
            self.seen.append(self.step)
            yield from super().critic(batch)

    engine = make(Counting)
    engine.step = 5
    for _ in range(2):
        engine.train_step(batches())
    assert [seen for seen in engine.loop.seen if isinstance(seen, int)] == [5, 6]


def test_showing_pictures_leaves_no_trace_in_batch_statistics():
    class Busy(Toy):
        inference = "train"

    engine = make(Busy)
    engine.loop.networks["critic"] = norm = nn.BatchNorm1d(2)
    with engine.showing() as shown:
        shown.networks["critic"](torch.randn(4, 2))
        assert norm.num_batches_tracked == 1
    assert norm.num_batches_tracked == 0
    assert not norm.running_mean.any()


def test_a_turn_moves_its_own_player_alone():
    engine = make()
    before = weights(engine, "generator")
    engine.train_step(batches())
    assert torch.equal(weights(engine, "generator"), before)
    assert all(parameter.grad is None for parameter in engine.loop.networks["generator"].parameters())
    critic = weights(engine, "critic")
    gradients = [parameter.grad.clone() for parameter in engine.loop.networks["critic"].parameters()]
    engine.loop.due = lambda turn, step: turn.player == "generator"
    engine.train_step(batches())
    assert torch.equal(weights(engine, "critic"), critic)
    assert not torch.equal(weights(engine, "generator"), before)
    for parameter, gradient in zip(engine.loop.networks["critic"].parameters(), gradients, strict=True):
        assert torch.equal(parameter.grad, gradient)


def test_terms_that_come_one_by_one_add_up_to_the_whole_gradient():
    engine = make()
    critic = engine.loop.networks["critic"]
    twin = copy.deepcopy(critic)
    torch.manual_seed(5)
    image = torch.full((4, 2), 0.0)
    fake = engine.loop.sample_like({"image": image}, grad=False)
    (twin(image).square().mean() + twin(fake).mean()).backward()
    torch.manual_seed(5)
    engine.train_step(batches())
    for parameter, expected in zip(critic.parameters(), twin.parameters(), strict=True):
        torch.testing.assert_close(parameter.grad, expected.grad)


def test_after_is_called_when_the_optimizer_has_stepped():
    engine = make(optimizer={"lr": 10.0})
    engine.train_step(batches())
    assert weights(engine, "critic").abs().max() <= 0.5


def test_accumulated_batches_are_one_big_batch():
    class Square(Toy):
        def critic(self, batch):
            yield {"real": self.networks["critic"](batch["image"]).square().mean()}

    whole = make(Square)
    parts = make(Square, train={"batch_size": 2, "accumulate": 2})
    big = torch.randn(4, 2)
    whole.train_step(iter([{"image": big}]))
    parts.train_step(iter([{"image": big[:2]}, {"image": big[2:]}]))
    for mine, other in zip(
        whole.loop.networks["critic"].parameters(), parts.loop.networks["critic"].parameters(), strict=True
    ):
        torch.testing.assert_close(mine.grad, other.grad)


def test_gradients_are_clipped_together():
    engine = make(optimizer={"clip_norm": 0.01})
    engine.train_step(itertools.islice(batches(), 1, None))
    norms = [parameter.grad.norm() for parameter in engine.loop.networks["critic"].parameters()]
    assert torch.stack(norms).norm() == pytest.approx(0.01, rel=1e-3)


def test_gain_multiplies_a_turns_loss():
    class Lazy(Toy):
        def turns(self):
            return (Turn("critic", name="lazy", gain=16.0),)

        def lazy(self, batch):
            yield {"r1": self.networks["critic"](batch["image"]).mean()}

    engine = make(Lazy)
    engine.train_step(itertools.islice(batches(), 1, None))
    assert engine.loop.networks["critic"].weight.grad.flatten().tolist() == [16.0, 16.0]


def test_a_term_that_is_not_finite_is_named_with_its_step():
    class Bad(Toy):
        def critic(self, batch):
            yield {"fine": self.networks["critic"](batch["image"]).mean()}
            yield {"odd": self.networks["critic"](batch["image"]).mean() * (float("nan") if len(self.seen) == 2 else 1)}
            self.seen.append("critic")

        def generator(self, batch):
            yield {"adversarial": self.networks["critic"](self.sample_like(batch)).mean()}

    engine = make(Bad)
    stream = batches()
    for _ in range(4):
        engine.train_step(stream)
    with pytest.raises(TrainingError, match="critic/odd is nan at step 3"):
        engine.terms.read()


def test_weights_that_are_not_finite_are_named():
    engine = make()
    engine.check_finite()
    with torch.no_grad():
        engine.loop.networks["generator"].weight[0, 0] = float("inf")
    with pytest.raises(TrainingError, match="weights of generator"):
        engine.check_finite()


def test_terms_are_means_since_the_last_reading():
    engine = make()
    stream = batches()
    engine.train_step(stream)
    assert set(engine.terms.read()) == {"critic/real", "critic/fake"}
    engine.train_step(stream)
    assert set(engine.terms.read()) == {"critic/real", "critic/fake", "generator/adversarial"}
    assert engine.terms.read() == {}


def test_showing_uses_the_average_and_leaves_everything_as_it_was():
    engine = make(ema={"half_life": 1e9, "ramp": 0})
    stream = batches()
    for _ in range(4):
        engine.train_step(stream)
    network, state = engine.loop.networks["generator"], torch.get_rng_state()
    with engine.showing() as loop:
        assert loop.networks["generator"] is engine.average.networks["generator"]
        assert not loop.networks["critic"].training
        assert not torch.is_grad_enabled()
        torch.randn(3)
    assert engine.loop.networks["generator"] is network
    assert network.training
    assert torch.equal(torch.get_rng_state(), state)


def test_the_engine_names_no_algorithm_and_reads_in_one_sitting():
    import inspect

    from ganzoo import engine

    source = inspect.getsource(engine)
    assert len(source.splitlines()) < 250
    assert not {"cyclegan", "wgan", "dcgan", "generator_AtoB"} & set(source.lower().split())
