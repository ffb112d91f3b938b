"""MyGAN trains, goes on bit for bit where it stopped, and leaves a generator that works."""

from pathlib import Path

import pytest

from ganzoo.testing import check_data, check_model


def test_mygan_trains_and_resumes(tmp_path: Path) -> None:
    check_model("mygan", tmp_path)


@pytest.mark.parametrize("loss", ["lsgan", "hinge", "relativistic"])
def test_mygan_takes_other_losses(tmp_path: Path, loss: str) -> None:
    check_model("mygan", tmp_path, [f"loss.type={loss}"])


def test_mygan_plays_several_turns_of_the_discriminator(tmp_path: Path) -> None:
    check_model("mygan", tmp_path, ["loop.n_critic=2", "penalty.type=r1"])


def test_discs_are_pictures() -> None:
    check_data("mygan-discs", size=16)
