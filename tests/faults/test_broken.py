"""Trainings whose data, numbers, clock or checkpoints break: told of by name, and nothing that was saved is lost."""

from __future__ import annotations

import datetime
import multiprocessing
import os
import shutil
import signal
import struct
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from broken import assert_told, command, settings
from killed import assert_same, assert_whole, run_in_child
from PIL import Image
from safetensors.torch import load_file

import ganzoo
from ganzoo import checkpoint
from ganzoo.cli.main import main
from ganzoo.errors import CheckpointError, DataError, GanzooError, TrainingError
from ganzoo.evaluation import Scorer
from ganzoo.report import write_report
from ganzoo.run import Run, step_of

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module")
def overrides(tiny) -> list[str]:
    more = ["networks.generator.filters=2", "train.log_every=1", "train.checkpoint_every=2", "runtime.device=cpu"]
    return [*tiny, *more, "train.steps=6"]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, overrides) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "run"
    run_in_child(lambda: ganzoo.train("cyclegan", overrides=overrides, out=folder), folder)
    return folder


@pytest.fixture
def run(trained, tmp_path) -> Path:
    return shutil.copytree(trained, tmp_path / "run", symlinks=True)


class At:
    """Does something when a step is logged."""

    def __init__(self, step: int, do) -> None:
        self.step, self.do = step, do

    @ganzoo.hookimpl
    def train_step(self, run, step, metrics):
        if step == self.step:
            self.do()


# Data


@pytest.fixture
def photos(tmp_path) -> Path:
    for number in range(6):
        for domain in ("trainA", "trainB"):
            path = tmp_path / "photos" / domain / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.random.default_rng([number, domain == "trainA"]).integers(0, 256, (18, 18, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(path)
    return tmp_path / "photos"


def streamed(overrides: list[str], photos: Path, *more: str) -> list[str]:
    kept = [setting for setting in overrides if not setting.startswith("data.")]
    return [f'data={{type="unpaired-images", root="{photos}", size=16, memory=0}}', *kept, "train.steps=9", *more]


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("what", ["vanishes", "turns bad"])
def test_a_picture_that_breaks_in_mid_training_is_named(what, workers, photos, overrides, tmp_path, trained):
    """All are read in each epoch of three steps, and workers are a few batches ahead."""
    victim, aside = photos / "trainA" / "3.png", tmp_path / "3.png"
    shutil.copy(victim, aside)
    break_it = victim.unlink if what == "vanishes" else lambda: os.truncate(victim, 50)
    recipe = streamed(overrides, photos, f"data.workers={workers}")
    with pytest.raises(DataError, match=r"trainA/3\.png") as caught:
        ganzoo.train("cyclegan", overrides=recipe, out=tmp_path / "run", listeners=[At(3, break_it)])
    last = checkpoint.find(tmp_path / "run" / "checkpoints")
    assert str(last) in caught.value.hint
    assert "data.on_error=skip" in caught.value.hint
    assert_whole(Run.open(tmp_path / "run"))
    shutil.copy(aside, victim)
    done = ganzoo.resume(tmp_path / "run")
    if workers == 0:
        assert_same(done, ganzoo.train("cyclegan", overrides=recipe, out=tmp_path / "undisturbed"))
    assert done.step == 9


@pytest.mark.parametrize("workers", [0, 2])
def test_a_picture_that_breaks_in_mid_training_is_left_out_where_that_was_asked_for(
    workers, photos, overrides, tmp_path, caplog
):
    recipe = streamed(overrides, photos, 'data.on_error="skip"', f"data.workers={workers}")
    victim = photos / "trainB" / "2.png"
    run = ganzoo.train("cyclegan", overrides=recipe, out=tmp_path / "run", listeners=[At(3, victim.unlink)])
    assert run.step == 9
    assert caplog.text.count("trainB/2.png: no such file") == 1
    assert_whole(run)


def test_a_worker_that_is_killed_ends_the_command_and_nothing_is_lost(photos, overrides, tmp_path, monkeypatch, capsys):
    logged = Run.log

    def log(run, metrics):
        logged(run, metrics)
        if run.step == 3:
            for worker in multiprocessing.active_children():
                os.kill(worker.pid, signal.SIGKILL)

    monkeypatch.setattr(Run, "log", log)
    recipe = streamed(overrides, photos, "data.workers=2", "train.steps=40", "train.checkpoint_every=1")
    with pytest.raises(SystemExit) as caught:
        main(["train", "cyclegan", "--out", str(tmp_path / "run"), *settings(recipe)])
    assert_told(caught.value.code, "".join(capsys.readouterr()), "worker process", "last good checkpoint")
    monkeypatch.undo()
    assert_whole(Run.open(tmp_path / "run"))
    step = step_of(checkpoint.find(tmp_path / "run" / "checkpoints"))
    assert step >= 3
    assert ganzoo.resume(tmp_path / "run", steps=step + 1).step == step + 1


def vast_png() -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("memory", [0, 1])
def test_pictures_that_are_none_are_named_before_training(memory, photos, overrides, tmp_path, caplog):
    whole = (photos / "trainA" / "0.png").read_bytes()
    bad = {"cut.png": whole[:20], "empty.png": b"", "vast.png": vast_png(), "text.jpg": b"not a picture"}
    for name, content in bad.items():
        (photos / "trainA" / name).write_bytes(content)
    recipe = streamed(overrides, photos, f"data.memory={memory}", "data.workers=0", "train.steps=2")
    with pytest.raises(DataError, match="4 of 16 pictures cannot be read") as caught:
        ganzoo.train("cyclegan", overrides=recipe, out=tmp_path / "run")
    assert [name for name in bad if name not in caught.value.message] == []
    assert not (tmp_path / "run").exists()
    run = ganzoo.train("cyclegan", overrides=[*recipe, 'data.on_error="skip"'], out=tmp_path / "run")
    assert run.step == 2
    assert "4 of 16 pictures cannot be read" in caplog.text


# Numbers


@pytest.mark.parametrize("poisoned", [3, 4, 5])
@pytest.mark.parametrize("stop", [False, True])
def test_a_checkpoint_of_what_is_not_finite_is_never_written(poisoned, stop, overrides, tmp_path, monkeypatch):
    """The loss of one step is NaN; checkpoints are due at 2, 4 and 6, or when a signal comes in that very step."""
    from ganzoo_cyclegan.loop import CycleGAN

    turn, steps = CycleGAN.generator, iter(range(1, 100))

    def poison(loop, *rest):
        step = next(steps)
        for terms in turn(loop, *rest):
            yield {name: term * torch.nan if step == poisoned else term for name, term in terms.items()}
        if stop and step == poisoned:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr("ganzoo.training.rehearse", lambda *rest: None)
    monkeypatch.setattr(CycleGAN, "generator", poison)
    with pytest.raises(TrainingError, match=f"nan at step {poisoned}") as caught:
        ganzoo.train("cyclegan", overrides=[*overrides, "train.log_every=100"], out=tmp_path / "run")
    saved = sorted((tmp_path / "run" / "checkpoints").glob("step-*"))
    assert [step_of(path) for path in saved] == [step for step in (2, 4) if step < poisoned]
    assert str(saved[-1]) in caught.value.hint
    for path in saved:
        for file in path.glob("*.safetensors"):
            assert all(tensor.isfinite().all() for tensor in load_file(file).values()), file


# Signals and clocks


def test_a_signal_in_the_middle_of_an_evaluation_is_heard_after_it(overrides, tmp_path):
    recipe = [*overrides, 'evaluation={metrics=["psnr", "l1"], every=3}']
    run = tmp_path / "run"

    def interrupt() -> None:
        score = Scorer.score

        def interrupted(scorer, *rest):
            scores = score(scorer, *rest)
            yield next(scores)
            os.kill(os.getpid(), signal.SIGTERM)
            yield from scores

        Scorer.score = interrupted

    code, printed = command("train", "cyclegan", "--out", run, *settings(recipe), first=interrupt)
    assert code == 143, printed
    assert "SIGTERM: stopped at step 3" in printed
    assert "Traceback" not in printed
    assert step_of(checkpoint.find(run / "checkpoints")) == 3
    code, printed = command("resume", run)
    assert code == 0, printed
    whole = tmp_path / "whole"
    run_in_child(lambda: ganzoo.train("cyclegan", overrides=recipe, out=whole), whole)
    assert_same(Run.open(run), Run.open(whole))
    assert (run / "metrics.json").read_text() == (whole / "metrics.json").read_text()


def test_a_clock_that_goes_backwards(overrides, tmp_path, monkeypatch):
    """By a day each time that it is asked: names, durations and speeds stay what they are."""
    now = [2e9]

    def back() -> float:
        now[0] -= 86_400
        return now[0]

    class Backwards(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.datetime.fromtimestamp(back(), tz)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "time", back)
    monkeypatch.setattr(datetime, "datetime", Backwards)
    first = ganzoo.train("cyclegan", overrides=[*overrides, "train.steps=3"])
    second = ganzoo.train("cyclegan", overrides=[*overrides, "train.steps=3"])
    assert first.folder != second.folder
    done = ganzoo.resume(first.folder, steps=5)
    lines = [line for line in done.history() if "images_per_second" in line]
    assert [line["step"] for line in lines] == [1, 2, 3, 4, 5]
    assert all(line["images_per_second"] > 0 and line["data_wait"] >= 0 for line in lines)
    seconds = [line["seconds"] for line in lines]
    assert seconds == sorted(seconds)
    assert seconds[0] >= 0
    assert "-1 day" not in write_report(done).read_text()


# Checkpoints


FILES = ["networks.safetensors", "ema.safetensors", "optimizers.safetensors", "state.json", "state.json.sha256"]


@pytest.mark.parametrize("place", [0.02, 0.5, 0.98])
@pytest.mark.parametrize("name", FILES)
def test_a_flipped_byte_is_named_and_the_checkpoint_before_it_offered(name, place, run, trained):
    broken = run / "checkpoints" / "step-00000006" / name
    content = bytearray(broken.read_bytes())
    content[int(place * len(content))] ^= 1
    broken.write_bytes(content)
    with pytest.raises(CheckpointError, match="is damaged") as caught:
        ganzoo.resume(run, steps=7)
    assert f"step-00000006/{name.removesuffix('.sha256')}" in caught.value.message
    assert f"ganzoo resume {run} --checkpoint 4" in caught.value.hint
    if place == 0.5:
        assert_same(ganzoo.resume(run, name="4"), Run.open(trained))
        assert_whole(Run.open(run))


def test_every_file_of_a_checkpoint_is_broken_above(run):
    assert sorted(path.name for path in (run / "checkpoints" / "step-00000006").iterdir()) == sorted(FILES)


def test_what_was_saved_after_going_back_outlives_what_was_there_before(run):
    """Steps 4 and 6 are of a future that is given up; what is saved at 3 must be what is gone on from."""
    done = ganzoo.resume(run, name="2", steps=3)
    assert [step_of(path) for path in sorted(done.checkpoints.glob("step-*"))] == [2, 3]
    assert ganzoo.resume(run, steps=4).step == 4


@pytest.mark.parametrize("target", ["step-00000009", "nowhere", "latest", "step-00000006"])
def test_latest_pointing_nowhere_or_at_a_torn_checkpoint(target, run, trained):
    latest = run / "checkpoints" / "latest"
    latest.unlink()
    if target != "latest":
        latest.symlink_to(target)
    for path in (run / "checkpoints" / "step-00000006").iterdir():
        if path.name != "networks.safetensors":
            path.unlink()
    shutil.rmtree(run / "generator")
    assert_same(ganzoo.resume(run), Run.open(trained))
    assert latest.resolve().name == "step-00000006"


def test_latest_in_a_circle_is_refused(run):
    latest = run / "checkpoints" / "latest"
    latest.unlink()
    latest.symlink_to("latest")
    with pytest.raises(CheckpointError, match="leads out of"):
        ganzoo.resume(run, steps=7)


@pytest.mark.parametrize("length", [0, 1, 1000])
def test_a_truncated_state_is_named(length, run):
    os.truncate(run / "checkpoints" / "step-00000006" / "state.json", length)
    (run / "checkpoints" / "step-00000004" / "state.json").unlink()
    assert_told(*command("resume", run, "--steps", 7), "step-00000006/state.json", "--checkpoint 2")


def test_checkpoints_that_were_all_removed(run):
    for path in (run / "checkpoints").iterdir():
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    assert_told(*command("resume", run), "no checkpoint 'latest'", "saved none")
    assert ganzoo.load(run / "generator").config.step == 6, "the generator is still there"
    shutil.rmtree(run / "checkpoints")
    with pytest.raises(GanzooError, match="is no run folder"):
        ganzoo.resume(run)
