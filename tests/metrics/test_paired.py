import math

import pytest
import torch
from torch import nn

from ganzoo.data.seasons import Seasons, SeasonsConfig
from ganzoo.errors import DataError
from ganzoo.generators import Generators
from ganzoo.metrics.paired import L1, Psnr, Ssim, psnr, ssim


def test_psnr_of_a_known_error():
    truth = torch.full((2, 3, 8, 8), 100.0)
    assert psnr(truth + 5, truth).tolist() == pytest.approx([20 * math.log10(255 / 5)] * 2, rel=1e-6)
    assert psnr(truth, truth).tolist() == pytest.approx([100.0] * 2)


def test_ssim_is_one_for_equal_pictures_and_sees_structure():
    torch.manual_seed(0)
    truth = torch.rand(1, 3, 32, 32) * 255
    assert ssim(truth, truth).item() == pytest.approx(1.0)
    assert ssim(truth, truth.flip(-1)).item() < 0.2


def test_l1_is_a_share_of_the_whole_range_and_the_lower_the_better():
    assert L1.measure(torch.full((2, 3, 4, 4), 51.0), torch.zeros(2, 3, 4, 4)).tolist() == pytest.approx([0.2] * 2)
    assert not L1.higher_is_better


def test_ssim_of_two_flat_pictures_is_its_luminance_term():
    x, y = torch.full((1, 1, 16, 16), 100.0), torch.full((1, 1, 16, 16), 150.0)
    c1 = (0.01 * 255) ** 2
    assert ssim(x, y).item() == pytest.approx((2 * 100 * 150 + c1) / (100**2 + 150**2 + c1), rel=1e-5)


def test_a_translator_that_does_nothing_scores_like_doing_nothing():
    test = Seasons(SeasonsConfig(size=32, count=2, test_count=3)).test()
    test.prepare()

    class Identity(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(()))

        def forward(self, images):
            return images

    generators = Generators({"AtoB": Identity(), "BtoA": Identity()})
    for metric, name in ((Psnr(), "psnr"), (Ssim(), "ssim"), (L1(), "l1")):
        scores = metric(generators, test)
        assert set(scores) == {f"{d}/{n}" for d in ("AtoB", "BtoA") for n in (name, f"{name}_input")}
        assert scores[f"AtoB/{name}"] == pytest.approx(scores[f"AtoB/{name}_input"])


def test_unpaired_data_is_refused():
    with pytest.raises(DataError, match="true translation"):
        Psnr()(Generators({}), Seasons(SeasonsConfig()))
