"""Publishing and pulling, by the real client against a small Hub on this machine."""

import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hub_server import File, Repository
from PIL import Image

import ganzoo
from ganzoo import card, checkpoint, hub, pack
from ganzoo.errors import CheckpointError, HubError
from ganzoo.pretrained import load
from tests.conftest import TINY

NAME = "someone/thing"
NOISE = ["data.size=16", "data.count=32", "data.test_count=8", "train={steps=2, batch_size=8, checkpoint_every=1}"]
FILTERS = ["networks.generator.filters=4", "networks.discriminator.filters=4"]
PUBLISHED = {"README.md", "config.json", "metrics.json", "recipe.toml", "sample.safetensors", "samples.png"}


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Runs of a model that makes pictures from noise, and of one that translates; scored."""
    folder = tmp_path_factory.mktemp("published")
    noise = ganzoo.train("dcgan", overrides=[*NOISE, *FILTERS], out=folder / "noise")
    rows = {"step": 2, "seed": 0, "frechet": 12.5, "frechet_real": 1e-05}
    table = {"protocol": {"metric": "frechet", "samples": 8, "split": "test"}, "scores": [rows]}
    (noise.folder / "metrics.json").write_text(json.dumps({"frechet@n8-test-0": table}))
    pack.pack(noise, checkpoint.find(noise.checkpoints))
    translator = ganzoo.train("cyclegan", overrides=TINY, out=folder / "translator")
    return {"noise": noise.folder, "translator": translator.folder}


@pytest.fixture
def noise(trained, tmp_path):
    return shutil.copytree(trained["noise"], tmp_path / "noise", symlinks=True)


@pytest.fixture
def translator(trained, tmp_path):
    return shutil.copytree(trained["translator"], tmp_path / "translator", symlinks=True)


@pytest.fixture
def folder(noise):
    return noise / "generator"


@pytest.fixture
def server(hub):
    return hub


def drawn(model, seed=0):
    return [picture.tobytes() for picture in model.sample(4, seed=seed)]


def fresh(monkeypatch, tmp_path, name="fresh"):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / name))


def test_a_push_makes_the_repository_and_sends_all_in_one_commit(server, noise):
    published = hub.push(noise, NAME)
    repository = server[NAME]
    assert set(repository.files()) == {".gitattributes", *PUBLISHED}
    assert repository.messages[1:] == [f"dcgan, published with ganzoo {ganzoo.__version__}"]
    assert published.commit == repository.refs["main"]
    assert (published.url, set(published.files)) == (f"{server.endpoint}/{NAME}", PUBLISHED)
    assert not repository.private


def test_the_folder_says_what_it_takes_to_use_it(server, noise):
    hub.push(noise, NAME)
    config = json.loads(server[NAME].files()["config.json"])
    assert config["plugins"] == {"ganzoo-dcgan": config["plugins"]["ganzoo-dcgan"]}
    assert config["networks"]["sample"]["plugin"] == "ganzoo"
    assert (config["inference"], config["image"]["range"]) == ("eval", [-1, 1])
    assert config["paper"] == "arXiv:1511.06434"
    assert config["data"]["type"] == "glyphs"
    assert str(noise) not in json.dumps(config)


def test_what_is_pulled_draws_the_same_pictures(server, noise, monkeypatch, tmp_path):
    hub.push(noise, NAME)
    before = drawn(load(noise))
    assert drawn(load(NAME)) == before
    fresh(monkeypatch, tmp_path)
    assert drawn(ganzoo.load(str(ganzoo.pull(NAME, tmp_path / "out")))) == before
    assert {path.name for path in (tmp_path / "out").iterdir()} == PUBLISHED
    assert not any(path.is_symlink() for path in (tmp_path / "out").iterdir())
    assert server.leaked == []  # the token is for the Hub alone


def test_a_fresh_process_with_a_fresh_cache_draws_the_same_pictures(server, noise, tmp_path):
    environment = {**os.environ, "HF_ENDPOINT": server.endpoint, "HF_HUB_DISABLE_XET": "1"}

    def call(home, *arguments, **more):
        command = [sys.executable, "-m", "ganzoo", *map(str, arguments)]
        here = environment | {"HF_HOME": str(tmp_path / home)} | more
        return subprocess.run(command, env=here, capture_output=True, text=True, check=False, cwd=tmp_path)

    pushed = call("one", "push", noise, NAME, "--license", "mit")
    assert pushed.returncode == 0, pushed.stderr
    out = tmp_path / "pictures"
    first = call("two", "sample", NAME, "-n", 4, "--out", out)
    assert first.returncode == 0, first.stderr
    there = [np.asarray(Image.open(path)).tobytes() for path in sorted(out.iterdir())]
    assert there == [np.asarray(picture).tobytes() for picture in load(noise).sample(4, seed=0)]
    asked = len(server.requests)
    offline = call("two", "sample", NAME, "-n", 4, "--out", tmp_path / "again", HF_HUB_OFFLINE="1")
    assert offline.returncode == 0, offline.stderr
    assert len(server.requests) == asked
    missing = call("three", "sample", NAME, HF_HUB_OFFLINE="1")
    assert missing.returncode == 2
    assert "offline mode is on" in missing.stderr
    assert "Traceback" not in missing.stderr


def test_a_pulled_translator_translates(server, translator):
    hub.push(translator, NAME)
    picture = Image.effect_noise((20, 24), 80).convert("RGB")
    (there,) = load(NAME).translate(picture, "BtoA")
    (here,) = load(translator).translate(picture, "BtoA")
    assert there.tobytes() == here.tobytes()


def test_a_folder_here_goes_before_a_name_on_the_hub(server, noise, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(noise / "generator", tmp_path / NAME)
    load(NAME)
    assert server.requests == []


@pytest.mark.parametrize("name", ["nowhere", "./someone/thing", "someone/thing/", "/someone/thing", "a/b/c", "../b"])
def test_what_reads_like_a_path_is_never_looked_for_on_the_hub(server, name):
    for source in (name, Path(name), Path(NAME)):
        with pytest.raises(CheckpointError, match="neither a run folder"):
            load(source)
    assert server.requests == []


def test_a_missing_folder_that_reads_like_a_name_is_said_to_be_neither(server):
    with pytest.raises(HubError, match=r"there is no folder runs/dcgan-1 here; .* no such repository"):
        load("runs/dcgan-1")


def test_only_published_files_are_sent_and_pulled(server, folder):
    for name in ("secret.txt", "weights.pt", "model.bin", "data.pkl", ".env"):
        (folder / name).write_text("private")
    (folder / "inner").mkdir()
    (folder / "inner" / "more.safetensors").write_text("private")
    hub.push(folder, NAME)
    assert set(server[NAME].files()) == {".gitattributes", *PUBLISHED}
    files = dict(server[NAME].commits[server[NAME].refs["main"]])
    evil = {name: File(b"evil") for name in ("model.bin", "model.pt", "model.pkl", "code.py", "inner/x.safetensors")}
    server[NAME].commit("main", {**files, **evil})
    pulled = hub.pull(NAME)
    assert {path.name for path in pulled.iterdir()} == PUBLISHED
    assert not any(server.asked("GET", name) for name in evil)


def test_a_recipe_is_published_without_the_folders_of_this_machine(server, folder):
    recipe = (folder / "recipe.toml").read_text()
    (folder / "recipe.toml").write_text(recipe.replace("[data]", '[data]\nroot = "/home/me/data"'))
    hub.push(folder, NAME)
    there = server[NAME].files()
    assert b'root = "data"' in there["recipe.toml"]
    assert b"/home/me" not in there["recipe.toml"] + there["README.md"] + there["config.json"]


def test_a_revision_is_pinned(server, noise):
    first = hub.push(noise, NAME, checkpoint="1").commit
    before = drawn(load(NAME))
    hub.push(noise, NAME)
    after = drawn(load(NAME))
    assert before != after
    assert drawn(load(f"{NAME}@{first}")) == before
    with pytest.raises(HubError, match="no such revision"):
        load(f"{NAME}@nowhere")


def test_a_branch_is_made_and_published_on(server, noise):
    hub.push(noise, NAME, checkpoint="1")
    hub.push(noise, NAME, revision="later")
    hub.push(noise, NAME, revision="later", license="mit")
    steps = {branch: json.loads(server[NAME].files(branch)["config.json"])["step"] for branch in server[NAME].refs}
    assert steps == {"main": 1, "later": 2}
    assert load(f"{NAME}@later").config.step == 2


def test_the_checkpoint_that_was_asked_for_is_published(server, noise):
    hub.push(noise, NAME, checkpoint="1")
    assert json.loads(server[NAME].files()["config.json"])["step"] == 1
    with pytest.raises(CheckpointError, match="no checkpoint '7'"):
        hub.push(noise, NAME, checkpoint="7")


def test_a_dry_run_leaves_the_folder_and_asks_the_hub_nothing(server, noise, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    shutil.rmtree(noise / "generator")
    published = hub.push(noise, NAME, license="mit", dry_run=True)
    assert set(published.files) == PUBLISHED == {path.name for path in (noise / "generator").iterdir()}
    assert f'ganzoo.load("{NAME}")' in (noise / "generator" / "README.md").read_text()
    assert server.requests == []


def test_what_an_earlier_push_left_goes_in_the_same_commit(server, noise, translator):
    hub.push(noise, NAME)
    files = dict(server[NAME].commits[server[NAME].refs["main"]])
    server[NAME].commit("main", {**files, "NOTES.md": File(b"mine"), "inner/x.safetensors": File(b"mine")})
    hub.push(translator, NAME)
    there = set(server[NAME].files())
    assert {"AtoB.safetensors", "BtoA.safetensors", "NOTES.md", "inner/x.safetensors"} < there
    assert "sample.safetensors" not in there
    assert len(server[NAME].messages) == 4


def test_pushing_the_same_again_makes_no_commit(server, folder):
    first = hub.push(folder, NAME).commit
    assert hub.push(folder, NAME).commit == first
    assert len(server[NAME].messages) == 2


def test_private_is_private(server, noise, monkeypatch, tmp_path):
    hub.push(noise, NAME, private=True)
    assert server[NAME].private
    assert load(NAME).config.model == "dcgan"
    monkeypatch.setenv("HF_TOKEN", "hf_other")
    fresh(monkeypatch, tmp_path)
    with pytest.raises(HubError, match="not for you to see"):
        load(NAME)


def test_a_public_repository_is_not_taken_for_a_private_one(server, noise):
    hub.push(noise, NAME)
    with pytest.raises(HubError, match="is there already, and public"):
        hub.push(noise, NAME, private=True, checkpoint="1")
    assert len(server[NAME].messages) == 2


def test_a_card_edited_on_the_hub_is_kept_unless_asked(server, noise):
    hub.push(noise, NAME, license="mit")
    files = dict(server[NAME].commits[server[NAME].refs["main"]])
    edited = files["README.md"].content.replace(b"## Limits", b"My own words.\n\n## Limits")
    server[NAME].commit("main", {**files, "README.md": File(edited)})
    published = hub.push(noise, NAME, checkpoint="1")
    assert published.card_kept == "on the Hub"
    assert "README.md" not in published.files
    assert server[NAME].files()["README.md"] == edited
    assert json.loads(server[NAME].files()["config.json"])["step"] == 1
    assert not hub.push(noise, NAME, card=True).card_kept
    assert b"My own words" not in server[NAME].files()["README.md"]
    assert card.license_of(server[NAME].files()["README.md"].decode()) == "mit"


def test_a_card_that_ganzoo_wrote_is_written_anew_and_keeps_its_licence(server, noise):
    hub.push(noise, NAME, checkpoint="1", license="cc-by-4.0")
    hub.push(noise, NAME)
    readme = server[NAME].files()["README.md"].decode()
    assert "after 2 steps" in readme
    assert card.license_of(readme) == "cc-by-4.0"


def test_a_card_written_before_the_first_push_is_kept(server, noise):
    server.repositories["model", NAME] = Repository()
    server[NAME].commit("main", {"README.md": File(b"---\nlicense: mit\n---\n# Mine\n")})
    assert hub.push(noise, NAME).card_kept
    assert server[NAME].files()["README.md"].endswith(b"# Mine\n")


def test_a_card_edited_in_the_folder_is_published_as_it_is(server, folder):
    (folder / "README.md").write_text("---\nlicense: mit\n---\n# Mine\n")
    assert hub.push(folder, NAME).card_kept == "in the folder"
    assert server[NAME].files()["README.md"] == b"---\nlicense: mit\n---\n# Mine\n"
    assert hub.push(folder, NAME, card=True).card_kept == ""
    assert b"## Citation" in server[NAME].files()["README.md"]


def test_a_space_is_published_beside_the_model(server, noise):
    published = hub.push(noise, NAME, space=True, license="mit")
    files = server[f"spaces/{NAME}-demo"].files()
    assert published.space == f"{server.endpoint}/spaces/{NAME}-demo"
    assert f'ganzoo.demo.build("{NAME}")' in files["app.py"].decode()
    assert [line.partition(">")[0] for line in files["requirements.txt"].decode().split()] == [
        "ganzoo[demo]",
        "ganzoo-dcgan",
    ]
    assert f'models:\n  - "{NAME}"' in files["README.md"].decode()
    assert card.license_of(files["README.md"].decode()) == "mit"
    edited = files["README.md"] + b"Mine.\n"
    server[f"spaces/{NAME}-demo"].commit("main", {name: File(content) for name, content in files.items()})
    server[f"spaces/{NAME}-demo"].commit(
        "main", {"README.md": File(edited), "app.py": File(files["app.py"])}, "edited on the Hub"
    )
    hub.push(noise, NAME, space=True)
    assert server[f"spaces/{NAME}-demo"].files()["README.md"] == edited


def test_a_spaces_app_serves_the_page_of_the_published_model(server, noise, monkeypatch):
    gradio = pytest.importorskip("gradio", reason="ganzoo[demo] is not installed")
    from ganzoo import demo

    hub.push(noise, NAME, space=True)
    served = []

    def wait(page):
        served.append(page)

    monkeypatch.setattr(demo, "serve", lambda page, **where: served.append((page, where)))
    monkeypatch.setattr(gradio.Blocks, "block_thread", wait)
    exec(compile(server[f"spaces/{NAME}-demo"].files()["app.py"], "app.py", "exec"), {})
    (page, where), waiting = served
    assert page is waiting
    assert where == {"host": "0.0.0.0", "port": 7860}


def test_a_space_that_fails_leaves_the_model_published(server, noise):
    server.fail("POST", f"spaces/{NAME}-demo/commit", 503)
    with pytest.raises(HubError, match=f"{NAME} is published; its Space {NAME}-demo is not: the Hub is out of order"):
        hub.push(noise, NAME, space=True)
    hub.push(noise, NAME, space=True)
    assert len(server[NAME].messages) == 2
    assert "app.py" in server[f"spaces/{NAME}-demo"].files()


def test_without_a_token_it_says_how_to_log_in(server, noise, monkeypatch):
    monkeypatch.delenv("HF_TOKEN")
    with pytest.raises(HubError, match="not logged in") as caught:
        hub.push(noise, NAME)
    assert "hf auth login" in caught.value.hint
    assert f"{server.endpoint}/settings/tokens" in caught.value.hint


@pytest.mark.parametrize(
    ("token", "name", "message"),
    [
        ("hf_nobody", NAME, "does not know this token"),
        ("hf_reader", NAME, "the token of 'someone' may not write there"),
        ("hf_other", NAME, "the token of 'other' may not write there"),
        ("hf_other", "someone/taken", "the token of 'other' may not write there"),
    ],
)
def test_a_token_that_may_not_write_is_told(server, noise, monkeypatch, token, name, message):
    hub.push(noise, "someone/taken")
    monkeypatch.setenv("HF_TOKEN", token)
    with pytest.raises(HubError, match=message) as caught:
        hub.push(noise, name, checkpoint="1")
    assert caught.value.hint
    assert len(server["someone/taken"].messages) == 2


def test_a_name_that_is_taken_by_something_else_is_refused(server, noise):
    server.repositories["model", NAME] = Repository()
    server[NAME].commit("main", {"config.json": File(b'{"model_type": "bert"}'), "model.safetensors": File(b"")})
    with pytest.raises(HubError, match=r"holds what ganzoo did not publish: config\.json, model\.safetensors"):
        hub.push(noise, NAME)
    assert len(server[NAME].messages) == 1


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("POST", "repos/create", 503, r"out of order \(status 503\)"),
        ("GET", f"models/{NAME}$", 500, r"out of order \(status 500\)"),
        ("POST", "validate-yaml", 502, "does not answer as the Hub does"),
        ("POST", "preupload", 503, r"out of order \(status 503\)"),
        ("POST", "objects/batch", 500, r"out of order \(status 500\)"),
        ("PUT", "upload", 503, r"out of order \(status 503\)"),
        ("POST", "verify", 500, r"out of order \(status 500\)"),
        ("POST", "commit", 500, r"out of order \(status 500\)"),
        ("POST", "commit", 409, "somebody else changed"),
        ("POST", "commit", 412, "somebody else changed"),
        ("POST", "preupload", 429, "takes no more requests"),
        ("POST", "repos/create", 0, "broke the connection off"),
        ("POST", "preupload", 0, "broke the connection off"),
        ("PUT", "upload", 0, "broke the connection off"),
        ("POST", "commit", 0, "broke the connection off"),
    ],
)
def test_a_fault_in_the_middle_publishes_nothing_and_the_second_try_goes_on(
    server, noise, method, path, status, message
):
    server.fail(method, path, status, times=6, cut=100 if method == "PUT" else 0)
    with pytest.raises(HubError, match=message) as caught:
        hub.push(noise, NAME)
    assert caught.value.hint
    if ("model", NAME) in server.repositories:
        assert server[NAME].messages == ["initial commit"]
    server.faults.clear()
    hub.push(noise, NAME)
    assert set(server[NAME].files()) > PUBLISHED
    assert len(server[NAME].messages) == 2
    assert server.asked("PUT", "/upload/") <= 7  # what was uploaded is not uploaded again


def test_a_short_fault_is_waited_out(server, noise):
    server.fail("PUT", "upload", 503, times=2)
    hub.push(noise, NAME)
    assert len(server[NAME].messages) == 2


def test_a_commit_whose_answer_was_lost_is_not_made_twice(server, noise):
    server.fail("POST", "commit", after=True)
    with pytest.raises(HubError, match="broke the connection off"):
        hub.push(noise, NAME)
    hub.push(noise / "generator", NAME)
    assert len(server[NAME].messages) == 2


def test_a_download_that_is_cut_goes_on_where_it_was(server, noise):
    hub.push(noise, NAME)
    server.fail("GET", "/content/", cut=1000)
    with suppress(HubError):  # the first clients of 1.x leave the second try to the person
        load(NAME)
    assert drawn(load(NAME)) == drawn(load(noise))
    assert server.asked("GET", "/content/") == 2


@pytest.mark.parametrize("status", [500, 0])
def test_when_the_hub_is_gone_what_is_cached_still_works(server, noise, status):
    hub.push(noise, NAME)
    before = drawn(load(NAME))
    server.fail("GET", f"models/{NAME}", status, times=99)
    if status:
        assert drawn(load(NAME)) == before
    with pytest.raises(HubError):
        load("someone/other")


def test_without_a_network_it_says_so(server, noise, monkeypatch):
    from huggingface_hub import constants

    hub.push(noise, NAME)
    before = drawn(load(NAME))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(HubError, match=r"http://127\.0\.0\.1:9 cannot be reached") as caught:
        hub.push(noise, NAME)
    assert "HF_HUB_OFFLINE" not in caught.value.hint
    with pytest.raises(HubError, match=r"http://127\.0\.0\.1:9 cannot be reached") as caught:
        load("someone/other")
    assert "HF_HUB_OFFLINE=1" in caught.value.hint
    assert "--out FOLDER" in caught.value.hint
    assert drawn(load(NAME)) == before, "what was pulled before needs no network, as the hint says"


def test_offline_mode_publishes_nothing(server, noise, monkeypatch):
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    close_session()
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(HubError, match="offline mode is on") as caught:
        hub.push(noise, NAME)
    assert "HF_HUB_OFFLINE=0" in caught.value.hint
    close_session()


def test_a_repository_without_a_generator_is_refused(server):
    server.repositories["model", NAME] = Repository()
    server[NAME].commit("main", {"README.md": File(b"hello"), "pytorch_model.bin": File(b"evil")})
    with pytest.raises(HubError, match="holds no generator"):
        load(NAME)
    assert not server.asked("GET", "pytorch_model.bin")


@pytest.mark.parametrize("name", ["thing", "a/b/c", "some one/thing", "someone/thing@main", "-/x", "someone/../x"])
def test_a_name_that_is_none_is_refused_before_anything_is_written(server, folder, name):
    shutil.rmtree(folder)
    with pytest.raises(HubError, match="is no name on the Hub"):
        hub.push(folder.parent, name)
    assert not folder.exists()
    assert server.requests == []


def test_a_license_that_is_no_identifier_is_refused(server, folder):
    with pytest.raises(HubError, match="none of the Hub's identifiers"):
        hub.push(folder, NAME, license="Do What You Want\n<script>")


def test_a_link_out_of_the_folder_is_not_published(server, folder, tmp_path):
    (tmp_path / "secret").write_text("key")
    (folder / "samples.png").unlink()
    (folder / "samples.png").symlink_to(tmp_path / "secret")
    with pytest.raises(CheckpointError, match=r"'samples\.png' is a link that leads out of the folder"):
        hub.push(folder, NAME)
    assert server.requests == []


def test_what_is_pulled_can_be_published_again_but_not_out_of_the_cache(server, noise, tmp_path):
    hub.push(noise, NAME, license="mit")
    with pytest.raises(CheckpointError, match="cache, which is not to be written to"):
        hub.push(hub.pull(NAME), "someone/copy")
    hub.push(hub.pull(NAME, tmp_path / "pulled"), "someone/copy")
    assert drawn(load("someone/copy")) == drawn(load(noise))


def test_what_is_no_generator_is_not_published(server, tmp_path, folder):
    with pytest.raises(CheckpointError, match="neither a run folder nor a generator folder"):
        hub.push(tmp_path, NAME)
    (folder / "sample.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"sample\.safetensors that its config\.json names is not there"):
        hub.push(folder, NAME)
    assert server.requests == []


def test_a_pull_does_not_write_over_anything(server, noise, tmp_path):
    hub.push(noise, NAME)
    (tmp_path / "out").mkdir()
    hub.pull(NAME, tmp_path / "out")
    with pytest.raises(HubError, match="already holds something"):
        hub.pull(NAME, tmp_path / "out")


def test_links_into_the_cache_are_followed_and_no_others(server, folder, tmp_path):
    cache = tmp_path / "some-cache"
    snapshot = cache / "models--someone--thing" / "snapshots" / "abc"
    shared = cache / "blobs" / "ab" / "abcd"
    for parent in (snapshot, shared.parent, snapshot.parents[1] / "blobs"):
        parent.mkdir(parents=True)
    shutil.move(folder / "sample.safetensors", shared)
    shutil.copytree(folder, snapshot, dirs_exist_ok=True)
    (snapshot.parents[1] / "blobs" / "etag").symlink_to("../../blobs/ab/abcd")
    (snapshot / "sample.safetensors").symlink_to("../../blobs/etag")
    before = drawn(load(snapshot))
    (folder / "sample.safetensors").symlink_to(shared)
    with pytest.raises(CheckpointError):
        load(folder)
    (folder / "sample.safetensors").unlink()
    shutil.copy(shared, folder / "sample.safetensors")
    assert drawn(load(folder)) == before


def test_evaluating_what_is_on_the_hub_leaves_the_cache_as_it_is(server, translator):
    from ganzoo.evaluation import evaluate

    hub.push(translator, NAME)
    folder = hub.pull(NAME)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (scored,) = evaluate(NAME, ["l1"], device="cpu")
    assert scored.values
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    (here,) = evaluate(translator / "generator", ["l1"], device="cpu")
    assert here.values == scored.values
    assert here.id in json.loads((translator / "generator" / "metrics.json").read_text())


def test_a_plugin_without_a_paper_is_published_all_the_same(server, noise, monkeypatch):
    from dataclasses import replace

    from ganzoo.plugins import plugins

    entries = plugins().registries["model"]._entries
    monkeypatch.setitem(entries, "dcgan", replace(entries["dcgan"], details={"loop": "adversarial"}))
    run = ganzoo.Run.open(noise)
    pack.pack(run, checkpoint.find(run.checkpoints))
    hub.push(noise, NAME)
    readme = server[NAME].files()["README.md"].decode()
    assert "## Citation" not in readme
    assert load(NAME).config.model == "dcgan"
