import io
import json
import logging
import subprocess
import sys
from pathlib import Path

import pluggy
import pytest
from rich.console import Console

from ganzoo import hookspecs
from ganzoo.cli.console import Output, clean
from ganzoo.cli.display import JsonDisplay, LiveDisplay, Pace, PlainDisplay, Silence, display, sparkline
from ganzoo.errors import RecipeError
from ganzoo.recipe.schema import Component, Recipe, Train
from ganzoo.run import Run

EVIL = "\x1b[2J[bold]x\x9b1m"
METRICS = {
    "seconds": 3.0,
    "generator/adversarial": 0.25,
    f"discriminator/{EVIL}": 0.5,
    "images_per_second": 31.0,
    "data_wait": 0.02,
    "memory_mib": 812.0,
}
SCORES = {"score/AtoB/psnr": 18.1, "score/AtoB/psnr_input": 11.0}


@pytest.fixture
def run(tmp_path):
    recipe = Recipe(model="cyclegan", data=Component(type="x"), networks={}, train=Train(steps=100))
    run = Run.create(recipe, tmp_path / "run")
    run.steps = 100
    return run


def play(listener, run):
    """The life of a training as the engine tells it."""
    manager = pluggy.PluginManager(hookspecs.GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(listener)
    manager.hook.train_start(run=run)
    for run.step in (50, 100):
        manager.hook.train_step(run=run, step=run.step, metrics=METRICS)
    manager.hook.train_step(run=run, step=100, metrics=SCORES)
    manager.hook.checkpoint_saved(run=run, step=100, folder=Path("run/checkpoints/step-00000100"))
    manager.hook.train_end(run=run, step=100)


def terminal(output, width=100):
    """Make an output believe that it writes to a terminal; returns what it writes into."""
    written = io.StringIO()
    output.stdout = Console(file=written, force_terminal=True, width=width, height=30, color_system=None)
    return written


def test_control_characters_never_reach_the_terminal():
    assert clean(EVIL) == "\ufffd[2J[bold]x\ufffd1m"
    assert clean("a\tb\nc é 日本") == "a\tb\nc é 日本"


def test_say_prints_text_as_it_is(capsys):
    Output().say(f"made [bold]{EVIL} " + "long " * 40)
    out = capsys.readouterr().out
    assert out == f"made [bold]{clean(EVIL)} " + "long " * 40 + "\n"


def test_error_goes_to_stderr_with_its_hint(capsys):
    Output(quiet=True).error(RecipeError("a.toml:5: [loop] unknown", hint="did you mean [loop.x]?"))
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: a.toml:5: [loop] unknown\ndid you mean [loop.x]?\n"


def test_table_shows_every_cell_whole(capsys):
    Output().table("models", ["model", "summary"], [[EVIL, "word " * 60], ["dcgan", 3]])
    out = capsys.readouterr().out
    assert "models" in out
    assert clean(EVIL) in out
    assert "word " * 60 in out
    assert "\x1b" not in out


def test_json_leaves_nothing_else_on_stdout(capsys):
    output = Output(as_json=True)
    output.say("working")
    list(output.track([1, 2], "drawing", 2))
    output.json({"path": Path("runs") / "a", "name": EVIL})
    captured = capsys.readouterr()
    assert json.loads(captured.out) == {"path": "runs/a", "name": EVIL}
    assert "\x1b" not in captured.out
    assert captured.err == "working\ndrawing ...\n"


def test_quiet_says_nothing_but_notes(capsys):
    output = Output(quiet=True)
    output.say("working")
    assert list(output.track(range(3), "drawing", 3)) == [0, 1, 2]
    output.note("stopped")
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "stopped\n")


def test_what_is_logged_is_noted(capsys):
    log = logging.Logger("ganzoo.test")
    log.addHandler(Output().log_handler())
    log.warning("left out %d pictures", 3)
    assert capsys.readouterr().err == "warning: left out 3 pictures\n"


def test_track_hands_on_every_item_and_draws_a_bar():
    output = Output()
    written = terminal(output)
    assert list(output.track(iter("abc"), f"drawing {EVIL}", 3)) == ["a", "b", "c"]
    assert clean(f"drawing {EVIL}") in written.getvalue()
    assert "3/3" in written.getvalue()


def test_finished_says_where_pictures_and_weights_are(run, capsys):
    Output().finished(run)
    assert f"weights  {run.generator}\n" in capsys.readouterr().out
    Output(as_json=True).finished(run)
    assert json.loads(capsys.readouterr().out)["weights"] == str(run.generator)


def test_display_suits_the_output():
    assert isinstance(display(Output(quiet=True, as_json=True)), Silence)
    assert isinstance(display(Output(as_json=True)), JsonDisplay)
    assert isinstance(display(Output()), PlainDisplay)
    output = Output()
    terminal(output)
    assert isinstance(display(output), LiveDisplay)


def test_silence_is_silent(run, capsys):
    play(Silence(), run)
    assert capsys.readouterr().out == ""


def test_plain_display_writes_a_line_for_each_event(run, capsys):
    play(PlainDisplay(Output()), run)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"training cyclegan to step 100 in {run.folder}"
    assert lines[1].startswith("step 50/100  left 0:00:00  31 images/s  data wait 2%  memory 812 MiB")
    assert lines[1].endswith(f"generator: adversarial 0.25  discriminator: {clean(EVIL)} 0.5")
    assert lines[3].endswith("score: AtoB/psnr 18.1 (doing nothing 11)")
    assert lines[4] == "checkpoint run/checkpoints/step-00000100"
    assert lines[5].startswith("ended at step 100 of 100 after 0:00:0")


def test_json_display_writes_an_object_for_each_event(run, capsys):
    play(JsonDisplay(Output(as_json=True)), run)
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == [
        "train_start", "train_step", "train_step", "train_step", "checkpoint_saved", "train_end",
    ]  # fmt: skip
    assert events[1]["metrics"] == METRICS
    assert events[0] == {
        "event": "train_start", "run": str(run.folder), "model": "cyclegan", "step": 0, "steps": 100,
    }  # fmt: skip


def test_live_display_shows_progress_terms_and_scores(run):
    (run.samples / "step-00000050.png").touch()
    output = Output()
    written = terminal(output)
    play(LiveDisplay(output), run)
    last = written.getvalue().rpartition("cyclegan")[2]
    for words in (
        "step 100 / 100  100.0%",
        "left 0:00:00  31 images/s  data wait 2%  memory 812 MiB",
        "adversarial  0.25",
        f"{clean(EVIL)}  0.5",
        "AtoB/psnr  18.1  (doing nothing 11)",
        "step-00000050.png",
        "step-00000100",
    ):
        assert words in last
    assert EVIL not in written.getvalue()


def test_live_display_moves_between_log_lines(run):
    output = Output()
    written = terminal(output)
    listener = LiveDisplay(output)
    listener.train_start(run)
    run.step = 37
    listener.live.refresh()
    listener.train_end()
    assert "step 37 / 100" in written.getvalue()


def test_time_left_follows_the_recent_speed(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    pace = Pace()
    pace.note(1000)
    assert pace.left(2000) == float("inf")
    now[0] = 10.0
    pace.note(1100)
    assert pace.left(2000) == pytest.approx(90.0)


def test_sparkline_spans_low_to_high():
    assert sparkline([0.0, 0.5, 1.0]) == "▁▅█"
    assert sparkline([1.0, 1.0]) == ""
    assert sparkline([1.0, float("inf")]) == ""


def test_rich_is_imported_only_to_print():
    code = (
        "import sys, ganzoo.cli.console, ganzoo.cli.display; sys.exit('rich' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
