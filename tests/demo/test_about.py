"""What the page says."""

import json
import shutil
from dataclasses import replace

import pytest

import ganzoo
from ganzoo.demo.about import About, spoken

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def folder(translator, tmp_path):
    return shutil.copytree(translator.folder, tmp_path / "generator")


def about(folder):
    return About.of(ganzoo.load(folder), folder)


def test_it_says_what_the_model_is(conditional):
    said = About.of(conditional, conditional.folder)
    assert said.name == "cgan"
    assert said.task == "Pictures from noise and a label"
    assert any(fact.startswith("ganzoo-cgan ") for fact in said.facts)
    assert {"1 steps", "16 × 16 pixels, grey", "10 classes"} <= set(said.facts)
    assert said.examples == []


def test_points_are_called_points(points):
    assert About.of(points, points.folder).task == "Points from noise"


def test_only_scores_of_these_weights_are_shown(folder):
    step = ganzoo.load(folder).config.step
    rows = [{"step": step - 1, "seed": 0, "psnr": 1.0}, {"step": step, "seed": 0, "psnr": 12.3456, "psnr_real": 99}]
    (folder / "metrics.json").write_text(json.dumps({"psnr@test": {"protocol": {}, "scores": rows}}))
    assert about(folder).scores == [("psnr", "12.35", "real data 99", "psnr@test")]


@pytest.mark.parametrize("text", ["{", "[]", '{"a": 1}', '{"a": {"scores": [1]}}', '{"a": {"scores": [{}]}}'])
def test_a_broken_file_of_scores_has_none(folder, text):
    (folder / "metrics.json").write_text(text)
    assert about(folder).scores == []


def test_a_translator_of_drawn_pictures_has_examples(translator):
    found = About.of(translator, translator.folder).examples
    assert [way for way, _ in found] == ["AtoB"] * 3 + ["BtoA"] * 3
    assert {picture.size for _, picture in found} == {(16, 16)}


@pytest.mark.parametrize("data", ['type = "unpaired-images"\nroot = "/"', 'type = "no-such"', "type = 3"])
def test_examples_are_never_read_from_files(folder, data):
    (folder / "recipe.toml").write_text(f'model = "cyclegan"\n[data]\n{data}\n')
    assert about(folder).examples == []


def test_what_comes_from_files_is_escaped(translator):
    said = replace(About.of(translator, translator.folder), name=EVIL, summary=EVIL, facts=[EVIL], scores=[(EVIL,) * 4])
    assert "<img" not in said.header() + said.score_table()
    assert said.header().count("&lt;img") == 3


def test_a_model_that_is_not_installed_is_named_all_the_same(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "model": "nowhere"}))
    said = about(folder)
    assert (said.name, said.summary) == ("nowhere", "")


def test_directions_as_people_write_them():
    assert [spoken(way) for way in ("AtoB", "summertowinter", "up")] == ["A → B", "summer → winter", "up"]
