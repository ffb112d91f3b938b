import pytest

from ganzoo.errors import RecipeError, RegistryError
from ganzoo.plugins import plugins
from ganzoo.recipe.parse import check, read

GOOD = """model = "cyclegan"
[data]
type = "seasons"
[networks.generator]
type = "resnet"
[networks.discriminator]
type = "patch"
[train]
epochs = 1
"""


def recipe_of(tmp_path, text=GOOD, overrides=()):
    path = tmp_path / "r.toml"
    path.write_text(text)
    return check(read(None, path, overrides, plugins()), plugins())


def problems_of(tmp_path, text=GOOD, overrides=()):
    with pytest.raises(RecipeError) as caught:
        recipe_of(tmp_path, text, overrides)
    return str(caught.value).replace(f"{tmp_path}/", "").splitlines()


def test_settings_that_are_left_out_are_filled_in(tmp_path):
    recipe = recipe_of(tmp_path)
    assert recipe.networks["generator"].options["blocks"] == 9
    assert recipe.loop["cycle_weight"] == 10.0
    assert recipe.data.options["size"] == 64
    assert recipe.loss.type == "non-saturating"


def test_every_problem_is_reported_at_once_with_its_line(tmp_path):
    text = (
        GOOD.replace('"seasons"', '"seasonz"')
        .replace('type = "resnet"', 'type = "resnet"\nfiltrs = 3')
        .replace("epochs = 1", "epochs = 0\nbatchsize = 2")
        + "[loop]\ncycle_wieght = 1\n[optimiser]\nlr = 1\n"
    )
    assert problems_of(tmp_path, text) == [
        "r.toml:3: data.type: no data is called 'seasonz'; did you mean 'seasons'?",
        "r.toml:6: networks.generator.filtrs: unknown key; did you mean 'filters'?",
        "r.toml:13: loop.cycle_wieght: unknown key; did you mean 'cycle_weight'?",
        "r.toml:10: train.epochs: should be greater than 0, not 0",
        "r.toml:11: train.batchsize: unknown key; did you mean 'batch_size'?",
        "r.toml:14: optimiser: unknown key; did you mean 'optimizer'?",
    ]


def test_a_wrong_set_names_itself(tmp_path):
    assert problems_of(tmp_path, overrides=["loop.pool_size=many"]) == [
        "--set loop.pool_size=many: loop.pool_size: should be a valid integer, unable to parse string as an integer, "
        "not 'many'"
    ]


def test_a_missing_network_is_named(tmp_path):
    text = GOOD.replace('[networks.discriminator]\ntype = "patch"\n', "")
    assert problems_of(tmp_path, text) == [
        "r.toml: networks: network 'discriminator_A' is missing: add [networks.discriminator]",
        "r.toml: networks: network 'discriminator_B' is missing: add [networks.discriminator]",
    ]


def test_a_network_that_the_model_does_not_have_is_named(tmp_path):
    lines = problems_of(tmp_path, GOOD + '[networks.critic]\ntype = "patch"\n')
    assert len(lines) == 1
    assert lines[0].startswith("r.toml:10: networks.critic: this model has no such network; there is: discriminator,")


def test_one_network_of_a_role_can_have_its_own_table(tmp_path):
    recipe = recipe_of(tmp_path, GOOD + '[networks.generator_AtoB]\ntype = "resnet"\nblocks = 2\n')
    assert recipe.networks["generator_AtoB"].options["blocks"] == 2


def test_one_player_can_have_its_own_optimizer(tmp_path):
    recipe = recipe_of(tmp_path, GOOD + "[optimizer]\nlr = 1e-3\n[optimizer.discriminator]\nlr = 4e-3\n")
    assert recipe.optimizer.of("generator").lr == 1e-3
    assert recipe.optimizer.of("discriminator").lr == 4e-3
    assert recipe.optimizer.of("discriminator").betas == (0.5, 0.999)


def test_an_optimizer_for_nobody_is_a_problem(tmp_path):
    lines = problems_of(tmp_path, GOOD + "[optimizer.discriminatr]\nlr = 1\n")
    assert lines == ["r.toml:10: optimizer.discriminatr: unknown key; did you mean 'discriminator'?"]


def test_extends_lays_one_recipe_over_another(tmp_path):
    (tmp_path / "base.toml").write_text(GOOD)
    recipe = recipe_of(tmp_path, 'extends = "base.toml"\n[train]\nepochs = 7\n')
    assert recipe.train.epochs == 7
    assert recipe.networks["generator"].type == "resnet"


def test_extends_can_name_a_shipped_recipe(tmp_path):
    assert recipe_of(tmp_path, 'extends = "cyclegan"\n[train]\nbatch_size = 3\n').train.batch_size == 3


def test_recipes_that_extend_each_other_are_refused(tmp_path):
    (tmp_path / "r.toml").write_text('extends = "r.toml"')
    with pytest.raises(RecipeError, match="circle"):
        read(None, tmp_path / "r.toml", [], plugins())


def test_a_model_with_another_models_recipe_is_refused(tmp_path):
    (tmp_path / "r.toml").write_text(GOOD.replace("cyclegan", "othergan"))
    with pytest.raises(RecipeError, match="for model 'othergan', not 'cyclegan'"):
        read("cyclegan", tmp_path / "r.toml", [], plugins())


@pytest.mark.parametrize("shipped", [False, True])
def test_that_refusal_names_the_recipe_that_was_given_not_the_one_it_extends(tmp_path, shipped):
    (tmp_path / "base.toml").write_text(GOOD.replace("cyclegan", "othergan"))
    (tmp_path / "mine.toml").write_text('extends = "base.toml"\n')
    given, theirs = ("mnist-gan", "gan") if shipped else (tmp_path / "mine.toml", "othergan")
    with pytest.raises(RecipeError) as caught:
        read("cyclegan", given, [], plugins())
    assert caught.value.message == f"{given}: the recipe is for model '{theirs}', not 'cyclegan'"


def test_that_refusal_names_the_setting_or_the_line_that_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "r.toml").write_text(GOOD)
    with pytest.raises(RecipeError, match=r"^r\.toml:1: the recipe is for model 'cyclegan', not 'dcgan'"):
        read("dcgan", "r.toml", [], plugins())
    with pytest.raises(RecipeError, match=r"^--set model=othergan: the recipe is for"):
        read("cyclegan", "r.toml", ["model=othergan"], plugins())


@pytest.mark.parametrize("name", ["mnist-gam", "mnist-gam.toml", "recipes/mnist-gam.toml"])
def test_an_unknown_recipe_says_what_is_near(name):
    with pytest.raises(RecipeError, match="mnist-gam") as caught:
        read("gan", name, [], plugins())
    assert "did you mean 'mnist-gan'" in caught.value.hint


def test_an_unknown_model_says_what_is_near():
    with pytest.raises(RegistryError, match="did you mean 'cyclegan'"):
        read("cyclgan", None, [], plugins())


def test_an_unknown_recipe_is_refused():
    with pytest.raises(RecipeError, match="no recipe file or shipped recipe"):
        read("cyclegan", "sumer2winter", [], plugins())
    with pytest.raises(RecipeError, match="no such recipe file"):
        read("cyclegan", "nowhere.toml", [], plugins())


def test_epochs_and_steps_exclude_each_other(tmp_path):
    assert problems_of(tmp_path, GOOD + "steps = 3\n") == ["r.toml:8: train: give either 'epochs' or 'steps'"]


def test_a_length_in_another_unit_replaces_the_recipes_own(tmp_path):
    recipe = recipe_of(tmp_path, overrides=["train.steps=9"])
    assert (recipe.train.epochs, recipe.train.steps) == (None, 9)
    text = GOOD + '[schedule]\ntype = "linear"\nconstant_epochs = 2\ndecay_epochs = 3\n'
    schedule = recipe_of(tmp_path, text, overrides=["schedule.decay_steps=9"]).schedule
    assert (schedule.constant_epochs, schedule.decay_epochs, schedule.decay_steps) == (0, 0, 9)
