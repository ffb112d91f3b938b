import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import ganzoo
from ganzoo import checkpoint
from ganzoo.errors import CheckpointError, TrainingError
from ganzoo.run import Run


def train(tmp_path, tiny, *more, name="run"):
    return ganzoo.train("cyclegan", overrides=[*tiny, *more], out=tmp_path / name)


def tensors_of(folder):
    return {
        f"{path.stem}/{name}": tensor
        for path in sorted(Path(folder).glob("*.safetensors"))
        for name, tensor in load_file(path).items()
    }


def assert_same_checkpoint(first, second):
    one, other = tensors_of(first), tensors_of(second)
    assert one.keys() == other.keys()
    assert [name for name in one if not torch.equal(one[name], other[name])] == []
    states = [json.loads((Path(folder) / "state.json").read_text()) for folder in (first, second)]
    for state in states:
        state.pop("seconds")
    assert states[0] == states[1]


def test_a_run_folder_holds_all_there_is_to_know(tmp_path, tiny):
    run = train(tmp_path, tiny, 'evaluation={metrics=["psnr", "ssim"]}')
    names = {str(path.relative_to(run.folder)) for path in run.folder.rglob("*")}
    assert names >= {
        "recipe.toml", "environment.json", "metrics.jsonl", "report.html",
        "samples/step-00000003.png", "samples/step-00000006.png",
        "checkpoints/latest", "checkpoints/step-00000003/ema.safetensors", "checkpoints/step-00000006/state.json",
        "generator/config.json", "generator/AtoB.safetensors", "generator/BtoA.safetensors",
        "generator/README.md", "generator/samples.png", "generator/recipe.toml",
    }  # fmt: skip
    assert not [name for name in names if "tmp" in name]
    lines = list(run.history())
    assert [line["step"] for line in lines if "generator/cycle_A" in line] == [2, 3, 4, 6]
    assert lines[-1]["score/AtoB/psnr_input"] > 0
    assert run.environment()["plugins"]["ganzoo-cyclegan"]


def test_the_resolved_recipe_alone_reproduces_the_run(tmp_path, tiny):
    first = train(tmp_path, tiny)
    second = ganzoo.train(recipe=first.recipe_file, out=tmp_path / "second")
    assert_same_checkpoint(first.checkpoints / "latest", second.checkpoints / "latest")
    assert first.recipe_file.read_text() == second.recipe_file.read_text()


@pytest.mark.parametrize("step", [3, 4])
def test_resume_is_bit_exact(tmp_path, tiny, step):
    """Pools, data order, augmentation, average, schedule and accumulation in play; in mid-epoch and at its end."""
    settings = ["train.checkpoint_every=1", "train.keep_checkpoints=9", "train.accumulate=2", "train.steps=7"]
    whole = train(tmp_path, tiny, *settings, name="whole")
    broken = train(tmp_path, tiny, *settings, name="broken")
    for path in broken.checkpoints.glob("step-*"):
        if int(path.name[5:]) > step:
            __import__("shutil").rmtree(path)
    torch.manual_seed(123)  # whatever random state the process is in must not matter
    resumed = ganzoo.resume(broken.folder)
    assert_same_checkpoint(whole.checkpoints / "latest", resumed.checkpoints / "latest")
    logged = [[line["step"] for line in run.history()] for run in (whole, resumed)]
    assert logged[0] == logged[1]


def test_going_on_past_the_end(tmp_path, tiny):
    run = train(tmp_path, tiny)
    with pytest.raises(CheckpointError, match="finished: 6 of 6 steps") as caught:
        ganzoo.resume(run.folder)
    assert "--steps 12" in caught.value.hint
    assert ganzoo.resume(run.folder, steps=8).step == 8
    assert Run.open(run.folder).recipe.train.steps == 8


def test_the_best_checkpoint_is_kept(tmp_path, tiny):
    evaluation = 'evaluation={metrics=["psnr"], every=2, best="AtoB/psnr"}'
    run = train(tmp_path, tiny, evaluation, "train.keep_checkpoints=1")
    scores = {line["step"]: line["score/AtoB/psnr"] for line in run.history() if "score/AtoB/psnr" in line}
    best = max(scores, key=scores.get)
    assert sorted(scores) == [2, 4, 6]
    assert checkpoint.find(run.checkpoints, "best").name == f"step-{best:08d}"
    assert checkpoint.find(run.checkpoints).name == "step-00000006"
    assert len(list(run.checkpoints.glob("step-*"))) == len({best, 6})


def test_a_loss_that_is_not_finite_stops_with_the_last_good_checkpoint(tmp_path, tiny):
    with pytest.raises(TrainingError) as caught:
        train(tmp_path, tiny, "optimizer.lr=1e30", "train.checkpoint_every=1", "train.log_every=1")
    assert "at step" in caught.value.message
    assert "checkpoint" in caught.value.hint
    for path in (tmp_path / "run" / "checkpoints").glob("step-*"):
        assert all(tensor.isfinite().all() for tensor in load_file(path / "networks.safetensors").values())


def test_a_run_folder_that_holds_something_is_not_overwritten(tmp_path, tiny):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "precious").write_text("x")
    with pytest.raises(CheckpointError, match="already holds something"):
        train(tmp_path, tiny)


def test_resuming_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="is no run folder"):
        ganzoo.resume(tmp_path)


def test_a_damaged_checkpoint_is_named_and_the_one_before_offered(tmp_path, tiny):
    run = train(tmp_path, tiny)
    path = run.checkpoints / "step-00000006" / "networks.safetensors"
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="is damaged") as caught:
        ganzoo.resume(run.folder, steps=9)
    assert "--checkpoint 3" in caught.value.hint
    assert ganzoo.resume(run.folder, steps=9, name="3").step == 9


def test_life_cycle_hooks_are_called(tmp_path, tiny):
    calls = []

    class Listener:
        @ganzoo.hookimpl
        def train_start(self, run):
            calls.append(("start", run.step))

        @ganzoo.hookimpl
        def train_step(self, run, step, metrics):
            calls.append(("step", step))

        @ganzoo.hookimpl
        def checkpoint_saved(self, run, step, folder):
            calls.append(("saved", folder.name))

        @ganzoo.hookimpl
        def train_end(self, run, step):
            calls.append(("end", step))

    ganzoo.train("cyclegan", overrides=tiny, out=tmp_path / "run", listeners=[Listener()])
    assert calls[0] == ("start", 0)
    assert calls[-1] == ("end", 6)
    assert ("saved", "step-00000003") in calls
    assert ("step", 4) in calls


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_saves_and_exits_and_the_run_goes_on(tmp_path, tiny, number, code):
    settings = [part for setting in [*tiny, "train.steps=100000"] for part in ("--set", setting)]
    command = [sys.executable, "-m", "ganzoo", "train", "cyclegan", "--out", str(tmp_path / "run"), *settings]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ)
    deadline = time.monotonic() + 120
    while not (tmp_path / "run" / "checkpoints" / "latest").exists() and time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.1)
    process.send_signal(number)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == code, printed
    assert f"ganzoo resume {tmp_path / 'run'}" in "".join(printed.split("\n"))
    run = Run.open(tmp_path / "run")
    step = int(checkpoint.find(run.checkpoints).name[5:])
    assert step > 0
    assert ganzoo.resume(run.folder, steps=step + 2).step == step + 2
