import pytest
import torch

from ganzoo.augment import POLICIES, Augmentation, cutout, translation
from ganzoo.recipe.schema import Augment


class NoNetworks:
    publishes = {}
    networks = {}


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_a_change_is_of_each_picture_alone_and_lets_gradients_through(name):
    torch.manual_seed(0)
    images = torch.rand(64, 3, 16, 16, requires_grad=True)
    changed = POLICIES[name](images)
    assert changed.shape == images.shape
    assert len({tuple(picture.flatten().tolist()[:40]) for picture in changed}) > 1
    changed.sum().backward()
    assert images.grad.abs().sum() > 0


def test_a_shift_moves_and_never_wraps():
    torch.manual_seed(0)
    images = torch.zeros(200, 1, 16, 16)
    images[:, :, 0, 0] = 1.0
    moved = translation(images).flatten(1)
    places = {int(picture.argmax()) for picture in moved if picture.max() > 0}
    assert places == {row * 16 + column for row in range(3) for column in range(3)}
    assert (moved.sum(1) <= 1).all()


def test_a_cut_is_at_most_a_quarter_of_the_picture():
    torch.manual_seed(0)
    cut = 1 - cutout(torch.ones(500, 1, 16, 16)).mean(dim=(1, 2, 3))
    assert cut.max() == 0.25
    assert 0.1 < cut.mean() < 0.25


def test_instance_noise_fades():
    augmentation = Augmentation(NoNetworks(), Augment(instance_noise=0.5, noise_steps=100), torch.device("cpu"))
    images = torch.zeros(8, 3, 32, 32)
    assert augmentation(images).std() == pytest.approx(0.5, rel=0.05)
    augmentation.begin(50)
    assert augmentation(images).std() == pytest.approx(0.25, rel=0.05)
    augmentation.begin(200)
    assert not augmentation(images).any()
