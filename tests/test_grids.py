import torch
from PIL import Image

from ganzoo.grids import captioned_grid, save_png, to_image

CYCLEGAN = ["real A", "fake B", "rec A", "idt A", "real B", "fake A", "rec B", "idt B"]


def flat(value, count=2, size=64, channels=3):
    return torch.full((count, channels, size, size), value)


def test_range_ends_are_black_and_white():
    image = to_image(torch.tensor([-1.0, 0.0, 1.0, 3.0]).expand(3, 2, 4))
    assert (image.mode, image.size) == ("RGB", (4, 2))
    assert [image.getpixel((x, 0))[0] for x in range(4)] == [0, 128, 255, 255]


def test_one_channel_is_grey_and_what_is_not_finite_is_black():
    image = to_image(torch.tensor([[[float("nan"), 1.0]]]))
    assert image.mode == "L"
    assert [image.getpixel((x, 0)) for x in range(2)] == [0, 255]


def test_columns_stand_in_order_with_a_row_for_each_sample():
    first, second = flat(-1.0), flat(1.0)
    second[1] = 0.0
    grid = captioned_grid({"real A": first, "fake B": second})
    cell = 2 * 64  # enlarged by two
    assert grid.width == 2 * cell + 3 * 4
    bottom = grid.height - 4 - cell // 2
    top = bottom - cell - 4
    pixels = [grid.getpixel((x, y)) for y in (top, bottom) for x in (4 + cell // 2, 8 + cell + cell // 2)]
    assert pixels == [(0,) * 3, (255,) * 3, (0,) * 3, (128,) * 3]


def test_every_caption_is_written_over_its_own_column():
    grid = captioned_grid({caption: flat(-1.0, count=1, size=32) for caption in CYCLEGAN})
    header = grid.height - 96 - 4
    for column in range(8):
        left = 4 + column * (96 + 4)
        ink = grid.crop((left, 0, left + 96, header)).convert("L").point(lambda level: 255 * (level > 128)).getbbox()
        assert ink is not None
        assert ink[3] - ink[1] >= 8, "letters high enough to be read"
        assert ink[0] > 2, "and not cut off"
        assert ink[2] < 94


def test_a_caption_too_long_is_cut_and_not_written_over_its_neighbour():
    grid = captioned_grid({"a caption of very many words indeed": flat(-1.0, size=96), "": flat(-1.0, size=96)})
    neighbour = grid.crop((4 + 96 + 4, 0, grid.width, 28)).convert("L")
    assert neighbour.getextrema()[1] < 64


def test_a_single_caption_is_tiled_near_to_a_square_without_header():
    images = flat(-1.0, count=5, size=28, channels=1)
    images[3] = 1.0
    grid = captioned_grid({"sample": images})
    assert grid.size == (3 * (112 + 4) + 4, 2 * (112 + 4) + 4)
    assert grid.getpixel((60, 4 + 112 + 4 + 60)) == (255, 255, 255), "the fourth begins the second row"


def test_large_pictures_keep_their_size():
    assert captioned_grid({"sample": flat(0.0, count=1, size=128)}).size == (136, 136)


def test_png_comes_back_as_it_was(tmp_path):
    grid = captioned_grid({"sample": torch.rand(4, 3, 8, 8) * 2 - 1})
    save_png(grid, tmp_path / "samples" / "grid.png")
    with Image.open(tmp_path / "samples" / "grid.png") as loaded:
        assert loaded.tobytes() == grid.tobytes()
    assert [path.name for path in (tmp_path / "samples").iterdir()] == ["grid.png"]


def coloured(image, reference):
    """Where the picture shows a colour near ``reference``: left, upper, right, lower."""
    pixels = torch.frombuffer(bytearray(image.convert("RGB").tobytes()), dtype=torch.uint8)
    distance = (pixels.view(image.height, image.width, 3).int() - torch.tensor(reference)).abs().sum(dim=2)
    rows, columns = torch.nonzero(distance < 90, as_tuple=True)
    return [int(value) for value in (columns.min(), rows.min(), columns.max(), rows.max())]


ORANGE, BLUE = (175, 110, 58), (65, 128, 165)  # the first two colours, as seen through


def test_points_make_one_plot_with_y_upwards():
    plot = captioned_grid({"sample": torch.tensor([[0.9, 0.9]])})
    left, top, right, bottom = coloured(plot, ORANGE)
    assert left > plot.width * 0.8
    assert bottom < plot.height * 0.2
    assert 2 <= right - left <= 8
    assert 2 <= bottom - top <= 8


def test_every_caption_of_points_has_a_colour_and_a_place_in_the_legend():
    points = {"real": torch.full((5, 2), -0.5), "generated": torch.full((5, 2), 0.5)}
    plot = captioned_grid(points)
    assert coloured(plot.crop((0, 40, *plot.size)), ORANGE)[2] < plot.width / 2
    assert coloured(plot.crop((0, 40, *plot.size)), BLUE)[0] > plot.width / 2
    assert plot.height > captioned_grid({"sample": points["real"]}).height
    assert plot.crop((0, 0, plot.width, 36)).convert("L").getextrema()[1] > 200


def test_points_out_of_sight_are_drawn_at_the_edge():
    plot = captioned_grid({"sample": torch.tensor([[50.0, 0.0], [float("nan"), 0.0], [0.0, float("-inf")]])})
    left, _, right, bottom = coloured(plot, ORANGE)
    assert left < 20
    assert right > plot.width - 20
    assert bottom > plot.height - 20
