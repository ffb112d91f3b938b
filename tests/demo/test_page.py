"""The page itself: what it can be asked, and what a person sees in a real browser."""

import re

import pytest
from browser import CHROMIUM, Browser

from ganzoo.demo import build, require_gradio, serve
from ganzoo.errors import CheckpointError, GanzooError

pytest.importorskip("gradio", reason="the page needs Gradio: pip install 'ganzoo[demo]'")


@pytest.fixture
def served():
    """Serves the page of a model and gives its address."""
    pages = []

    def start(model):
        pages.append(build(model.folder))
        return serve(pages[-1])

    yield start
    for page in pages:
        page.close(verbose=False)


def values(page):
    """Label -> value of each control that is to be seen."""
    components = (block["props"] for block in page.get_config_file()["components"])
    return {
        props["label"]: props.get("value") for props in components if props.get("label") and props["visible"] is True
    }


def test_controls_go_with_the_model(conditional, points, translator):
    noise = values(build(conditional.folder))
    assert {"Seed", "How many", "Label", "Truncation", "The way", "From seed", "To seed"} <= noise.keys()
    assert "Label" not in values(build(points.folder))
    assert {"Your picture", "Direction", "Before and after"} <= values(build(translator.folder)).keys()


def test_a_folder_that_holds_nothing_is_refused(tmp_path):
    with pytest.raises(CheckpointError):
        build(tmp_path)


def test_nothing_is_reported_to_anybody(conditional, monkeypatch):
    monkeypatch.setenv("GRADIO_ANALYTICS_ENABLED", "True")
    page = build(conditional.folder)
    from gradio import analytics

    assert page.analytics_enabled is False
    assert analytics.analytics_enabled() is False


def test_a_port_that_is_taken_is_told_of(conditional, served):
    port = int(re.search(r":(\d+)/", served(conditional))[1])
    with pytest.raises(GanzooError, match=str(port)) as caught:
        serve(build(conditional.folder), port=port)
    assert "--port" in caught.value.hint


def test_without_gradio_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setattr("ganzoo.demo.find_spec", lambda name: None)
    with pytest.raises(GanzooError) as caught:
        require_gradio()
    assert "pip install 'ganzoo[demo]'" in caught.value.hint


READY = "[...document.querySelectorAll('{0} img')].some(i => i.complete && i.naturalWidth)"
PIXELS = """(() => {{
    const i = [...document.querySelectorAll('{0} img')].at(-1), c = document.createElement('canvas');
    if (!i || !i.complete || !i.naturalWidth) return null;
    [c.width, c.height] = [i.naturalWidth, i.naturalHeight];
    c.getContext('2d').drawImage(i, 0, 0);
    return c.toDataURL();
}})()"""


def changed(page, where, before):
    """The picture's pixels, once they are others."""
    script = PIXELS.format(where)
    return page.wait(f"(now => now && now !== {before!r} ? now : null)({script})")


@pytest.fixture
def browser(tmp_path):
    if CHROMIUM is None:
        pytest.skip("no chromium or chrome to look at the page with")
    with Browser(tmp_path / "profile") as page:
        yield page
        assert page.errors == []


def elsewhere(page, address):
    """What was asked of anybody but the page's own server."""
    return [asked for asked in page.requested if not asked.startswith((address, "data:", "blob:"))]


def test_a_click_draws_others_and_back_again(browser, conditional, served):
    address = served(conditional)
    browser.go(address)
    first = changed(browser, "#drawn", "")
    browser.click("#others")
    second = changed(browser, "#drawn", first)
    browser.run("document.querySelector('#seed input').focus()")
    browser.run("document.querySelector('#seed input').select()")
    browser.tell("Input.insertText", text="0")
    assert changed(browser, "#drawn", second) == first, "the same seed, the same picture"
    assert browser.run("document.querySelector('h1').innerText") == "cgan"
    assert elsewhere(browser, address) == []


def test_the_slider_goes_from_seed_to_seed(browser, conditional, served):
    browser.go(served(conditional))
    browser.wait(READY.format("#drawn"))
    browser.run(
        "[...document.querySelectorAll('button[role=tab]')].find(tab => tab.innerText.includes('to seed')).click()"
    )
    half = changed(browser, "#between", "")
    browser.run("document.querySelector('#way input[type=range]').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.tell("Input.dispatchKeyEvent", type=kind, key="End", code="End", windowsVirtualKeyCode=35)
    changed(browser, "#between", half)


def test_an_example_is_translated_and_a_broken_file_told_of(browser, translator, served, tmp_path):
    address = served(translator)
    browser.go(address)
    first = changed(browser, "#both", "")
    browser.click("#examples .thumbnail-item", 3)
    changed(browser, "#both", first)
    assert browser.wait("document.querySelector('input[type=radio]:checked').value === 'BtoA'")
    bad = tmp_path / "holiday.png"
    bad.write_bytes(b"no picture")
    browser.click("#upload button[aria-label='Remove Image']")
    browser.wait("!!document.querySelector('#upload input[type=file]')")
    browser.upload("#upload input[type=file]", bad)
    told = browser.wait("document.querySelector('.toast-wrap')?.innerText.trim()")
    assert "holiday.png: not a picture that can be read" in told
    assert "Try another picture" in told
    assert elsewhere(browser, address) == []
