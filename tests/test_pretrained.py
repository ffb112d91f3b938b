import json

import numpy as np
import pytest
import torch
from PIL import Image

import ganzoo
from ganzoo.errors import CheckpointError, DataError, RegistryError
from ganzoo.generators import pad_to


@pytest.fixture(scope="module")
def run(tmp_path_factory, tiny):
    return ganzoo.train("cyclegan", overrides=tiny, out=tmp_path_factory.mktemp("pretrained") / "run")


@pytest.fixture
def folder(run, tmp_path):
    import shutil

    return shutil.copytree(run.generator, tmp_path / "generator")


@pytest.mark.parametrize("size", [(16, 16), (33, 21), (5, 64), (1, 1)])
def test_a_picture_of_any_size_comes_back_in_its_own(run, size):
    (made,) = ganzoo.load(run.folder).translate(Image.new("RGB", size, "green"), direction="AtoB")
    assert made.size == size


def test_a_run_and_its_generator_folder_translate_alike(run, folder, tmp_path):
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8))
    picture.save(tmp_path / "a.png")
    (from_run,) = ganzoo.load(run.folder).translate(tmp_path / "a.png", "BtoA")
    (from_folder,) = ganzoo.load(folder).translate([picture], "BtoA")
    assert from_run.tobytes() == from_folder.tobytes()


def test_dropout_at_work_is_drawn_from_the_seed(tmp_path):
    small = ["data.size=16", "data.count=4", "data.test_count=2", "networks.generator.downs=3", "train.steps=1"]
    sizes = ["networks.generator.filters=4", "networks.discriminator.filters=4", "networks.discriminator.layers=1"]
    model = ganzoo.load(ganzoo.train("pix2pix", overrides=[*small, *sizes], out=tmp_path / "run").folder)
    picture = Image.effect_noise((16, 16), 90).convert("RGB")
    state = torch.random.get_rng_state()
    first, second = model.translate([picture, picture], seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)  # the caller's numbers go on as they would have
    assert first.tobytes() == second.tobytes() == model.translate(picture, seed=3)[0].tobytes()
    assert first.tobytes() != model.translate(picture, seed=4)[0].tobytes()


def test_padding_is_cut_away_again_and_does_not_move_the_picture():
    images = torch.arange(30.0).view(1, 1, 5, 6)
    padded = pad_to(images, 4)
    assert padded.shape == (1, 1, 8, 8)
    assert torch.equal(padded[..., :5, :6], images)
    assert padded[0, 0, 5, 0] == images[0, 0, 3, 0]  # reflected at the last row


def test_averaged_weights_are_published(run):
    from safetensors.torch import load_file

    published = load_file(run.generator / "AtoB.safetensors")
    average = load_file(run.checkpoints / "latest" / "ema.safetensors")
    for name, tensor in published.items():
        assert torch.equal(tensor, average[f"networks.generator_AtoB.{name}"])


def test_an_unknown_direction_is_refused(run):
    with pytest.raises(ValueError, match="AtoB, BtoA"):
        ganzoo.load(run.folder).translate(Image.new("RGB", (8, 8)), direction="AtoC")


def test_a_file_that_is_no_picture_is_named(run, tmp_path):
    (tmp_path / "no.png").write_text("hello")
    with pytest.raises(DataError, match=r"no\.png"):
        ganzoo.load(run.folder).translate(tmp_path / "no.png", "AtoB")


def test_a_folder_that_is_neither_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="neither a run folder nor a generator folder"):
        ganzoo.load(tmp_path)


def change(folder, change_it):
    path = folder / "config.json"
    config = json.loads(path.read_text())
    change_it(config)
    path.write_text(json.dumps(config))


def test_a_missing_plugin_is_named(folder):
    change(folder, lambda config: config["networks"]["AtoB"].update(network="nowhere", plugin="ganzoo-nowhere"))
    with pytest.raises(RegistryError, match="pip install ganzoo-nowhere"):
        ganzoo.load(folder)


@pytest.mark.parametrize("weights", ["../AtoB.safetensors", "/etc/x.safetensors", "AtoB.bin"])
def test_weights_outside_the_folder_or_of_another_kind_are_refused(folder, weights):
    change(folder, lambda config: config["networks"]["AtoB"].update(weights=weights))
    with pytest.raises(CheckpointError, match=r"is no safetensors file|is no name of a file in the folder"):
        ganzoo.load(folder)


def test_weights_of_another_shape_are_refused(folder):
    change(folder, lambda config: config["networks"]["AtoB"]["config"].update(filters=8))
    with pytest.raises(CheckpointError, match="larger than its weights"):
        ganzoo.load(folder)
    change(folder, lambda config: config["networks"]["AtoB"]["config"].update(filters=2))
    with pytest.raises(CheckpointError, match=r"'model.*' is F32 \[4, .*and the network's is F32 \[2, "):
        ganzoo.load(folder)


def test_a_loaded_model_stays_as_it_was_when_another_checkpoint_is_packed(run):
    early = ganzoo.load(run.folder, name="3").generators.networks["AtoB"]
    before = {name: value.clone() for name, value in early.state_dict().items()}
    late = ganzoo.load(run.folder, name="6").generators.networks["AtoB"]
    assert not all(torch.equal(value, before[name]) for name, value in late.state_dict().items())
    assert all(torch.equal(value, before[name]) for name, value in early.state_dict().items())
