import pytest
import torch
from torch.nn import functional as F

from ganzoo.nets.padding import ReflectionPad, reflected


@pytest.mark.parametrize("padding", [(3, 3, 3, 3), (1, 0, 2, 3)])
def test_slices_put_together_equal_the_native_padding_and_its_gradient(padding):
    images = torch.randn(2, 3, 5, 6, dtype=torch.float64, requires_grad=True)
    native, sliced = F.pad(images, padding, mode="reflect"), reflected(images, padding)
    assert torch.equal(native, sliced)
    weight = torch.randn_like(native)
    gradients = [torch.autograd.grad(padded, images, weight)[0] for padded in (native, sliced)]
    assert torch.allclose(*gradients)


def test_autocast_leaves_the_number_format():
    with torch.autocast("cpu", torch.bfloat16):
        assert ReflectionPad(1)(torch.zeros(1, 1, 4, 4, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_the_meta_device_has_no_autocast_to_leave():
    assert ReflectionPad(3)(torch.empty(1, 3, 8, 8, device="meta")).shape == (1, 3, 14, 14)
