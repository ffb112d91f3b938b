"""A full disk, or one that is read-only: one clear message, and nothing that was saved is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from broken import assert_told, command, fill_up, settings, small_disk, unchangeable, when_changing
from killed import assert_same, assert_whole, run_in_child

import ganzoo
from ganzoo import checkpoint
from ganzoo.errors import CheckpointError
from ganzoo.run import Run, step_of

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def overrides(tiny) -> list[str]:
    return [
        *tiny,
        "networks.generator.filters=2",
        "train.steps=6",
        "train.log_every=2",
        "train.sample_every=4",
        "train.checkpoint_every=2",
        'evaluation={metrics=["psnr"], every=4}',
        "runtime.device=cpu",
    ]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory, overrides) -> Run:
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    run_in_child(lambda: ganzoo.train("cyclegan", overrides=overrides, out=folder), folder)
    return Run.open(folder)


def resume(run: Path) -> None:
    code, printed = command("resume", run)
    assert code == 0, printed


def assert_nothing_is_left_over(run: Path) -> None:
    assert not [path for path in run.rglob(".*") if "tmp" in path.name or "lock" in path.name]


@pytest.mark.parametrize("name", ["recipe.toml", "environment.json"])
def test_full_before_anything_was_saved(name, tmp_path, overrides):
    run = tmp_path / "run"
    train = ("train", "cyclegan", "--out", run, *settings(overrides))
    code, printed = command(*train, first=lambda: when_changing(name, lambda: fill_up(10)))
    assert_told(code, printed, str(run), "File too large")
    if name == "recipe.toml":
        assert not run.exists(), "the same command would be refused when there is room again"
    else:
        assert "remove" in printed
        assert name in printed


FILES = [  # the file, the time that it is written, bytes of it that are written, and the last checkpoint
    ("metrics.jsonl", 1, 10, 0),
    ("metrics.jsonl", 4, 2000, 4),
    ("samples/step-00000004.png", 1, 100, 2),
    ("run/metrics.json", 1, 100, 2),
    ("step-00000002", 1, 1000, 0),
    ("step-00000004", 1, 1000, 2),
    ("step-00000004/state.json", 1, 1000, 2),
    ("report.html", 1, 1000, 6),
    ("run/generator", 1, 1000, 6),
    ("generator/config.json", 2, 100, 6),
    ("generator/README.md", 1, 100, 6),
]


@pytest.mark.parametrize(("name", "time", "room", "saved"), FILES)
def test_full_in_the_middle_of_a_file(name, time, room, saved, tmp_path, overrides, undisturbed):
    run = tmp_path / "run"
    train = ("train", "cyclegan", "--out", run, *settings(overrides))
    code, printed = command(*train, first=lambda: when_changing(name, lambda: fill_up(room), time))
    assert_told(code, printed, name.removesuffix("/state.json"), "too large")
    last = checkpoint.newest(run / "checkpoints")
    assert (step_of(last) if last else 0) == saved
    assert_whole(Run.open(run))
    assert_nothing_is_left_over(run)
    if not saved:
        assert f"remove {run}" in printed
        shutil.rmtree(run)
        assert command(*train)[0] == 0
    else:
        assert f"ganzoo resume {run}" in printed
        resume(run)
    assert_same(Run.open(run), undisturbed)
    assert (run / "report.html").stat().st_size > 1000


def test_a_small_disk_that_is_full_and_then_made_larger(tmp_path, overrides, undisturbed):
    whole = sum(path.stat().st_size for path in undisturbed.folder.rglob("*") if not path.is_symlink())
    with small_disk(tmp_path / "disk", f"{whole // 2 // 1024}k") as remount:
        run = tmp_path / "disk" / "run"
        code, printed = command("train", "cyclegan", "--out", run, *settings(overrides))
        assert_told(code, printed, str(run), "No space left on device")
        code, printed = command("resume", run)
        assert_told(code, printed, str(run), "No space left on device")
        assert_whole(Run.open(run))
        remount("size=64m")
        resume(run)
        assert_same(Run.open(run), undisturbed)
        assert_nothing_is_left_over(run)


def test_a_read_only_disk(tmp_path, overrides, undisturbed):
    with small_disk(tmp_path / "disk", "64m") as remount:
        run = shutil.copytree(undisturbed.folder, tmp_path / "disk" / "run", symlinks=True)
        remount("ro")
        before = sorted((str(path), path.lstat().st_mtime_ns) for path in run.rglob("*"))
        train = ("train", "cyclegan", "--out", tmp_path / "disk" / "other", *settings(overrides))
        assert_told(*command(*train), str(tmp_path / "disk" / "other"), "Read-only file system")
        assert_told(*command("resume", run, "--steps", 8), str(run), "Read-only file system", "writable")
        assert_told(*command("evaluate", run, "--device", "cpu"), str(run), "Read-only file system")
        assert ganzoo.load(run).config.step == 6, "what only reads goes on"
        assert sorted((str(path), path.lstat().st_mtime_ns) for path in run.rglob("*")) == before
        remount("rw")
        code, printed = command("resume", run, "--steps", 8)
        assert code == 0, printed


@pytest.mark.parametrize(("place", "saved"), [("samples", 2), ("checkpoints", 2)])
def test_a_folder_that_becomes_read_only(place, saved, tmp_path, overrides, undisturbed):
    run = tmp_path / "run"
    with unchangeable(run / place, tmp_path) as make:
        train = ("train", "cyclegan", "--out", run, *settings(overrides))
        code, printed = command(*train, first=lambda: when_changing("samples/step-00000004.png", make))
        assert_told(code, printed, str(run / place), "Operation not permitted", f"ganzoo resume {run}")
        assert step_of(checkpoint.find(run / "checkpoints")) == saved
        assert_whole(Run.open(run))
    resume(run)
    assert_same(Run.open(run), undisturbed)


def test_an_error_of_the_end_does_not_hide_why_it_ended(tmp_path, overrides, monkeypatch, caplog):
    """The loss is not finite, the report cannot be written, a listener fails: told of is the loss."""

    class Listener:
        @ganzoo.hookimpl
        def train_end(self, run, step):
            raise RuntimeError("the listener's own fault")

    def fail(run):
        raise OSError(28, "No space left on device", str(run.report))

    monkeypatch.setattr("ganzoo.session.write_report", fail)
    with pytest.raises(ganzoo.errors.TrainingError, match=r"cannot go on|no longer finite"):
        ganzoo.train(
            "cyclegan", overrides=[*overrides, "optimizer.lr=1e30"], out=tmp_path / "run", listeners=[Listener()]
        )
    assert "No space left on device" in caplog.text
    assert "the listener's own fault" in caplog.text


def test_an_error_of_somebody_elses_file_stays_what_it_is(tmp_path):
    run = Run(tmp_path / "run", None)
    with pytest.raises(OSError, match="elsewhere"), run.writable():
        raise OSError(28, "No space left on device", str(tmp_path / "elsewhere"))
    with pytest.raises(OSError, match="a socket"), run.writable():
        raise OSError("a socket")
    with pytest.raises(CheckpointError, match=r"x\.txt: cannot be written: No space"), run.writable():
        raise OSError(28, "No space left on device", str(tmp_path / "run" / "x.txt"))
