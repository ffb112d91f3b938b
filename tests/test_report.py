import json
import math
import re
import shutil
import subprocess
from itertools import pairwise

import pytest
from PIL import Image

from ganzoo.grids import save_png
from ganzoo.recipe.schema import Component, Recipe, Train
from ganzoo.report import write_report
from ganzoo.report.curves import panels, scores
from ganzoo.run import Run, step_name

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
EVIL = "</script><script>document.title='evil'</script><img src=x onerror=alert(1)>"


@pytest.fixture
def run(tmp_path):
    recipe = Recipe(
        model="cyclegan",
        data=Component(type="seasons", note=EVIL),
        networks={"generator": Component(type="resnet")},
        train=Train(steps=400),
    )
    return Run.create(recipe, tmp_path / "cyclegan-test")


@pytest.fixture
def trained(run):
    for step in range(10, 401, 10):
        run.step = step
        run.log(
            {
                "seconds": step / 2,
                "generator/adversarial_AtoB": 1 / step,
                "generator/cycle_A": 2.0,
                f"discriminator/{EVIL}": 0.5,
                "images_per_second": 3.1,
                "lr/generator": 2e-4,
            }
        )
        if step % 100 == 0:
            run.log({"score/AtoB/psnr": 10 + step / 50, "score/AtoB/psnr_input": 11.0})
            save_png(Image.new("RGB", (64, 48), (step // 2, 80, 120)), run.samples / f"{step_name(step)}.png")
    run.save_environment({"torch": "2.15", "plugins": {"ganzoo-cyclegan": "0.1.0"}, EVIL: EVIL})
    return run


def test_page_holds_what_there_is_to_know(trained):
    text = write_report(trained).read_text(encoding="utf-8")
    assert len(re.findall(r"<img data-step", text)) == 4
    assert "finished" in text
    assert "400 / 400" in text
    assert "0:03:20" in text
    assert "<td>AtoB/psnr</td><td>18</td><td>doing nothing 11</td><td>400</td>" in text
    assert "<td>plugins.ganzoo-cyclegan</td><td>0.1.0</td>" in text
    assert "[networks.generator]" in text


def test_page_loads_nothing_and_escapes_what_comes_from_files(trained):
    text = write_report(trained).read_text(encoding="utf-8")
    assert EVIL not in text
    assert text.count("<script") == 2
    assert "<img src=x" not in text
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", text)
    assert "default-src 'none'" in text
    data = json.loads(re.search(r'id="data">(.*?)</script>', text, re.DOTALL)[1])
    assert EVIL in [series["name"] for panel in data for series in panel["series"]]


def test_a_run_that_has_only_begun_has_a_page(run):
    text = write_report(run).read_text(encoding="utf-8")
    assert "0 / 400" in text
    assert "<img" not in text
    run.recipe_file.unlink()
    shutil.rmtree(run.samples)
    write_report(run)


def test_many_grids_are_thinned_evenly_with_first_and_last(run):
    for step in range(1, 101):
        save_png(Image.new("L", (8, 8)), run.samples / f"{step_name(step)}.png")
    steps = [int(step) for step in re.findall(r'<img data-step="(\d+)"', write_report(run).read_text(encoding="utf-8"))]
    assert len(steps) == 40
    assert (steps[0], steps[-1]) == (1, 100)
    assert all(after - before in (2, 3) for before, after in pairwise(steps))


def test_heavy_grids_are_compressed(run, monkeypatch):
    monkeypatch.setattr("ganzoo.report._MOST_BYTES", 10)
    save_png(Image.effect_noise((64, 64), 90), run.samples / f"{step_name(1)}.png")
    assert "data:image/webp;base64," in write_report(run).read_text(encoding="utf-8")


def test_panels_are_losses_by_turn_then_a_panel_for_each_score():
    history = [
        {"step": 1, "epoch": 0.1, "lr/generator": 1e-4, "score/AtoB/psnr": 9.0, "score/AtoB/psnr_input": 8.0},
        {"step": 2, "score/AtoB/ssim": 0.5, "generator/cycle_A": 1.0, "discriminator/A": math.nan, "data_wait": 0.1},
    ]
    found = panels(history)
    titles = ["Generator", "psnr", "ssim", "Learning rate", "Share of time waiting for data"]
    assert [panel["title"] for panel in found] == titles
    assert [series["baseline"] for series in found[1]["series"]] == ["", "doing nothing"]
    assert found[0]["series"] == [{"name": "cycle A", "x": [2], "y": [1.0], "baseline": ""}]
    assert list(scores(history)) == [("AtoB/psnr", 1, 9.0, {"doing nothing": 8.0}), ("AtoB/ssim", 2, 0.5, {})]


def test_long_curves_are_thinned_to_means():
    (panel,) = panels({"step": step, "g/x": float(step)} for step in range(1, 3001))
    (series,) = panel["series"]
    assert len(series["x"]) == 1500
    assert (series["x"][0], series["y"][0]) == (2, 1.5)
    assert series["x"][-1] == 3000


def browse(page, profile, fragment=""):
    """The attributes of <html> and the page itself, as a real browser has them after running the script."""
    quiet = "disable-gpu disable-quic no-first-run disable-background-networking disable-component-update disable-sync"
    command = [CHROMIUM, "--headless", "--no-sandbox", *(f"--{flag}" for flag in quiet.split())]
    command += [f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--dump-dom", f"{page.as_uri()}{fragment}"]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    return dict(re.findall(r'data-(\w+)="([^"]*)"', re.search(r"<html[^>]*>", dom)[0])), dom


@pytest.mark.skipif(CHROMIUM is None, reason="no chromium or chrome to look at the page with")
class TestInABrowser:
    def test_everything_is_drawn_without_errors(self, trained, tmp_path):
        state, dom = browse(write_report(trained), tmp_path / "profile")
        assert state["errors"] == ""
        assert (state["points"], state["panels"]) == (str(40 * 5 + 4 * 2), "5")
        assert state["step"] == "400", "the last grid is shown first"
        assert len(re.findall(r"<svg", dom)) == 5
        assert re.search(r'<path d="M[\d.]+,[\d.]+L', dom)
        assert 'class="baseline" style="--colour: var(--c0)"' in dom
        assert "NaN" not in dom
        assert "<title>cyclegan · cyclegan-test</title>" in dom, "the script in the recipe did not run"

    def test_the_slider_shows_the_grid_of_a_step(self, trained, tmp_path):
        page = write_report(trained)
        for fragment, step in (("#step=100", "100"), ("#step=290", "300")):
            state, dom = browse(page, tmp_path / "profile", fragment)
            assert state["step"] == step
            shown = [tag for tag in re.findall(r"<img[^>]*>", dom) if not re.search(r"\shidden\b", tag)]
            assert [re.search(r'data-step="(\d+)"', tag)[1] for tag in shown] == [step]
            assert f"step {step}</output>" in dom

    def test_a_page_without_metrics_and_samples_works(self, run, tmp_path):
        state, dom = browse(write_report(run), tmp_path / "profile")
        assert (state["errors"], state["points"]) == ("", "0")
        assert "Nothing was logged yet" in dom
