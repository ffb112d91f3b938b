"""The model card, and the Space's files: filled in, read by the Hub's own reader, and harmless whatever fills them."""

import json
import re

import pytest
from huggingface_hub import ModelCard

from ganzoo import card, space
from ganzoo.plugins import plugins

RECIPE = """model = "dcgan"
[data]
type = "glyphs"
[loss]
type = "hinge"
[train]
steps = 500
batch_size = 64
[optimizer]
lr = 0.0002
"""


def make(folder, names=("sample",), **config):
    folder.mkdir(exist_ok=True)
    table = {name: {"network": "n", "plugin": "ganzoo-dcgan", "version": "0.1", "config": {}} for name in names}
    said = {
        "format": 1,
        "ganzoo": "0.1.0",
        "model": "dcgan",
        "step": 500,
        "image": {"channels": 1, "size": 28, "class_names": []},
        "networks": table,
        "training": {"device": "a GPU", "seconds": 3725.2, "images_per_second": 1234.5, "torch": "2.11"},
        **config,
    }
    (folder / "config.json").write_text(json.dumps(said))
    (folder / "recipe.toml").write_text(RECIPE)
    return folder


def score(folder, *rows, name="frechet"):
    protocol = {"metric": name, "samples": 2048, "split": "test"}
    (folder / "metrics.json").write_text(json.dumps({f"{name}@n2048": {"protocol": protocol, "scores": list(rows)}}))


def text(folder, source="someone/thing", license=""):
    return card.text(card.Facts.read(folder), source, license)


def test_the_card_is_filled_in(tmp_path):
    folder = make(tmp_path, paper="arXiv:1511.06434", citation="A. B, C. D: Nice Nets. ICLR 2016")
    score(folder, {"step": 500, "seed": 0, "frechet": 10.0}, {"step": 500, "seed": 1, "frechet": 14.0})
    (folder / "samples.png").write_bytes(b"")
    said = text(folder, license="mit")
    for part in (
        "![samples](samples.png)",
        "pip install ganzoo ganzoo-dcgan",
        "ganzoo sample someone/thing -n 64 --seed 0 --out samples.png",
        'model = ganzoo.load("someone/thing")',
        "| data | glyphs |",
        "| train.batch_size | 64 |",
        "| optimizer.lr | 0.0002 |",
        "| loss.type | hinge |",
        "| device | a GPU |",
        "| time | 1:02:05 |",
        "| frechet | 12 |  | 500 | frechet@n2048 |",
        "https://arxiv.org/abs/1511.06434",
        "author = {A. B and C. D}",
        "title = {Nice Nets}",
        RECIPE.strip(),
        "## Limits",
    ):
        assert part in said
    assert "None" not in said.replace("None were told", "")


def test_the_hubs_own_reader_understands_the_metadata(tmp_path):
    folder = make(tmp_path)
    score(folder, {"step": 500, "seed": 0, "frechet": 1e-05, "frechet_real": 3})
    data = ModelCard(text(folder, license="cc-by-4.0")).data
    assert (data.license, data.library_name, data.pipeline_tag) == (
        "cc-by-4.0",
        "ganzoo",
        "unconditional-image-generation",
    )
    assert set(data.tags) == {"ganzoo", "gan", "dcgan", "unconditional-image-generation"}
    assert data.model_name == "thing"
    results = {result.metric_name: result for result in data.eval_results}
    assert results["frechet (frechet@n2048)"].metric_value == 1e-05
    assert results["frechet (frechet@n2048)"].metric_type == "frechet"
    assert {result.dataset_name for result in data.eval_results} == {"glyphs"}


def test_a_translators_card(tmp_path):
    said = text(make(tmp_path, ("AtoB", "BtoA")))
    assert ModelCard(said).data.pipeline_tag == "image-to-image"
    assert "ganzoo translate someone/thing photo.jpg --direction AtoB" in said
    assert 'model.translate("photo.jpg", direction="AtoB")' in said


def test_scores_of_another_step_are_told_with_it_and_are_no_result_of_these_weights(tmp_path):
    folder = make(tmp_path)
    score(folder, {"step": 400, "seed": 0, "frechet": 20.0}, {"step": 900, "seed": 0, "frechet": 1.0})
    said = text(folder)
    assert "| frechet | 20 |  | 400 |" in said
    assert ModelCard(said).data.eval_results is None


def test_a_card_is_made_of_what_is_there(tmp_path):
    folder = make(tmp_path)
    (folder / "recipe.toml").unlink()
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({key: config[key] for key in ("model", "networks")}))
    said = text(folder)
    assert "ganzoo-dcgan" in said
    assert ModelCard(said).data.library_name == "ganzoo"


@pytest.mark.parametrize("conditional", [True, False])
def test_a_card_speaks_of_labels_where_the_generator_takes_them(tmp_path, conditional):
    config = {"classes": 10, "conditional": conditional}
    network = {"network": "n", "plugin": "ganzoo-dcgan", "version": "0.1", "config": config}
    image = {"channels": 1, "size": 28, "class_names": [str(number) for number in range(10)]}
    said = text(make(tmp_path, image=image, networks={"sample": network}))
    assert ("from noise and a label" in said) is conditional
    assert ("--label" in said) is conditional


def test_a_card_knows_whether_it_was_edited(tmp_path):
    said = text(make(tmp_path))
    assert not card.is_edited(said)
    assert not card.is_edited(said.replace("\n", "\r\n").rstrip())  # an editor's doing, not a person's
    assert card.is_edited(said.replace("## Limits", "## Limits, mine"))
    assert card.is_edited(said.replace("library_name", "library_nam"))
    assert card.is_edited("# Mine")


def test_an_edited_card_is_written_anew_only_when_asked(tmp_path):
    folder = make(tmp_path)
    assert card.write(folder, license="mit")
    assert card.write(folder)
    assert card.license_of((folder / "README.md").read_text()) == "mit"
    (folder / "README.md").write_text("# Mine")
    assert not card.write(folder)
    assert (folder / "README.md").read_text() == "# Mine"
    assert card.write(folder, anew=True)


EVIL = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "](javascript:alert(1))",
    "x\n---\nlicense: evil\n",
    "```\n# out of the fence",
    "| a | b |",
    "\x1b[2J\u202e\ud800",
    "`<script>`",
    '"}, evil: {"',
)


@pytest.mark.parametrize("evil", EVIL)
def test_whatever_fills_a_card_stays_text(tmp_path, evil):
    folder = make(
        tmp_path,
        names=("AtoB", evil),
        model=evil,
        paper=evil,
        citation=evil,
        ganzoo=evil,
        data={"source": evil, "licence": evil, "summary": evil},
        training={"device": evil, "torch": evil},
        plugins={evil: evil},
    )
    quoted = json.dumps(evil.replace("\ud800", ""))  # TOML has no way to say half a character
    (folder / "recipe.toml").write_text(f"[data]\ntype = {quoted}\n[loss]\n{quoted} = 1\n")
    score(folder, {"step": 500, "seed": 0, evil: 1.0}, name=evil)
    said = text(folder)
    data = ModelCard(said).data
    assert data.license is None
    assert data.library_name == "ganzoo"
    assert "\x1b" not in said
    assert said.encode()
    body = said.split("\n---\n", 1)[1]
    outside = re.sub(r"^(`{3,})\w+\n.*?^\1$", "", body, flags=re.S | re.M)
    outside = re.sub(r"`[^`\n]*`", "", outside)
    outside = outside.replace("<!-- ganzoo card", "")
    assert not re.search(r"<[a-z/!]", outside)
    assert not re.search(r"(?<!\\)\]\(javascript", outside)
    assert "# out of the fence" not in outside.splitlines()
    assert not re.search(r"^pip install.*[;&|<>`$]", body, re.M)


@pytest.mark.parametrize("root", ["/home/someone/private/horses", "~/private/horses", r"C:\\\\private\\\\horses"])
def test_a_published_recipe_does_not_tell_where_the_data_was(root):
    text = f'[data]\nroot = "{root}"\ntype = "images"\nnames = "a/b"\n'
    assert card.public_recipe(text) == '[data]\nroot = "horses"\ntype = "images"\nnames = "a/b"\n'


def test_the_card_names_the_data_set_that_was_trained_on(tmp_path):
    data = 'type = "hf-datasets"\nname = "someone/reds"\nrevision = "4d33fb"\nroot = ""'
    folder = make(tmp_path)
    (folder / "recipe.toml").write_text(RECIPE.replace('type = "glyphs"', data))
    said = text(folder)
    assert re.search(r"\| name \| .?someone/reds.? \|\n\| revision \| .?4d33fb.? \|", said)
    assert "| root |" not in said


def test_a_spaces_metadata_is_read(tmp_path):
    files = space.files(card.Facts.read(make(tmp_path)), "someone/thing", "mit")
    data = ModelCard(files["README.md"]).data.to_dict()
    assert (data["sdk"], data["app_file"], data["models"], data["license"]) == (
        "gradio",
        "app.py",
        ["someone/thing"],
        "mit",
    )
    assert files["requirements.txt"] == "ganzoo[demo]>=0.1.0\nganzoo-dcgan>=0.1\n"
    assert not card.is_edited(files["README.md"])
    assert len(data["short_description"]) <= 60  # the Hub takes no more


def test_every_model_says_its_paper_in_full():
    for entry in plugins().registries["model"].entries():
        if entry.plugin.name.startswith("ganzoo-") and "paper" in entry.details:
            assert re.fullmatch(r".+: .+\. .*\d{4}", entry.details["citation"]), entry.name
