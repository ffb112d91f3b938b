"""What a stranger's strings do to a terminal, a page or a README: nothing."""

import json

import hostile
import pytest
from typer.testing import CliRunner

import ganzoo
from ganzoo.cli.console import Output
from ganzoo.errors import GanzooError
from ganzoo.names import clean
from ganzoo.run import Run

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"
MARKUP = "[bold red]x[/] [link=https://example.org]here[/link]"
OBEYED = ["\x1b", "\x9b", "\x07", "\r", "\x08", "\x00", "\x7f", "\u202e", "\u2066", "\u2028", "\ud800"]


@pytest.fixture
def folder(tmp_path):
    folder = hostile.good(tmp_path / "generator")
    names = [hostile.ESCAPES, SCRIPT, MARKUP]
    hostile.edit(folder, image={"channels": 1, "size": 8, "class_names": names})
    return folder


@pytest.mark.parametrize("mark", OBEYED)
def test_what_a_terminal_obeys_is_replaced(mark):
    assert clean(f"a{mark}b") == "a\ufffdb"
    assert str(GanzooError(f"a{mark}b", hint=f"c{mark}d")) == "a\ufffdb\nc\ufffdd"


def test_class_names_reach_the_terminal_as_text(folder, tmp_path):
    from ganzoo.cli.main import app

    arguments = ["sample", str(folder), "--label", "nothing", "--out", str(tmp_path / "x.png")]
    result = CliRunner().invoke(app, arguments)
    assert isinstance(result.exception, GanzooError)
    assert clean(result.exception) == str(result.exception)


def test_an_error_is_printed_without_escape_codes_and_with_its_markup(folder, capsys):
    with pytest.raises(GanzooError) as caught:
        ganzoo.load(folder).label("nothing")
    Output().error(caught.value)
    shown = capsys.readouterr().err
    assert MARKUP in shown
    assert not any(mark in shown for mark in OBEYED)


def test_everything_said_is_plain(capsys):
    output = Output()
    text = f"{hostile.ESCAPES}{MARKUP}\ud800"
    output.say(text)
    output.note(text)
    output.table(text, [text], [[text]])
    list(output.track([1], text, 1))
    output.json({text: text})
    told = capsys.readouterr()
    assert not any(mark in told.out + told.err for mark in OBEYED)
    assert told.out.count("[bold red]x[/]") == 7
    assert told.err.count("[bold red]x[/]") == 1


def test_a_report_shows_strings_as_text(tmp_path, tiny):
    from ganzoo.plugins import plugins
    from ganzoo.recipe.parse import check, read
    from ganzoo.report import write_report

    recipe = check(read("cyclegan", None, tiny, plugins()), plugins())
    run = Run.create(recipe, tmp_path / "run")
    run.save_environment({SCRIPT: SCRIPT, "nested": {SCRIPT: [SCRIPT]}})
    lines = [{"step": 1, f"score/{SCRIPT}": 1.0, f"{SCRIPT}/{SCRIPT}": 2.0, "epoch": 1e-300, "seconds": 1e300}]
    lines += [{"step": 10**400}, {"step": "x"}, [], {"step": 2, "lr/x": 10**400, "seconds": -1e300}]
    run.metrics_file.write_text("\n".join(map(json.dumps, lines)) + "\nnull\n" + "[" * 100_000)
    (run.samples / "step-00000001.png").write_text(SCRIPT)
    (run.samples / f"step-2{SCRIPT.replace('/', '')}.png").write_text("x")
    page = write_report(run).read_text(encoding="utf-8")
    assert SCRIPT not in page
    assert "<img src=x" not in page
    assert page.count("<script") == 2  # the page's own, and its data
