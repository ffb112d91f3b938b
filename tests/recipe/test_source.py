import pytest

from ganzoo.errors import RecipeError
from ganzoo.recipe.source import parse, parse_overrides

TEXT = """# a comment with [brackets] and key = 1
model = "x"

[data]
type = "images"   # [not.a.header]
list = [
  1,
  2,
]
size = 64

[networks.generator]
type = "unet"
"quoted key" = 3

[networks]
discriminator = { type = "patch", filters = 8 }
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("model",), 2),
        (("data",), 4),
        (("data", "type"), 5),
        (("data", "list"), 6),
        (("data", "size"), 10),
        (("networks", "generator", "quoted key"), 14),
        (("networks", "discriminator", "filters"), 17),
        (("data", "missing"), 4),
    ],
)
def test_every_key_knows_its_line(path, line):
    assert parse(TEXT, "r.toml").place(path) == f"r.toml:{line}"


def test_a_key_that_is_nowhere_is_placed_in_the_file():
    assert parse(TEXT, "r.toml").place(("train", "epochs")) == "r.toml"


def test_text_that_is_no_toml_says_where():
    with pytest.raises(RecipeError, match=r"r\.toml: .*line 2"):
        parse("a = 1\nb = x\n", "r.toml")


def test_overrides_are_toml_values_and_bare_words_are_strings():
    values = parse_overrides(["a.b=3", "a.c=[1, 2]", "d=lsgan", "e=true", 'f.g={type="x"}', "h=../a b"]).values
    assert values == {"a": {"b": 3, "c": [1, 2]}, "d": "lsgan", "e": True, "f": {"g": {"type": "x"}}, "h": "../a b"}


@pytest.mark.parametrize("text", ["novalue", "=3", "a..b=3", "a=1=2 but"])
def test_an_override_that_is_none_is_refused(text):
    if text == "a=1=2 but":  # everything behind the first = is the value
        assert parse_overrides([text]).values == {"a": "1=2 but"}
        return
    with pytest.raises(RecipeError, match="KEY=VALUE"):
        parse_overrides([text])


def test_an_override_through_a_value_is_refused():
    with pytest.raises(RecipeError, match="'a' was already set"):
        parse_overrides(["a=1", "a.b=2"])


def test_tables_are_merged_and_the_rest_replaced():
    top, base = parse("[t]\na = 1", "top"), parse("x = 1\n[t]\na = 2\nb = 3", "base")
    merged = top.over(base)
    assert merged.values == {"x": 1, "t": {"a": 1, "b": 3}}
    assert merged.place(("t", "a")) == "top:2"
    assert merged.place(("t", "b")) == "base:4"


def test_another_type_drops_the_old_types_keys():
    top, base = parse('[loss]\ntype = "hinge"', "top"), parse('[loss]\ntype = "lsgan"\nreal = 0.9', "base")
    assert top.over(base).values == {"loss": {"type": "hinge"}}


def test_the_same_type_keeps_them():
    top, base = parse('[loss]\ntype = "lsgan"', "top"), parse('[loss]\ntype = "lsgan"\nreal = 0.9', "base")
    assert top.over(base).values == {"loss": {"type": "lsgan", "real": 0.9}}
