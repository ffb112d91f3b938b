"""``ganzoo push`` and ``pull`` as a person types them."""

import json
import shutil

import pytest
from hub_server import File

import ganzoo as ganzoo_api
from ganzoo.cli.main import main
from tests.conftest import TINY

NAME = "someone/seasons"


@pytest.fixture
def ganzoo(capsys, hub):
    """Runs a command: (exit code, what went to stdout, what went to stderr)."""

    def call(*arguments):
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return caught.value.code, printed.out, " ".join(printed.err.split())

    return call


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    return ganzoo_api.train("cyclegan", overrides=TINY, out=tmp_path_factory.mktemp("runs") / "run").folder


@pytest.fixture
def run(trained, tmp_path):
    return shutil.copytree(trained, tmp_path / "run", symlinks=True)


def test_push_says_what_went_and_pull_prints_the_folder(ganzoo, hub, run, tmp_path):
    code, out, problems = ganzoo("push", run, NAME, "--license", "mit")
    assert code == 0, problems
    assert f"went to {hub.endpoint}/{NAME}" in out
    assert "AtoB.safetensors" in out
    assert problems == ""  # no bars where nobody watches, and no word about a licence
    code, out, problems = ganzoo("pull", NAME, "--out", tmp_path / "pulled")
    assert (code, out.strip()) == (0, str(tmp_path / "pulled")), problems
    assert ganzoo_api.load(tmp_path / "pulled").directions == ["AtoB", "BtoA"]


def test_a_dry_run_says_what_would_go(ganzoo, hub, run):
    code, out, problems = ganzoo("push", run, NAME, "--dry-run", "--space")
    assert code == 0
    assert f"would go to {NAME}" in out
    assert f"The Space would be {NAME}-demo" in out
    assert "names no licence" in problems
    assert hub.requests == []


def test_push_as_json(ganzoo, hub, run):
    code, out, _ = ganzoo("push", run, NAME, "--json", "--private", "--revision", "v1")
    told = json.loads(out)
    assert code == 0
    assert told["commit"] == hub[NAME].refs["v1"]
    assert told["files"]["config.json"] > 0
    assert hub[NAME].private


def test_a_card_that_was_kept_is_told(ganzoo, hub, run):
    ganzoo("push", run, NAME)
    files = dict(hub[NAME].commits[hub[NAME].refs["main"]])
    hub[NAME].commit("main", {**files, "README.md": File(b"# Mine")})
    _, _, problems = ganzoo("push", run, NAME)
    assert "The card on the Hub was edited by hand and is left as it is; --card" in problems
    _, _, problems = ganzoo("push", run, NAME, "--card")
    assert "edited by hand" not in problems


def test_evaluate_says_that_it_writes_nothing_to_the_hub(ganzoo, run):
    ganzoo("push", run, NAME)
    code, out, problems = ganzoo("evaluate", NAME, "--metric", "l1", "--device", "cpu")
    assert code == 0, problems
    assert "AtoB/l1" in out
    assert "is on the Hub: its metrics.json is left as it is" in problems


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["push", "nowhere", NAME], "neither a run folder nor a generator folder"),
        (["push", "RUN", "seasons"], "is no name on the Hub"),
        (["push", "RUN", "other/seasons"], "the token of 'someone' may not write there"),
        (["push", "RUN", NAME, "--license", "My Own"], "none of the Hub's identifiers"),
        (["pull", "seasons"], "is no name on the Hub"),
        (["pull", "someone/nothing"], "there is no such repository"),
        (["pull", f"{NAME}@nowhere"], "no such repository"),
        (["sample", "someone/nothing"], "there is no folder someone/nothing here"),
        (["evaluate", "someone/nothing"], "there is no folder someone/nothing here"),
    ],
)
def test_what_a_person_can_mend_is_one_message_and_exit_code_2(ganzoo, run, tmp_path, monkeypatch, arguments, message):
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    code, _, problems = ganzoo(*(str(run) if argument == "RUN" else argument for argument in arguments))
    assert code == 2
    assert message in problems
    assert "Traceback" not in problems
    assert list((tmp_path / "empty").iterdir()) == []
