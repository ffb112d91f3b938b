import json
import zipfile
from collections import OrderedDict

import official
import pytest
import torch
from torch import nn

import ganzoo
from ganzoo.errors import CheckpointError, DataError, RecipeError, RegistryError
from ganzoo.importing import import_generators


def save(network, path, change=lambda state: state, **options):
    torch.save(change(network.state_dict()), path, **options)
    return path


def noise(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(1)) * 2 - 1


def without_dropout(network):
    for layer in network.modules():
        if isinstance(layer, nn.Dropout):
            layer.eval()
    return network


RESNETS = {
    "today's": {},
    "nine blocks": {"blocks": 9, "filters": 2},
    "with dropout": {"dropout": True},
    "batch norm and dropout": {"batch": True, "dropout": True},
    "statistics of old instance norms": {"tracking": True, "dropout": True},
    "grey to colour": {"channels": 1, "out": 3},
    "one block": {"blocks": 1},
}


@pytest.mark.parametrize("settings", RESNETS.values(), ids=RESNETS)
def test_residual_generators_give_the_pictures_of_the_official_code(tmp_path, settings):
    network = official.trained(official.ResNet(**settings))
    out = import_generators("cyclegan", [save(network, tmp_path / "latest_net_G_A.pth")], tmp_path / "out")
    model = ganzoo.load(out)
    theirs = network.train(bool(settings.get("batch")))  # instance norms without statistics know no mode
    for layer in network.modules():
        if isinstance(layer, nn.InstanceNorm2d):
            layer.track_running_stats, layer.running_mean, layer.running_var = False, None, None
    ours = without_dropout(model.generators.networks["AtoB"])
    images = noise(1, settings.get("channels", 3), 16, 20)
    assert torch.allclose(without_dropout(theirs)(images), ours(images), atol=1e-5)
    config = model.config.networks["AtoB"].config
    assert config["dropout"] == settings.get("dropout", False)
    assert config["blocks"] == settings.get("blocks", 2)
    assert model.config.inference == ("train" if settings.get("dropout") or settings.get("batch") else "eval")


UNETS = {
    "batch norm": {},
    "eight halvings": {"downs": 8, "filters": 2},
    "instance norm": {"batch": False},
    "grey to colour": {"channels": 1},
}


@pytest.mark.parametrize("settings", UNETS.values(), ids=UNETS)
@pytest.mark.parametrize("evaluating", [False, True])
def test_unets_give_the_pictures_of_the_official_code(tmp_path, settings, evaluating):
    network = official.trained(official.UNet(**settings))
    file = save(network, tmp_path / "latest_net_G.pth")
    model = ganzoo.load(import_generators("pix2pix", [file], tmp_path / "out", evaluating=evaluating))
    side = 2 ** settings.get("downs", 6)
    images = noise(1, settings.get("channels", 3), side, 2 * side)
    theirs = without_dropout(network.train(not evaluating))(images)
    assert torch.allclose(theirs, without_dropout(model.generators.networks["AtoB"])(images), atol=1e-5)
    assert model.config.inference == ("eval" if evaluating else "train")


def test_dropout_of_a_unet_is_where_the_official_code_has_it_and_active_at_work(tmp_path):
    network = official.trained(official.UNet(downs=8, filters=2))
    model = ganzoo.load(import_generators("pix2pix", [save(network, tmp_path / "g.pth")], tmp_path / "out"))
    ours, images = model.generators.networks["AtoB"], noise(1, 3, 256, 256)
    network.train()
    torch.manual_seed(3)
    theirs = network(images)  # the same draws in the same order, so the same pixels are dropped
    torch.manual_seed(3)
    assert torch.allclose(theirs, ours(images), atol=1e-5)
    assert not torch.equal(ours(images), ours(images))


def test_a_unet_trained_without_dropout_is_told_so(tmp_path):
    file = save(official.trained(official.UNet()), tmp_path / "g.pth")
    model = ganzoo.load(import_generators("pix2pix", [file], tmp_path / "out", overrides=["dropout=false"]))
    images = noise(1, 3, 64, 64)
    ours = model.generators.networks["AtoB"]
    assert torch.equal(ours(images), ours(images))


def test_the_example_of_dcgan_gives_the_same_pictures(tmp_path):
    network = official.trained(official.DCGAN()).eval()
    model = ganzoo.load(import_generators("dcgan", [save(network, tmp_path / "netG_epoch_24.pth")], tmp_path / "out"))
    z = noise(4, 10)
    made = model.generators.sample(z)
    assert made.shape == (4, 3, 64, 64)
    assert torch.allclose(network(z[:, :, None, None]), made, atol=1e-5)
    assert len(model.sample(2, seed=0)) == 2


def prefixed(state):
    return OrderedDict((f"module.{name}", tensor) for name, tensor in state.items())


def uncounted(state):
    return OrderedDict((name, tensor) for name, tensor in state.items() if not name.endswith("num_batches_tracked"))


@pytest.mark.parametrize("change", [prefixed, uncounted], ids=["DataParallel", "before 0.4.1"])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_files_of_older_programs_are_read(tmp_path, change, zipped):
    network = official.trained(official.DCGAN()).eval()
    file = save(network, tmp_path / "g.pth", change, _use_new_zipfile_serialization=zipped)
    model = ganzoo.load(import_generators("dcgan", [file], tmp_path / "out"))
    assert torch.allclose(network(noise(2, 10)[:, :, None, None]), model.generators.sample(noise(2, 10)), atol=1e-5)


def test_two_files_are_two_directions(tmp_path):
    networks = [official.trained(official.ResNet(), seed) for seed in (0, 1)]
    files = [save(network, tmp_path / f"latest_net_G_{X}.pth") for X, network in zip("AB", networks, strict=True)]
    model = ganzoo.load(import_generators("cyclegan", files, tmp_path / "out"))
    assert model.directions == ["AtoB", "BtoA"]
    for direction, network in zip(model.directions, networks, strict=True):
        made = model.generators.translate(noise(1, 3, 16, 16), direction)
        assert torch.allclose(network(noise(1, 3, 16, 16)), made, atol=1e-5)
    one = ganzoo.load(import_generators("cyclegan", files[:1], tmp_path / "one", direction="BtoA"))
    assert one.directions == ["BtoA"]


def test_the_folder_says_what_it_is(tmp_path):
    file = save(official.trained(official.ResNet()), tmp_path / "horse2zebra.pth")
    out = import_generators("cyclegan", [file], tmp_path / "out")
    config = json.loads((out / "config.json").read_text())
    assert (config["model"], config["networks"]["AtoB"]["network"]) == ("cyclegan", "resnet")
    assert config["networks"]["AtoB"]["plugin"] == "ganzoo-cyclegan"
    assert "horse2zebra.pth" in (out / "README.md").read_text()
    assert sorted(path.name for path in out.iterdir()) == ["AtoB.safetensors", "README.md", "config.json"]


class Harmful:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (type(self.target).touch, (self.target,))


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_a_file_with_code_is_refused_and_nothing_of_it_runs(tmp_path, zipped):
    state = official.ResNet().state_dict() | {"harm": Harmful(tmp_path / "ran")}
    torch.save(state, tmp_path / "g.pth", _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match="may hold code: refused"):
        import_generators("cyclegan", [tmp_path / "g.pth"], tmp_path / "out")
    assert not (tmp_path / "ran").exists()
    assert not (tmp_path / "out").exists()


def shrunk(state):
    return {**state, "model.1.weight": state["model.1.weight"][:, :2]}


def claiming(state):
    return {**state, "model.1.bias": torch.zeros(1).expand(10**12)}


def broken(state):
    return {**state, "model.1.bias": state["model.1.bias"] * float("nan")}


REFUSED = {
    "renamed": (
        lambda state: {name.replace("model.10.conv_block.5", "model.10.elsewhere"): t for name, t in state.items()},
        r"lacks model\.10\.conv_block\.5.*; has besides model\.10\.elsewhere",
    ),
    "a layer too many": (lambda state: state | {"model.99.weight": torch.zeros(1)}, r"has besides model\.99\.weight"),
    "another shape": (
        lambda state: {**state, "model.4.weight": torch.zeros(8, 4, 5, 5)},
        r"does not fit: model\.4\.weight is 8x4x5x5, not 8x4x3x3",
    ),
    "a whole checkpoint": (lambda state: {"epoch": 3, "state_dict": state}, "'epoch' in it is a int"),
    "no names": (lambda state: list(state.values()), "holds a list"),
    "nothing": (lambda state: {}, "no named tensors"),
    "more than it has": (claiming, "claims more numbers"),
    "not finite": (broken, "not finite"),
    "sparse": (lambda state: {**state, "model.1.bias": state["model.1.bias"].to_sparse()}, "no ordinary tensor"),
    "discriminator": (lambda state: {"model.0.weight": torch.zeros(4, 3, 4, 4)}, "no residual generator"),
    "half a norm": (lambda state: state | {"model.2.weight": torch.ones(4)}, "norm is not known"),
}


@pytest.mark.filterwarnings("ignore:Validating sparse")
@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_is_something_else_is_refused_with_what_it_is(tmp_path, change, message):
    file = save(official.trained(official.ResNet()), tmp_path / "g.pth", change)
    with pytest.raises(CheckpointError, match=message):
        import_generators("cyclegan", [file], tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_a_file_that_was_cut_off_is_refused(tmp_path, share, zipped):
    file = save(official.ResNet(), tmp_path / "g.pth", _use_new_zipfile_serialization=zipped)
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match=r"g\.pth: cannot be read"):
        import_generators("cyclegan", [file], tmp_path / "out")


def test_a_compressed_archive_is_refused_before_it_is_unpacked(tmp_path):
    file = save(official.ResNet(), tmp_path / "g.pth")
    with zipfile.ZipFile(file) as there, zipfile.ZipFile(tmp_path / "b.pth", "w", zipfile.ZIP_DEFLATED) as bomb:
        for item in there.infolist():
            bomb.writestr(item.filename, there.read(item))
        bomb.writestr("archive/data/999", bytes(10**7))
    with pytest.raises(CheckpointError, match="compressed archive"):
        import_generators("cyclegan", [tmp_path / "b.pth"], tmp_path / "out")


def test_a_file_of_another_kind_says_which_importer_knows_it(tmp_path):
    file = save(official.trained(official.UNet()), tmp_path / "g.pth")
    with pytest.raises(CheckpointError, match="ganzoo import pix2pix"):
        import_generators("cyclegan", [file], tmp_path / "out")


def test_what_does_not_go_together_is_refused(tmp_path):
    file = save(official.trained(official.DCGAN()), tmp_path / "g.pth")
    with pytest.raises(DataError, match="starts from noise"):
        import_generators("dcgan", [file], tmp_path / "out", direction="AtoB")
    with pytest.raises(RecipeError, match="no_such"):
        import_generators("dcgan", [file], tmp_path / "out", overrides=["no_such=1"])
    with pytest.raises(CheckpointError, match="no such file"):
        import_generators("dcgan", [tmp_path / "none.pth"], tmp_path / "out")
    with pytest.raises(RegistryError, match="'dcgan'"):
        import_generators("dcgam", [file], tmp_path / "out")
    with pytest.raises(DataError, match="already holds"):
        import_generators("dcgan", [file], tmp_path)
