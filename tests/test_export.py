import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ganzoo import export as exporting
from ganzoo.errors import DataError
from ganzoo.export import OPSET, TOLERANCE, export
from ganzoo.generators import Generators
from ganzoo.plugins import plugins
from ganzoo.pretrained import Pretrained, PublishedConfig
from ganzoo.recipe.build import build_data, build_loop, build_network, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.recipe.schema import Component
from ganzoo.testing import small_settings

onnx_is_there = all(importlib.util.find_spec(name) for name in exporting.EXTRA)
needs_onnx = pytest.mark.skipif(not onnx_is_there, reason="the extra 'export' is not installed")
FORMATS = [pytest.param("onnx", marks=needs_onnx), "pt2"]


def published(model, overrides=()):
    """What a model publishes, small and untrained."""
    found = plugins()
    recipe = check(read(model, None, small_settings(model, overrides), found), found)
    data = build_data(recipe, found)
    data.prepare()
    loop = build_loop(fill_from_data(recipe, data.spec, found), data.spec, found)
    networks = {name: loop.networks[network] for name, network in loop.publishes.items()}
    return pretrained(networks, loop.inference, model, data.spec.channels)


def pretrained(networks, inference="eval", model="test", channels=3):
    torch.manual_seed(0)
    for network in networks.values():
        network.requires_grad_(False)
        for name, tensor in network.state_dict().items():
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2)
    entries = {name: {"network": model, "plugin": "p", "config": {}, "weights": "w.safetensors"} for name in networks}
    image = {"channels": channels, "class_names": []}
    config = PublishedConfig(format=1, model=model, inference=inference, image=image, networks=entries)
    return Pretrained(config, Generators(networks, inference), Path())


def translator(kind="unet", inference="eval", **settings):
    config = {"channels": 3, "out_channels": 3, "filters": 4, **settings}
    return pretrained({"AtoB": build_network(Component(type=kind, **config), plugins())}, inference)


def runner(file):
    """What a user of the file would do; inputs by position."""
    if file.suffix == ".pt2":
        return torch.export.load(file).module()
    import onnxruntime

    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    names = [given.name for given in session.get_inputs()]
    return lambda *inputs: torch.from_numpy(
        session.run(None, dict(zip(names, map(np.asarray, inputs), strict=True)))[0]
    )


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", list(plugins().registries["model"]))
def test_every_model_exports_and_makes_the_same_pictures(tmp_path, name, kind):
    model = published(name)
    generators = model.generators
    for network in generators.networks.values():
        for layer in network.modules():
            if isinstance(layer, nn.Dropout):
                layer.eval()  # what an export says that it leaves out
    direction = generators.directions[0] if generators.directions else None
    made = export(model, tmp_path / f"g.{kind}", kind, direction=direction)
    assert made.drift <= TOLERANCE
    run = runner(made.file)
    for n in (1, 2, 5):
        if direction:
            least, multiple = int(made.metadata["least"]), int(made.metadata["multiple_of"])
            images = torch.rand(n, 3, least + multiple * (n - 1), least) * 2 - 1
            inputs, expected = (images,), generators.translate(images, direction)
        else:
            labels = generators.labels(n, 0)
            inputs = (generators.latents(n, 0), *([] if labels is None else [labels]))
            expected = generators.sample(*inputs)
        assert torch.allclose(run(*inputs), expected, atol=TOLERANCE)


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("norm", ["batch", "instance"])
def test_batch_statistics_at_work_are_those_of_each_picture(tmp_path, kind, norm):
    model = translator(downs=3, norm=norm, inference="train", init_gain=0.3)
    run = runner(export(model, tmp_path / f"g.{kind}", kind).file)
    images = torch.rand(3, 3, 8, 16) * 2 - 1
    made = run(images)
    assert torch.allclose(made, model.generators.translate(images, "AtoB"), atol=1e-5)
    assert torch.allclose(made[1:2], run(images[1:2]), atol=1e-5)


@needs_onnx
def test_an_onnx_file_says_what_it_is(tmp_path):
    import onnx

    file = export(translator("resnet", blocks=1), tmp_path / "g.onnx").file
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    assert [(given.domain, given.version) for given in model.opset_import if not given.domain] == [("", OPSET)]
    shape = model.graph.input[0].type.tensor_type.shape.dim
    assert [side.dim_param or side.dim_value for side in shape] == ["batch", 3, "4*height", "4*width"]
    assert (model.graph.input[0].name, model.graph.output[0].name) == ("image", "translated")
    metadata = {item.key: item.value for item in model.metadata_props}
    assert metadata["range"] == "[-1, 1]"
    assert (metadata["directions"], metadata["generator"], metadata["multiple_of"]) == ("AtoB", "AtoB", "4")
    assert [path.name for path in tmp_path.iterdir()] == ["g.onnx"]  # weights within


@needs_onnx
def test_a_conditional_model_takes_labels(tmp_path):
    import onnxruntime

    made = export(published("cgan"), tmp_path / "g.onnx")
    session = onnxruntime.InferenceSession(made.file)
    assert [(given.name, given.type) for given in session.get_inputs()] == [
        ("latent", "tensor(float)"),
        ("label", "tensor(int64)"),
    ]
    assert json.loads(made.metadata["classes"]) == list(range(10))
    z = np.repeat(np.random.default_rng(0).standard_normal((1, 100), np.float32), 2, 0)
    first, second = session.run(None, {"latent": z, "label": np.array([0, 1])})[0]
    assert not np.allclose(first, second)


def test_an_archive_carries_its_metadata(tmp_path):
    file = export(translator(downs=2), tmp_path / "g.pt2", "pt2").file
    extra = {"ganzoo.json": ""}
    torch.export.load(file, extra_files=extra)
    assert json.loads(extra["ganzoo.json"])["model"] == "test"


@pytest.mark.parametrize("kind", FORMATS)
def test_an_export_that_drifts_is_not_kept(tmp_path, kind, monkeypatch):
    real = exporting._runner
    monkeypatch.setattr(exporting, "_runner", lambda *given: lambda *inputs: real(*given)(*inputs) + 0.01)
    (tmp_path / "g").write_text("the old one")
    with pytest.raises(DataError, match=r"differs from its original by 0\.01"):
        export(translator(downs=2), tmp_path / "g", kind)
    assert [path.name for path in tmp_path.iterdir()] == ["g"]
    assert (tmp_path / "g").read_text() == "the old one"


def test_numbers_that_are_not_finite_are_drift(tmp_path, monkeypatch):
    monkeypatch.setattr(exporting, "_runner", lambda *_: lambda images: images * float("nan"))
    with pytest.raises(DataError, match="nan"):
        export(translator(downs=2), tmp_path / "g.pt2", "pt2")


class Choosy(nn.Module):
    channels = 3

    def __init__(self):
        super().__init__()
        self.gain = nn.Parameter(torch.ones(1))

    def forward(self, images):
        return images * self.gain if images.sum() > 0 else images


def test_a_network_without_a_graph_says_so(tmp_path):
    with pytest.raises(DataError, match="cannot be exported"):
        export(pretrained({"AtoB": Choosy()}), tmp_path / "g.pt2", "pt2")
    assert not list(tmp_path.iterdir())


def test_the_network_is_left_as_it_was(tmp_path):
    model = translator(downs=2, dropout=True, inference="train")
    export(model, tmp_path / "g.pt2", "pt2")
    network = model.generators.networks["AtoB"]
    assert all(layer.training for layer in network.modules())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in network.modules())
    assert not any(isinstance(layer, exporting.PictureNorm) for layer in network.modules())


def test_directions_are_checked(tmp_path):
    model = published("cyclegan")
    with pytest.raises(DataError, match="which direction"):
        export(model, tmp_path / "g.pt2", "pt2")
    with pytest.raises(DataError, match="AtoC"):
        export(model, tmp_path / "g.pt2", "pt2", direction="AtoC")
    with pytest.raises(DataError, match="from noise"):
        export(published("gan"), tmp_path / "g.pt2", "pt2", direction="AtoB")


def test_a_missing_extra_is_named_with_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "onnxruntime" else object())
    with pytest.raises(DataError, match="onnxruntime, which is not installed\npip install 'ganzoo\\[export\\]'"):
        export(translator(downs=2), tmp_path / "g.onnx")
