"""Every kind of picture file comes out as the RGB or grey that a person sees, or as an error that names it."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from ganzoo.data import images
from ganzoo.data.images import crop_batch, decode, fit, probe, read_side_by_side, read_two
from ganzoo.errors import DataError

RED, WHITE = (255, 0, 0), (255, 255, 255)


def save(tmp_path, name, image, **options):
    path = tmp_path / name
    image.save(path, **options)
    return path


def halves(mode, left, right, size=(8, 6)):
    image = Image.new(mode, size, left)
    image.paste(right, (size[0] // 2, 0, *size))
    return image


@pytest.mark.parametrize(
    ("name", "image", "left", "right"),
    [
        ("a.png", halves("RGB", RED, WHITE), RED, WHITE),
        ("a.webp", halves("RGB", RED, WHITE), RED, WHITE),
        ("a.PNG", halves("L", 10, 200), (10,) * 3, (200,) * 3),
        ("a.png", halves("1", 0, 1), (0,) * 3, WHITE),
        ("a.png", halves("RGBA", (*RED, 255), (0, 0, 0, 0)), RED, WHITE),
        ("a.png", halves("RGBA", (*RED, 255), (0, 0, 0, 51)), RED, (204,) * 3),
        ("a.webp", halves("RGBA", (*RED, 255), (0, 255, 0, 0)), RED, WHITE),
        ("a.png", halves("LA", (40, 255), (0, 0)), (40,) * 3, WHITE),
        ("a.tif", halves("CMYK", (0, 255, 255, 0), (0, 0, 0, 0)), RED, WHITE),
        ("a.png", halves("P", 1, 0), None, None),
        ("a.bmp", halves("RGB", RED, WHITE), RED, WHITE),
    ],
)
def test_a_mode_becomes_rgb(tmp_path, name, image, left, right):
    if image.mode == "P":
        image.putpalette([*WHITE, *RED])
        left, right = RED, WHITE
    options = {"lossless": True} if name.endswith("webp") else {}
    pixels = decode(save(tmp_path, name, image, **options))
    assert pixels.shape == (6, 8, 3)
    assert pixels.dtype == np.uint8
    assert tuple(pixels[3, 0]) == left
    assert tuple(pixels[3, 7]) == right


def test_a_transparent_palette_is_laid_on_white(tmp_path):
    image = halves("P", 0, 1)
    image.putpalette([*RED, 0, 0, 0])
    pixels = decode(save(tmp_path, "a.png", image, transparency=1))
    assert tuple(pixels[0, 0]) == RED
    assert tuple(pixels[0, 7]) == WHITE


def test_a_transparent_colour_is_laid_on_white(tmp_path):
    pixels = decode(save(tmp_path, "a.png", halves("RGB", RED, (0, 0, 0)), transparency=(0, 0, 0)))
    assert tuple(pixels[0, 7]) == WHITE


@pytest.mark.parametrize("name", ["a.png", "a.tif"])
def test_16_bit_grey_is_scaled_not_clipped(tmp_path, name):
    ramp = np.array([[0, 257 * 50, 257 * 128, 65535]], dtype=np.uint16)
    pixels = decode(save(tmp_path, name, Image.fromarray(ramp)))
    assert pixels[0, :, 0].tolist() == [0, 50, 128, 255]


def test_a_cmyk_jpeg_has_its_colours(tmp_path):
    pixels = decode(save(tmp_path, "a.jpg", Image.new("CMYK", (16, 16), (0, 255, 255, 0)), quality=95))
    assert abs(pixels[8, 8].astype(int) - RED).max() < 8


def test_floating_point_pixels_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"f\.tif: floating-point"):
        decode(save(tmp_path, "f.tif", Image.new("F", (4, 4), 0.5)))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_exif_turns_the_picture_upright(tmp_path, orientation, name):
    # What a camera held some way stores: the upright picture, turned by the inverse of what the tag asks for.
    upright = Image.new("L", (32, 16), 0)
    upright.paste(255, (0, 0, 8, 8))
    flip = Image.Transpose
    inverse = {2: flip.FLIP_LEFT_RIGHT, 3: flip.ROTATE_180, 4: flip.FLIP_TOP_BOTTOM, 5: flip.TRANSPOSE,
               6: flip.ROTATE_90, 7: flip.TRANSVERSE, 8: flip.ROTATE_270}  # fmt: skip
    stored = upright.transpose(inverse[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    pixels = decode(save(tmp_path, name, stored.convert("RGB"), exif=exif), 1)
    assert pixels.shape == (16, 32, 1)
    assert pixels[4, 4, 0] > 200
    assert pixels[12, 4, 0] < 50
    assert pixels[4, 28, 0] < 50


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_a_broken_exif_block_is_no_reason_to_refuse(tmp_path):
    path = save(tmp_path, "a.jpg", Image.new("RGB", (8, 8)), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert decode(path).shape == (8, 8, 3)


def test_one_channel_when_asked(tmp_path):
    pixels = decode(save(tmp_path, "a.png", halves("RGBA", (*RED, 255), (0, 0, 0, 0))), 1)
    assert pixels.shape == (6, 8, 1)
    assert pixels[0, 0, 0] == 76  # ITU-R 601 luma of red
    assert pixels[0, 7, 0] == 255


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in (RED, WHITE)]
    pixels = decode(save(tmp_path, "a.gif", frames[0], save_all=True, append_images=frames[1:]))
    assert tuple(pixels[0, 0]) == RED


def test_an_image_in_memory_is_taken_too():
    assert decode(halves("RGBA", (*RED, 255), (0, 0, 0, 0)), load_size=3).shape == (3, 4, 3)


def test_load_size_is_the_shorter_side_also_when_rotated(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    assert decode(save(tmp_path, "a.jpg", Image.new("RGB", (40, 20)), exif=exif), load_size=10).shape == (20, 10, 3)
    assert decode(save(tmp_path, "b.png", Image.new("RGB", (4, 8))), load_size=10).shape == (20, 10, 3)


def test_a_jpeg_that_shrinks_much_still_looks_the_same(tmp_path):
    y, x = np.mgrid[:512, :640] / 512
    smooth = np.stack([x, y, 1 - x / 2], axis=2)
    image = Image.fromarray((smooth.clip(0, 1) * 255).astype(np.uint8))
    jpeg = decode(save(tmp_path, "a.jpg", image, quality=95), load_size=32)
    png = decode(save(tmp_path, "a.png", image), load_size=32)
    assert jpeg.shape == png.shape == (32, 40, 3)
    assert abs(jpeg.astype(int) - png).max() <= 6


@pytest.mark.parametrize("vectors", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("size", "load_size"), [((90, 60), 40), ((90, 60), 77), ((60, 90), 9)])
def test_resized_pictures_are_those_of_pillow(size, load_size, channels, vectors, monkeypatch):
    monkeypatch.setattr(images, "_VECTORS", vectors)
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    image = Image.fromarray(noise).convert("L" if channels == 1 else "RGB")
    pillows = np.array(image.resize(fit(*size, load_size), Image.Resampling.BICUBIC, reducing_gap=3.0))
    made = decode(image, channels, load_size)
    assert made.shape[2] == channels
    assert abs(made.reshape(pillows.shape).astype(int) - pillows).max() <= (2 if vectors else 0)


@pytest.mark.filterwarnings("error")
def test_pixels_that_are_not_to_be_written_to_are_resized_too():
    pixels = np.frombuffer(bytes(range(192)), np.uint8).reshape(8, 8, 3)
    assert np.array_equal(images.resized(pixels, (5, 5)), images.resized(pixels.copy(), (5, 5)))


def test_fit_keeps_the_proportions():
    assert fit(400, 200, 100) == (200, 100)
    assert fit(3, 1000, 2) == (2, 667)
    with pytest.raises(ValueError, match="too narrow"):
        fit(1, 100_000, 286)


def broken_files(tmp_path):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8))
    for name in ("cut.jpg", "cut.png", "cut.webp"):
        path = save(tmp_path, name, noise)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        yield path
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "page.jpg").write_text("<html>not found</html>")
    yield from (tmp_path / "empty.jpg", tmp_path / "page.jpg", tmp_path / "missing.jpg")


def test_a_broken_file_is_an_error_that_names_it(tmp_path):
    for path in broken_files(tmp_path):
        with pytest.raises(DataError, match=path.name):
            decode(path)


def test_a_decompression_bomb_is_an_error(tmp_path):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")))
    for read in (decode, probe):
        with pytest.raises(DataError, match=r"bomb\.png: .*exceeds limit"):
            read(path)


def test_halves_of_a_pair_are_stacked_as_channels(tmp_path):
    pair = read_side_by_side(save(tmp_path, "a.png", halves("RGB", RED, WHITE, (20, 12))), load_size=6)
    assert pair.shape == (7, 6, 6)
    assert tuple(pair[3, 3]) == (*RED, *WHITE)


def test_two_files_of_a_pair_must_have_the_same_proportions(tmp_path):
    a = save(tmp_path, "a.png", Image.new("RGB", (20, 10), RED))
    b = save(tmp_path, "b.png", Image.new("RGB", (40, 20), WHITE))
    c = save(tmp_path, "c.png", Image.new("RGB", (30, 20), WHITE))
    assert tuple(read_two(a, b, load_size=10)[0, 0]) == (*RED, *WHITE)
    with pytest.raises(DataError, match=r"c\.png: 30x20 has not the proportions"):
        read_two(a, c, load_size=10)


def test_crops_without_a_generator_are_central():
    picture = np.arange(10 * 8, dtype=np.uint8).reshape(10, 8, 1)
    assert (crop_batch([picture], 4)[0] == picture[3:7, 2:6]).all()


def test_random_crops_lie_anywhere_and_half_are_flipped():
    picture = np.broadcast_to(np.arange(6, dtype=np.uint8)[None, :, None], (4, 6, 1)).copy()
    crops = crop_batch([picture] * 4000, 4, np.random.default_rng(0))
    first, last = crops[:, 0, 0, 0].astype(int), crops[:, 0, 3, 0].astype(int)
    assert set(np.minimum(first, last)) == {0, 1, 2}
    assert abs((first > last).mean() - 0.5) < 0.03
    unflipped = crop_batch([picture] * 50, 4, np.random.default_rng(0), flip=False, crop="center")
    assert (unflipped == unflipped[0]).all()
    assert unflipped[0, 0, :, 0].tolist() == [1, 2, 3, 4]
