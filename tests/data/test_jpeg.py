"""simplejpeg decodes what is plain, to the very pixels of Pillow, and leaves everything else to it."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ganzoo.data import jpeg
from ganzoo.data.images import Encoded, decode, read_side_by_side, read_two
from ganzoo.errors import DataError

pytestmark = pytest.mark.skipif(not jpeg.INSTALLED, reason="simplejpeg, or Pillow's libjpeg-turbo, is not installed")


def encoded(size=(201, 133), mode="RGB", **options):
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    picture = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(1)).convert(mode)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **options)
    return Encoded(buffer.getvalue(), "x.jpg")


@pytest.fixture
def by_pillow(monkeypatch):
    """Calls a function without simplejpeg."""

    def call(function, *given, **named):
        with monkeypatch.context() as patch:
            patch.setattr(jpeg, "INSTALLED", False)
            return function(*given, **named)

    return call


@pytest.fixture
def alone(monkeypatch):
    """No Pillow."""
    monkeypatch.setattr("ganzoo.data.images.opened", lambda source: pytest.fail("Pillow was asked"))


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("size", [(201, 133), (300, 41), (16, 16), (1, 1)])
def test_the_pixels_are_those_of_pillow(size, mode, subsampling, progressive, by_pillow):
    source = encoded(size, mode, subsampling=subsampling, progressive=progressive)
    for channels in (1, 3):
        for load_size in (0, 5, 8, 16, 33, 60, 140):
            mine, other = (call(decode, source, channels, load_size) for call in (_plainly, by_pillow))
            assert np.array_equal(mine, other)


def test_pairs_are_those_of_pillow(tmp_path, by_pillow):
    path = tmp_path / "x.jpg"
    path.write_bytes(encoded().content)
    for load_size in (10, 50, 200):
        one, other = (call(read_side_by_side, path, load_size=load_size) for call in (_plainly, by_pillow))
        assert np.array_equal(one, other)
        one, other = (call(read_two, path, path, load_size=load_size) for call in (_plainly, by_pillow))
        assert np.array_equal(one, other)


def _plainly(function, *given, **named):
    return function(*given, **named)


def test_plain_jpeg_needs_no_pillow(tmp_path, alone):
    (tmp_path / "x.png").write_bytes(encoded().content)  # whatever it is called
    assert decode(tmp_path / "x.png", 3, 60).shape == (60, 91, 3)
    assert decode(encoded(mode="L"), 1).shape == (133, 201, 1)


def test_what_may_have_to_be_turned_is_left_to_pillow(by_pillow):
    exif = Image.Exif()
    exif[0x0112] = 6
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6"/></x:xmpmeta>'
    for options in ({"exif": exif}, {"xmp": xmp}):
        source = encoded(**options)
        assert decode(source).shape == (201, 133, 3)
        assert np.array_equal(decode(source), by_pillow(decode, source))


def test_damage_is_judged_by_pillow_alone(tmp_path, by_pillow):
    content = encoded().content
    cases = [content[:cut] for cut in (3, 20, 200, len(content) // 2, len(content) - 2)]
    cases += [content[:-100] + bytes(98) + content[-2:], content + b"more", b"more" + content]
    for case in cases:
        outcomes = []
        for call in (_plainly, by_pillow):
            try:
                outcomes.append(call(decode, Encoded(case, "x.jpg")).tobytes())
            except DataError as error:
                outcomes.append(error.message)
        assert outcomes[0] == outcomes[1]


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_too_many_pixels_are_refused_by_the_header(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 20_000)
    monkeypatch.setattr("simplejpeg.decode_jpeg", lambda *rest, **options: pytest.fail("it was decoded"))
    with pytest.raises(DataError, match="more pixels than are read"):
        decode(encoded(), 3, 8)


def test_a_very_large_file_is_not_read_whole(tmp_path, monkeypatch):
    path = tmp_path / "x.jpg"
    path.write_bytes(encoded().content + bytes(10_000))
    monkeypatch.setattr(jpeg, "MOST_BYTES", 10_000)
    monkeypatch.setattr(jpeg, "pixels", lambda *rest: pytest.fail("it was read"))
    assert decode(path).shape == (133, 201, 3)
