"""The commands as a person types them: what they print, and how they exit."""

import json

import pytest
from PIL import Image

from ganzoo.cli.main import main


@pytest.fixture
def ganzoo(capsys):
    """Runs a command: (exit code, what went to stdout, what went to stderr)."""

    def call(*arguments):
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return caught.value.code, printed.out, " ".join(printed.err.split())

    return call


@pytest.fixture
def trained(ganzoo, tmp_path, tiny):
    """A run folder."""
    settings = [part for setting in tiny for part in ("--set", setting)]
    code, _, problems = ganzoo("train", "cyclegan", "--out", tmp_path / "run", *settings, "--quiet")
    assert code == 0, problems
    return tmp_path / "run"


def test_version(ganzoo):
    code, out, _ = ganzoo("--version")
    assert (code, out.split()[0]) == (0, "ganzoo")


def test_list_shows_what_is_installed_and_by_whom(ganzoo):
    code, out, _ = ganzoo("list")
    assert code == 0
    assert all(name in out for name in ("cyclegan", "lsgan", "gradient-penalty", "seasons", "patch", "ganzoo-cyclegan"))


@pytest.mark.parametrize(
    "what",
    [
        "models",
        "networks",
        "losses",
        "penalties",
        "data",
        "loops",
        "recipes",
        "metrics",
        "importers",
        "trackers",
        "plugins",
    ],
)
def test_list_as_json(ganzoo, what):
    code, out, _ = ganzoo("list", what, "--json")
    listed = json.loads(out)
    assert code == 0
    assert list(listed) == [what]
    assert all(row["name"] for row in listed[what])


def test_recipes_are_listed_by_what_a_person_can_type(ganzoo, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = ganzoo("list", "recipes", "--json")
    assert code == 0
    rows = {row["name"]: row for row in json.loads(out)["recipes"]}
    assert rows["mnist-gan"] == {
        "name": "mnist-gan",
        "run with": "ganzoo train gan --recipe mnist-gan",
        "from": "ganzoo",
    }
    assert rows["cyclegan"]["run with"] == "ganzoo train cyclegan"
    assert rows["cyclegan"]["from"] == "ganzoo-cyclegan"
    for row in rows.values():
        assert "/" not in f"{row['run with']}{row['from']}"


def test_listing_what_there_is_not_says_what_there_is(ganzoo):
    code, _, problems = ganzoo("list", "model")
    assert code == 2
    assert problems == "error: there is no kind 'model' to list did you mean 'models'?"


def test_show_says_what_a_step_costs(ganzoo):
    code, out, _ = ganzoo(
        "show", "cyclegan", "--json", "--set", 'networks.generator={type="resnet", filters=64, blocks=9}'
    )
    shown = json.loads(out)
    assert code == 0
    assert shown["parameters"]["generator_AtoB"] == 11_378_179
    assert shown["flops"] > 1e9
    assert shown["recipe"]["networks"]["generator"]["channels"] == 3


def test_show_takes_a_recipe_file_and_a_shipped_name(ganzoo, tmp_path):
    assert ganzoo("recipe", "copy", "summer2winter", "--out", tmp_path / "mine.toml")[0] == 0
    for name in (tmp_path / "mine.toml", "summer2winter"):
        code, out, _ = ganzoo("show", name)
        assert code == 0
        assert "11,378,179" in out


def test_recipe_copy_does_not_overwrite(ganzoo, tmp_path):
    (tmp_path / "mine.toml").write_text("precious")
    code, _, problems = ganzoo("recipe", "copy", "cyclegan", "--out", tmp_path / "mine.toml")
    assert code == 2
    assert "is there already" in problems
    assert (tmp_path / "mine.toml").read_text() == "precious"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["train", "cyclgan"], "did you mean 'cyclegan'?"),
        (["train", "cyclegan", "--recipe", "nowhere.toml"], "no such recipe file"),
        (["train", "cyclegan", "--set", "loop.pool_sise=3"], "did you mean 'pool_size'?"),
        (["train", "cyclegan", "--set", "train"], "KEY=VALUE"),
        (["train", "cyclegan", "--device", "cuda:99"], "runtime.device = 'cuda:99'"),
        (["train", "cyclegan", "--device", "toaster"], "runtime.device = 'toaster'"),
        (["train", "cyclegan", "--recipe", "summer2winter"], "data.download=true"),
        (["train", "cyclegan", "--nonsense"], "No such option"),
        (["resume", "nowhere"], "is no run folder"),
        (["translate", "nowhere", "nothing.png"], "no such picture or folder"),
        (["evaluate", "nowhere"], "neither a run folder nor a generator folder"),
        (["sample", "runs/gan-..."], "neither a run folder nor a generator folder"),
        (["data", "check", "nowhere"], "no such folder"),
        (["show", "nonsense"], "no recipe file or shipped recipe"),
    ],
)
def test_what_a_person_can_mend_is_one_message_and_exit_code_2(ganzoo, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    code, _, problems = ganzoo(*arguments)
    assert code == 2
    assert message in problems
    assert "Traceback" not in problems
    assert list(tmp_path.iterdir()) == []  # nothing is made, either


@pytest.mark.parametrize(("rank", "told"), [("0", "interrupted"), ("1", "")])
def test_ctrl_c_before_the_first_step_is_told_and_leaves_nothing(ganzoo, tmp_path, monkeypatch, tiny, rank, told):
    def interrupt(*scene):
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANZOO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RANK", rank)  # of several processes one says it
    monkeypatch.setattr("ganzoo.data.scenery.draw", interrupt)
    code, _, problems = ganzoo("train", "cyclegan", *(part for setting in tiny for part in ("--set", setting)))
    assert (code, problems.strip()) == (130, told)
    assert list(tmp_path.iterdir()) == []


def test_training_as_json_is_a_line_for_each_event(ganzoo, tmp_path, tiny):
    settings = [part for setting in tiny for part in ("--set", setting)]
    code, out, _ = ganzoo("train", "cyclegan", "--out", tmp_path / "run", *settings, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert any(line.get("step") == 6 for line in lines)


def test_resuming_a_finished_run_offers_steps(ganzoo, trained):
    code, _, problems = ganzoo("resume", trained)
    assert code == 2
    assert "--steps 12" in problems
    assert ganzoo("resume", trained, "--steps", 7, "--quiet")[0] == 0


def test_translate_both_directions_of_files_and_folders(ganzoo, trained, tmp_path):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.new("RGB", (20, 31), "red").save(pictures / "a.jpg")
    Image.new("L", (33, 17)).save(pictures / "b.png")
    code, _, problems = ganzoo(
        "translate", trained, pictures, pictures / "a.jpg", "--direction", "AtoB,BtoA", "--out", tmp_path / "out"
    )
    assert code == 0, problems
    sizes = {path.name: Image.open(path).size for path in (tmp_path / "out").iterdir()}
    assert sizes["a-AtoB.png"] == sizes["a-BtoA.png"] == (20, 31)
    assert sizes["b-AtoB.png"] == (33, 17)


def test_a_folder_is_translated_by_its_relative_name(ganzoo, trained, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pictures").mkdir()
    Image.new("RGB", (20, 20), "red").save("pictures/a.jpg")
    assert ganzoo("translate", trained, "pictures", "--direction", "AtoB", "--out", "out")[0] == 0
    assert (tmp_path / "out" / "a.png").is_file()


def test_translate_one_picture_to_one_file(ganzoo, trained, tmp_path):
    Image.new("RGB", (20, 31)).save(tmp_path / "a.jpg")
    code, _, _ = ganzoo(
        "translate", trained / "generator", tmp_path / "a.jpg", "--direction", "BtoA", "--out", tmp_path / "winter.png"
    )
    assert code == 0
    assert Image.open(tmp_path / "winter.png").size == (20, 31)


def test_translate_without_a_direction_asks_which(ganzoo, trained, tmp_path):
    Image.new("RGB", (20, 31)).save(tmp_path / "a.jpg")
    code, _, problems = ganzoo("translate", trained, tmp_path / "a.jpg", "--out", tmp_path / "out")
    assert code == 2
    assert "--direction takes AtoB, BtoA" in problems


def test_evaluate_prints_scores_beside_doing_nothing(ganzoo, trained):
    code, out, _ = ganzoo("evaluate", trained, "--metric", "psnr", "--json")
    assert code == 0
    (scored,) = json.loads(out)
    assert set(scored["values"]) == {f"{way}/psnr{end}" for way in ("AtoB", "BtoA") for end in ("", "_input")}
    assert scored["protocol"]["metric"] == "psnr"
    assert scored["id"] in json.loads((trained / "metrics.json").read_text())


def test_data_check_finds_a_bad_file_and_exits_with_2(ganzoo, tmp_path):
    Image.new("RGB", (64, 64)).save(tmp_path / "good.png")
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    code, out, _ = ganzoo("data", "check", tmp_path)
    assert code == 2
    assert "bad.jpg" in out
    assert "unusable: 1" in out
