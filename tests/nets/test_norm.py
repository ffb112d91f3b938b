import pytest
import torch
from torch import nn
from torch.nn import functional as F

from ganzoo.nets.norm import InstanceNorm, norm_layer, uses_bias

LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}


def expected(images, gradient):
    """Mean and variance by hand, in float64."""
    images = images.double().contiguous().requires_grad_()
    centred = images - images.mean((2, 3), keepdim=True)
    normal = centred / (centred.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
    return normal.detach(), torch.autograd.grad(normal, images, gradient.double())[0]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("of_gradient", LAYOUTS)
@pytest.mark.parametrize("shape", [(1, 8, 12, 12), (3, 8, 12, 10), (1, 1, 6, 6), (2, 3, 1, 5)])
def test_instance_norm_and_its_gradient_are_right_in_every_layout(shape, layout, of_gradient):
    """F.instance_norm's gradient is wrong for one channels_last picture on the CPU: torch 2.15."""
    torch.manual_seed(0)
    images = (3 * torch.randn(shape) + 1).contiguous(memory_format=LAYOUTS[layout]).requires_grad_()
    gradient = torch.randn(shape).contiguous(memory_format=LAYOUTS[of_gradient])
    normal = InstanceNorm(shape[1])(images)
    (found,) = torch.autograd.grad(normal, images, gradient)
    truth, true_gradient = expected(images.detach(), gradient)
    assert torch.allclose(normal.double(), truth, atol=1e-5)
    assert torch.allclose(found.double(), true_gradient, atol=1e-5)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("odd", ["batch stride of 1", "gradient through a view", "slice of channels"])
def test_odd_strides_do_not_change_the_gradient(layout, odd):
    torch.manual_seed(0)
    start = torch.randn(1, 8, 6, 6).contiguous(memory_format=LAYOUTS[layout])
    if odd == "batch stride of 1":
        start = start.as_strided(start.shape, (1, *start.stride()[1:]))
    if odd == "slice of channels":
        start = torch.randn(1, 16, 6, 6).contiguous(memory_format=LAYOUTS[layout])[:, ::2]
    gradient = torch.randn(1, 8, 6, 6)
    for of_gradient in LAYOUTS.values():
        images = start.detach().requires_grad_()
        normal = InstanceNorm(8)(images)
        shown = normal.view(1, 8, 6, 6) if odd == "gradient through a view" and normal.is_contiguous() else normal
        (found,) = torch.autograd.grad(shown, images, gradient.contiguous(memory_format=of_gradient))
        assert torch.allclose(found.double(), expected(start, gradient)[1], atol=1e-5)


@pytest.mark.parametrize("batch", [1, 3])
def test_channels_last_stays_channels_last(batch):
    images = torch.randn(batch, 8, 6, 6).contiguous(memory_format=torch.channels_last)
    assert InstanceNorm(8)(images).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_second_derivative_is_that_of_torch(layout):
    torch.manual_seed(0)
    start = torch.randn(2, 4, 6, 6, dtype=torch.float64).contiguous(memory_format=LAYOUTS[layout])
    found = []
    for norm in (InstanceNorm(4), nn.InstanceNorm2d(4)):
        images = start.detach().clone().requires_grad_()
        (gradient,) = torch.autograd.grad(norm(images).pow(3).sum(), images, create_graph=True)
        found.append(torch.autograd.grad(gradient.square().sum(), images)[0])
    assert torch.allclose(*found)


def test_training_and_evaluation_give_the_same_and_nothing_is_stored():
    norm, images = InstanceNorm(4), torch.randn(2, 4, 6, 6)
    assert torch.equal(norm(images), norm.eval()(images))
    assert not norm.state_dict()
    assert (norm.affine, norm.track_running_stats) == (False, False)


@pytest.mark.parametrize("batch", [1, 4])
def test_a_single_pixel_is_refused_for_any_batch(batch):
    with pytest.raises(ValueError, match="picture is too small"):
        InstanceNorm(4)(torch.zeros(batch, 4, 1, 1))


def test_the_meta_device_and_bf16_keep_shape_and_type():
    assert InstanceNorm(4)(torch.empty(2, 4, 6, 6, device="meta")).shape == (2, 4, 6, 6)
    images = torch.randn(1, 4, 16, 16)
    low = InstanceNorm(4)(images.bfloat16())
    assert low.dtype == torch.bfloat16
    assert torch.allclose(low.float(), F.instance_norm(images), atol=0.05)


def test_names_give_layers_and_say_whether_a_bias_comes_before():
    assert isinstance(norm_layer("instance")(4), InstanceNorm)
    assert isinstance(norm_layer("none")(4), nn.Identity)
    batch = norm_layer("batch")(4)
    assert isinstance(batch, nn.BatchNorm2d)
    assert batch.affine
    assert batch.eps == 1e-5
    assert [uses_bias(kind) for kind in ("instance", "batch", "none")] == [True, False, True]
