"""Several processes train as one does, stop as one, and go on; all on this machine, by gloo."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import distributed

from ganzoo import checkpoint, train
from ganzoo.data.loader import Loader
from ganzoo.distributed import World
from ganzoo.engine import Engine
from ganzoo.errors import CheckpointError, RecipeError
from ganzoo.plugins import plugins
from ganzoo.recipe.build import build_data, build_loop, fill_from_data
from ganzoo.recipe.parse import check, read
from ganzoo.run import Run
from ganzoo.testing import small_settings

RANKS = Path(__file__).parent / "helpers" / "ranks.py"
MODELS = list(plugins().registries["model"])
EQUAL = ["gan", "wgan-gp", "cyclegan", "dcgan"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def do(folder, jobs, size=1):
    """Do the jobs of ``helpers/ranks.py`` in ``size`` processes."""
    listed = folder / f"jobs-{size}.json"
    listed.write_text(json.dumps(list(jobs), default=str))
    shared = {"WORLD_SIZE": str(size), "LOCAL_WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1"}
    shared["MASTER_PORT"] = str(free_port())
    processes = [
        subprocess.Popen(
            [sys.executable, str(RANKS), str(listed)],
            env={**os.environ, **(shared | {"RANK": str(rank), "LOCAL_RANK": str(rank)} if size > 1 else {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for rank in range(size)
    ]
    try:
        printed = [process.communicate(timeout=400)[0] for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0] * size, "\n".join(printed)


def settings_of(model, *more):
    return small_settings(model, ["train.batch_size=4", "data.count=12", *more])


@pytest.fixture(scope="module")
def together(tmp_path_factory):
    """A folder of what two processes did, and one, in one start of each."""
    folder = tmp_path_factory.mktemp("together")
    jobs = [["primitives", {"out": folder / "primitives"}]]
    for model in MODELS:
        overrides = settings_of(model, "train.steps=20", "train.checkpoint_every=0")
        jobs.append(["train", {"model": model, "overrides": overrides, "out": folder / "models" / model}])
    do(folder, [*jobs, *same_noise(folder / "two"), *broken_off(folder)], size=2)
    do(folder, same_noise(folder / "one"))
    return folder


def same_noise(folder):
    """Trainings by plain gradient descent: Adam makes a step of its full size out of a rounding error."""
    more = [
        "train.steps=6",
        "augment.instance_noise=0",
        'optimizer={type="sgd", lr=0.02}',
        "ema.half_life=20",
        "train.log_every=2",
    ]
    for model in EQUAL:
        extra = ["train.accumulate=2"] if model == "gan" else []
        overrides = settings_of(model, *more, *extra)
        yield ["train", {"noise": "shared", "model": model, "overrides": overrides, "out": folder / model}]


BROKEN_OFF = ["train.steps=8", "train.checkpoint_every=4", "loop.pool_size=3", "ema.half_life=10", "train.log_every=2"]


def broken_off(folder):
    overrides = settings_of("cyclegan", *BROKEN_OFF)
    for name in ("whole", "resumed"):
        yield ["train", {"model": "cyclegan", "overrides": overrides, "out": folder / name}]
    yield ["resume", {"folder": folder / "resumed", "forget": 8}]


def results(folder):
    return [json.loads(Path(f"{folder}/primitives.rank-{rank}").read_text()) for rank in (0, 1)]


def tensors_of(folder):
    return {
        f"{path.stem}/{name}": tensor
        for path in sorted(Path(folder).glob("*.safetensors"))
        for name, tensor in load_file(path).items()
    }


def test_what_is_said_reaches_everyone_or_the_first(together):
    first, second = results(together)
    assert first["gather"] == second["gather"] == [{"rank": 0, "odd": float("inf")}, {"rank": 1, "odd": float("inf")}]
    assert (first["collect"], second["collect"]) == (["010101"], [])
    assert first["spread"] == second["spread"] == [[[0.5] * 3] * 2, 7, [True, False]]


def test_a_wish_is_known_to_all_one_step_later(together):
    first, second = results(together)
    assert first["agree"] == second["agree"] == [0, 0, 15, 0]


def test_a_gradient_that_no_process_has_stays_absent(together):
    first, second = results(together)
    assert first["gradients"] == second["gradients"] == [[1.5, 3.0], [2.0, 3.0], None]


def test_batch_norm_of_several_processes_is_that_of_their_whole_batch(together):
    for found in results(together):
        output, slope, curve, *statistics = found["norm"]
        assert output < 1e-9
        assert slope < 1e-9
        assert curve < 1e-7
        assert len(statistics) == 3
        assert max(statistics) < 1e-9


@pytest.mark.parametrize("model", MODELS)
def test_parameters_stay_equal_bit_by_bit(together, model):
    digests = [Path(f"{together}/models/{model}.rank-{rank}").read_text() for rank in (0, 1)]
    assert digests[0] == digests[1]
    assert Run.open(together / "models" / model).environment()["processes"] == 2


@pytest.mark.parametrize("model", EQUAL)
def test_two_processes_with_half_the_batch_each_are_one_with_all_of_it(together, model):
    one, two = (tensors_of(together / name / model / "checkpoints" / "latest") for name in ("one", "two"))
    compared = [name for name in one if name.startswith(("networks/networks.", "ema/"))]
    assert compared
    for name in compared:
        torch.testing.assert_close(
            two[name], one[name], rtol=0, atol=1e-5, msg=lambda text, name=name: f"{name}: {text}"
        )
    logs = [list(Run.open(together / name / model).history()) for name in ("one", "two")]
    terms = [name for name in logs[0][0] if name.startswith(("generator/", "discriminator/"))]
    assert terms
    for lines in zip(*logs, strict=True):
        assert [lines[1][name] for name in terms if name in lines[0]] == pytest.approx(
            [lines[0][name] for name in terms if name in lines[0]], abs=1e-4
        )


def test_two_processes_go_on_bit_by_bit(together):
    one, other = (together / name / "checkpoints" / "latest" for name in ("whole", "resumed"))
    assert {"rank-0001/pools.A.stored"} < tensors_of(one).keys()
    assert not torch.equal(*(tensors_of(one)[f"{file}/pools.A.stored"] for file in ("networks", "rank-0001")))
    assert [name for name, value in tensors_of(one).items() if not torch.equal(value, tensors_of(other)[name])] == []
    states = [json.loads((folder / "state.json").read_text()) for folder in (one, other)]
    assert states[0]["random"] == states[1]["random"]
    assert states[0]["sha256"] == states[1]["sha256"], "the files of ranks hold their random states, too"


def test_one_process_goes_on_where_two_stopped_and_says_that_it_is_not_the_same(together, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(together / "whole", run, symlinks=True)
    done = ganzoo("resume", run, "--steps", "10")
    assert done.returncode == 0, done.stdout
    assert "of 2 processes, and 1 go on" in unwrapped(done)
    assert checkpoint.read_state(checkpoint.find(run / "checkpoints"))["processes"] == 1


@pytest.fixture
def exchanged(monkeypatch):
    """The sizes of what a process reduces that believes in a second one, which its group does not have."""
    sizes, reduce = [], distributed.all_reduce
    distributed.init_process_group("gloo", store=distributed.HashStore(), rank=0, world_size=1)
    monkeypatch.setattr(distributed, "all_reduce", lambda flat: sizes.append(flat.numel()) or reduce(flat))
    yield sizes
    distributed.destroy_process_group()


def step_of_two(model, *settings):
    """An engine after one step in which every turn was due."""
    recipe = check(read(model, None, settings_of(model, *settings), plugins()), plugins())
    data = build_data(recipe, plugins())
    data.prepare()
    loop = build_loop(fill_from_data(recipe, data.spec, plugins()), data.spec, plugins())
    engine = Engine(loop, recipe, torch.device("cpu"), 4, 4, World(size=2))
    engine.train_step(Loader(data, batch_size=2, seed=0))
    return engine


def gradients_of(engine, *players):
    """How many numbers the averages of these players' gradients and of their marks are."""
    parameters = [engine.parameters[player] for player in players]
    return [sum(p.numel() for p in several) + len(several) for several in parameters]


def test_a_turn_takes_one_exchange_however_often_it_is_backpropagated(exchanged):
    engine = step_of_two("cyclegan", "train.accumulate=2")
    assert exchanged == gradients_of(engine, "generator", "discriminator")


@pytest.mark.parametrize("choice", ["sync", "local"])
def test_batch_norm_is_of_all_processes_only_where_the_recipe_says(exchanged, choice):
    engine = step_of_two("dcgan", f"runtime.batch_norm={choice}")
    others = [size for size in exchanged if size not in gradients_of(engine, "generator", "discriminator")]
    assert bool(others) == (choice == "sync")


def test_a_batch_is_shared_out_evenly_or_refused():
    assert World(1, 3).share_of(12) == 4
    with pytest.raises(RecipeError, match="= 4 cannot be shared out evenly among 3") as caught:
        World(1, 3).share_of(4)
    assert "3 or 6" in caught.value.hint


def test_each_process_has_a_gpu_of_its_own(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert World(3, 4, 1, 2).device(torch.device("cuda")) == torch.device("cuda", 1)
    assert World(3, 4, 1, 2).device(torch.device("cpu")) == torch.device("cpu")
    assert World().device(torch.device("cuda", 1)) == torch.device("cuda", 1)
    with pytest.raises(RecipeError, match="4 processes on this machine, and 2 GPUs"):
        World(3, 4, 3, 4).device(torch.device("cuda"))
    with pytest.raises(RecipeError, match="is one device"):
        World(1, 2, 1, 2).device(torch.device("cuda", 0))


def command(*arguments):
    return [sys.executable, "-m", "ganzoo", *map(str, arguments)]


def ganzoo(*arguments):
    return subprocess.run(
        command(*arguments), check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300
    )


def unwrapped(done):
    return "".join(done.stdout.split("\n"))


def endless(folder, *more):
    """A training that somebody has to end."""
    settings = settings_of("cyclegan", "train.steps=100000", "train.checkpoint_every=2", "loop.pool_size=3", *more)
    return ["train", "cyclegan", "--out", folder, *(part for text in settings for part in ("--set", text))]


def start(*arguments):
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for_checkpoint(process, folder, after=-1):
    """The step of a checkpoint that came after the step given."""
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        newest = checkpoint.newest(folder / "checkpoints")
        if newest is not None and int(newest.name[5:]) > after:
            return int(newest.name[5:])
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    process.kill()
    raise AssertionError(process.communicate()[0])


def workers_of(process):
    """The processes that a launcher started, by rank."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    found = {}
    for child in children:
        pairs = Path(f"/proc/{child}/environ").read_bytes().split(b"\0")
        found |= {int(pair[5:]): int(child) for pair in pairs if pair.startswith(b"RANK=")}
    return found


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), pytest.param(signal.SIGTERM, 143, marks=pytest.mark.slow)]
)
def test_a_signal_to_the_launcher_stops_all_saves_and_the_run_goes_on(tmp_path, number, code):
    run = tmp_path / "run"
    process = start(*command(*endless(run), "--processes", "2"))
    step = wait_for_checkpoint(process, run)
    process.send_signal(number)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == code, printed
    assert "".join(printed.split("\n")).count(f"ganzoo resume {run}") == 1
    last = checkpoint.find(run / "checkpoints")
    assert int(last.name[5:]) >= step
    if number == signal.SIGTERM:
        done = ganzoo("resume", run, "--processes", "2", "--steps", int(last.name[5:]) + 2)
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_signal_to_one_process_stops_all(tmp_path):
    run = tmp_path / "run"
    process = start(*command(*endless(run), "--processes", "2"))
    wait_for_checkpoint(process, run)
    os.kill(workers_of(process)[1], signal.SIGTERM)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 143, printed
    assert "SIGTERM: stopped at step" in printed


def test_an_error_in_one_process_ends_all_with_its_message_once(tmp_path):
    pictures = tmp_path / "pictures"
    for number in range(16):
        path = pictures / f"{number:02d}.png"
        path.parent.mkdir(exist_ok=True)
        Image.effect_noise((16, 16), 50).convert("RGB").save(path)
    run = tmp_path / "run"
    data = ["data.type=images", f'data.root="{pictures}"', "data.size=16", "data.memory=0", "data.workers=1"]
    settings = small_settings("dcgan", [*data, "train.batch_size=4", "train.steps=100000", "train.checkpoint_every=2"])
    options = [part for text in settings for part in ("--set", text)]
    process = start(*command("train", "dcgan", "--out", run, *options, "--processes", "2"))
    wait_for_checkpoint(process, run)
    (pictures / "07.png").write_bytes(b"no picture")
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 2, printed
    assert printed.count("07.png: not a picture") == 1
    assert printed.count("error:") == 1
    assert tensors_of(checkpoint.find(run / "checkpoints"))


def test_a_killed_process_ends_the_run_with_its_checkpoint_whole(tmp_path):
    run = tmp_path / "run"
    process = start(*command(*endless(run), "--processes", "2"))
    wait_for_checkpoint(process, run)
    os.kill(workers_of(process)[1], signal.SIGKILL)
    printed, _ = process.communicate(timeout=120)
    assert process.returncode == 1, printed
    assert "ended by SIGKILL" in printed
    assert "Traceback" not in printed
    state = checkpoint.read_state(checkpoint.find(run / "checkpoints"))
    assert checkpoint.read_tensors(checkpoint.find(run / "checkpoints"), "rank-0001", state)


def torchrun(*options):
    return [sys.executable, "-m", "torch.distributed.run", *map(str, options), "-m", "ganzoo"]


@pytest.mark.slow
def test_torchrun_starts_a_killed_training_again_where_it_was(tmp_path):
    run = tmp_path / "run"
    launcher = torchrun("--standalone", "--nproc-per-node", 2, "--max-restarts", 1)
    process = start(*launcher, *map(str, endless(run)))
    step = wait_for_checkpoint(process, run)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    wait_for_checkpoint(process, run, after=step + 2)
    process.terminate()
    printed, _ = process.communicate(timeout=120)
    assert printed.count("from step") == 1, printed
    logged = [line["step"] for line in Run.open(run).history()]
    assert logged == sorted(set(logged)), "steps are logged once"


@pytest.mark.soak  # what the launchers wait for each other takes a minute and a half
def test_a_training_goes_on_with_the_machines_that_are_left(tmp_path):
    """Elastic: one or two launchers, of which one is killed with its process; the other goes on with its own."""
    run, meeting = tmp_path / "run", f"127.0.0.1:{free_port()}"
    started = []
    try:
        for host in (1, 0):
            launcher = torchrun(
                *("--nnodes", "1:2", "--nproc-per-node", 1, "--max-restarts", 3, "--rdzv-id", "some"),
                *("--rdzv-backend", "c10d", "--rdzv-endpoint", meeting, "--local-addr", "127.0.0.1"),
                *("--rdzv-conf", f"is_host={host},last_call_timeout=20"),
            )
            started.append(start(*launcher, *map(str, endless(run, "runtime.timeout=20"))))
        left, lost = started
        step = wait_for_checkpoint(left, run)
        assert checkpoint.read_state(checkpoint.find(run / "checkpoints"))["processes"] == 2
        (process,) = workers_of(lost).values()
        lost.kill()
        os.kill(process, signal.SIGKILL)
        newest = wait_for_checkpoint(left, run, after=step + 2)
        while checkpoint.read_state(checkpoint.find(run / "checkpoints"))["processes"] == 2:
            newest = wait_for_checkpoint(left, run, after=newest)
        left.terminate()
        printed, _ = left.communicate(timeout=120)
    finally:
        for one in started:
            for process in workers_of(one).values() if one.poll() is None else ():
                os.kill(process, signal.SIGKILL)
            one.kill()
    assert "of 2 processes, and 1 go on" in "".join(printed.split("\n")), printed
    assert printed.count("from step") == 1, printed


def test_a_training_that_may_be_restarted_must_say_where_it_is(monkeypatch):
    monkeypatch.setenv("TORCHELASTIC_MAX_RESTARTS", "3")
    with pytest.raises(CheckpointError, match="needs a run folder that it finds again"):
        train("cyclegan")


def test_other_numbers_of_processes_than_torchruns_are_refused(monkeypatch):
    monkeypatch.setenv("RANK", "0")
    monkeypatch.setenv("WORLD_SIZE", "2")
    done = ganzoo("train", "cyclegan", "--processes", "3")
    assert done.returncode == 2
    assert "one of 2 processes already" in done.stdout


def ip(*arguments):
    subprocess.run(["ip", *map(str, arguments)], check=True, capture_output=True, timeout=30)


@pytest.fixture
def machines():
    """Two network namespaces with a link between them: their names and addresses."""
    names = [f"gz{os.getpid()}{side}" for side in "ab"]
    links = [f"gz{os.getpid() % 100000}{side}" for side in "ab"]
    addresses = ["10.213.77.1", "10.213.77.2"]
    try:
        for name in names:
            ip("netns", "add", name)
        ip("link", "add", links[0], "netns", names[0], "type", "veth", "peer", "name", links[1], "netns", names[1])
        for name, link, address in zip(names, links, addresses, strict=True):
            ip("-n", name, "addr", "add", f"{address}/24", "dev", link)
            ip("-n", name, "link", "set", link, "up")
            ip("-n", name, "link", "set", "lo", "up")
    except (OSError, subprocess.CalledProcessError) as error:
        remove(names)
        pytest.skip(f"two network namespaces need root and iproute2: {getattr(error, 'stderr', '') or error}")
    yield list(zip(names, links, addresses, strict=True))
    remove(names)


def remove(names):
    for name in names:
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


def start_on(machine, host, log, *arguments):
    """The launcher of one machine; ``host`` keeps the meeting place."""
    name, link, address = machine
    meeting = f"join_timeout=120,read_timeout=60,is_host={int(machine == host)}"
    launcher = torchrun(
        *("--nnodes", 2, "--nproc-per-node", 1, "--rdzv-id", "one", "--rdzv-backend", "c10d"),
        *("--rdzv-endpoint", f"{host[2]}:29511", "--rdzv-conf", meeting, "--local-addr", address),
    )
    return subprocess.Popen(
        ["ip", "netns", "exec", name, *launcher, *map(str, arguments)],
        env={**os.environ, "GLOO_SOCKET_IFNAME": link},
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )


@pytest.mark.slow
def test_two_machines_that_lose_their_link_end_and_go_on(tmp_path, machines):
    run, logs = tmp_path / "run", [tmp_path / "a.log", tmp_path / "b.log"]
    training = endless(run, "runtime.timeout=10")
    processes = [start_on(machine, machines[0], log, *training) for machine, log in zip(machines, logs, strict=True)]
    try:
        while checkpoint.newest(run / "checkpoints") is None:
            assert [process.poll() for process in processes] == [None, None], logs[0].read_text()
            time.sleep(0.1)
        ip("-n", machines[1][0], "link", "set", machines[1][1], "down")
        assert processes[0].wait(timeout=120) != 0
        deadline = time.monotonic() + 60
        while "error:" not in logs[1].read_text() and time.monotonic() < deadline:
            time.sleep(0.2)
        ip("-n", machines[1][0], "link", "set", machines[1][1], "up")  # its launcher waits for the other's for minutes
        assert processes[1].wait(timeout=120) != 0
    finally:
        for process in processes:
            process.terminate()
    for log in logs:
        assert "another process of this training has ended, or cannot be reached" in log.read_text()
    last = int(checkpoint.find(run / "checkpoints").name[5:])
    done = ganzoo("resume", run, "--steps", last + 2)
    assert done.returncode == 0, done.stdout
