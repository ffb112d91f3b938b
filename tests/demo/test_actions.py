"""What the page does, without the page."""

import pytest
import torch
from PIL import Image, ImageChops

from ganzoo.demo import actions
from ganzoo.errors import DataError
from ganzoo.grids import captioned_grid


def crop(image, column, columns=3):
    """The pictures of a column, below the captions."""
    step = (image.width - 4) // columns
    return image.crop((4 + column * step, 40, column * step + step, image.height))


def alike(a, b, most=0):
    """Whether no level differs by more than ``most``."""
    return ImageChops.difference(a.convert("L"), b.convert("L")).getextrema()[1] <= most


def test_a_seed_draws_what_sample_draws(conditional):
    drawn = actions.draw(conditional, 9, 3, actions.ANY, 1.0)
    assert alike(drawn, captioned_grid({"": conditional.generators.draw(9, 3)}))
    assert not alike(drawn, actions.draw(conditional, 9, 4, actions.ANY, 1.0))


def test_a_label_and_truncation_are_passed_on(conditional):
    drawn = actions.draw(conditional, 4, 3, 5, 0.5)
    wanted = conditional.generators.draw(4, 3, torch.full((4,), 5), truncation=0.5)
    assert alike(drawn, captioned_grid({"": wanted}))


def test_the_way_begins_at_one_seed_and_ends_at_the_other(conditional):
    start, middle, end = (actions.between(conditional, 1, 2, way, 5, 1.0) for way in (0, 0.5, 1))
    assert alike(crop(start, 1), crop(start, 0), most=1)
    assert alike(crop(end, 1), crop(end, 2), most=1)
    assert not alike(crop(middle, 1), crop(middle, 0))
    assert not alike(crop(middle, 1), crop(middle, 2))


def test_from_a_seed_to_itself(conditional):
    same = actions.between(conditional, 7, 7, 0.5, actions.ANY, 1.0)
    assert alike(crop(same, 0), crop(same, 2))


def test_points_make_a_plot(points):
    assert actions.makes_points(points)
    assert actions.draw(points, 1000, 0, actions.ANY, 1.0).size == (512, 512)
    assert not alike(actions.between(points, 0, 1, 0.1, -1, 1.0), actions.between(points, 0, 1, 0.9, -1, 1.0))


@pytest.mark.parametrize(
    "values",
    [(0, 0, 1.0), (65, 0, 1.0), (1.5, 0, 1.0), (4, None, 1.0), (4, -1, 1.0), (4, 2**32, 1.0), (4, 0, 0.0), (4, 0, 1.5)],
)
def test_values_out_of_range_are_told_of(conditional, values):
    count, seed, truncation = values
    with pytest.raises(DataError):
        actions.draw(conditional, count, seed, actions.ANY, truncation)


def test_a_label_or_a_way_that_is_not_there_is_told_of(conditional):
    with pytest.raises(DataError, match="label"):
        actions.draw(conditional, 1, 0, 10, 1.0)
    with pytest.raises(DataError, match="0 to 1"):
        actions.between(conditional, 0, 1, 1.5, actions.ANY, 1.0)


def test_a_picture_is_translated_in_its_own_size(translator, tmp_path):
    picture = Image.effect_noise((50, 30), 80).convert("RGB")
    picture.save(tmp_path / "a.png")
    before, after = actions.translate(translator, tmp_path / "a.png", "BtoA")
    assert alike(before, picture)
    assert alike(after, translator.translate(picture, "BtoA")[0])
    assert not alike(after, translator.translate(picture, "AtoB")[0])


def test_a_large_picture_is_made_smaller(translator):
    before, after = actions.translate(translator, Image.new("RGB", (2 * actions.LARGEST, 40)), "AtoB")
    assert before.size == after.size == (actions.LARGEST, 20)


def test_without_a_picture_there_is_none(translator):
    assert actions.translate(translator, None, "AtoB") is None


def test_a_file_that_is_no_picture_is_named_without_its_folder(translator, tmp_path):
    bad = tmp_path / "holiday.jpg"
    bad.write_bytes(b"no picture")
    with pytest.raises(DataError) as caught:
        actions.translate(translator, bad, "AtoB")
    assert caught.value.message == "holiday.jpg: not a picture that can be read"
    assert caught.value.hint


def test_a_direction_that_is_not_there_is_told_of(translator):
    with pytest.raises(DataError, match="CtoD"):
        actions.translate(translator, Image.new("RGB", (8, 8)), "CtoD")
