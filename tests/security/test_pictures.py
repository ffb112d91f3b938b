"""No picture can hurt: what is no picture, or far too large, is a DataError before it is decoded."""

import struct
import zlib

import hostile
import pytest
from PIL import Image

import ganzoo
from ganzoo.data import images
from ganzoo.errors import DataError


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height, *more):
    """A PNG that says it has so many pixels, and has next to none."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 100)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(more) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EndComments\n(x) run\n%%EOF\n"
BOMBS = {
    "60000x60000": png(60_000, 60_000),
    "10000x10000": png(10_000, 10_000),
    "2**31-1 a side": png(2**31 - 1, 2**31 - 1),
    "no pixels": png(0, 0),
    "text that unpacks to 100 MB": png(8, 8, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**8)))),
    "PostScript": EPS,
    "nothing": b"",
    "a GIF without pictures": b"GIF89a\xff\xff\xff\xff\0\0\0;",
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused(tmp_path, name):
    (tmp_path / "x.png").write_bytes(BOMBS[name])
    with pytest.raises(DataError, match=r"x\.png"):
        images.decode(tmp_path / "x.png")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_picture_is_refused_by_its_header_alone(tmp_path, monkeypatch):
    """Nothing of its pixels is decoded, however well it is packed."""
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    Image.new("RGB", (40, 40)).save(tmp_path / "x.png")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda image: pytest.fail("it was decoded"))
    with pytest.raises(DataError, match="more pixels than are read"):
        images.decode(tmp_path / "x.png")


def test_postscript_is_not_run(tmp_path, monkeypatch):
    monkeypatch.setattr("PIL.EpsImagePlugin.Ghostscript", lambda *rest: pytest.fail("it was run"))
    (tmp_path / "photo.jpg").write_bytes(EPS)
    with pytest.raises(DataError, match="not a picture"):
        images.decode(tmp_path / "photo.jpg")


@pytest.fixture
def translator(tmp_path):
    """A U-Net that takes grey pictures in steps of 4 pixels."""
    from safetensors.torch import save_file

    from ganzoo.plugins import plugins
    from ganzoo.recipe.build import build_network
    from ganzoo.recipe.schema import Component

    folder = hostile.good(tmp_path / "translator")
    settings = {"channels": 1, "out_channels": 1, "downs": 2, "filters": 2}
    network = build_network(Component.model_validate({"type": "unet", **settings}), plugins())
    save_file(network.state_dict(), folder / hostile.WEIGHTS)
    entry = {"network": "unet", "plugin": "ganzoo", "config": settings, "weights": hostile.WEIGHTS}
    hostile.edit(folder, networks={"AtoB": entry})
    return ganzoo.load(folder)


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_not_translated(translator, tmp_path):
    (tmp_path / "x.png").write_bytes(BOMBS["10000x10000"])
    with pytest.raises(DataError, match="more pixels than are read"):
        translator.translate(tmp_path / "x.png")


def test_a_picture_that_the_network_cannot_take_is_a_data_error(translator, monkeypatch):
    (made,) = translator.translate(Image.new("L", (9, 5)))
    assert made.size == (9, 5)
    network = translator.generators.networks["AtoB"]
    monkeypatch.setattr(network, "channels", 3)
    with pytest.raises(DataError, match="takes pictures of 3 channels"):
        translator.translate(Image.new("L", (9, 5)))
