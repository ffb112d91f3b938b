"""``ganzoo demo`` as a person types it."""

import os
import re
import signal
import subprocess
import sys
from importlib.util import find_spec

import pytest

from ganzoo.cli.main import main

# Whoever starts the tests in the background may have told them to ignore Ctrl-C.
RUN = "import signal; signal.signal(2, signal.default_int_handler); from ganzoo.cli.main import main; main()"


def test_without_gradio_one_message_says_what_to_install(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("ganzoo.demo.find_spec", lambda name: None)
    with pytest.raises(SystemExit) as caught:
        main(["demo", str(tmp_path)])
    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.splitlines() == [
        "error: the demo needs Gradio, which is not installed",
        "pip install 'ganzoo[demo]'",
    ]


def test_help_imports_neither_gradio_nor_torch():
    code = (
        "import sys\nfrom ganzoo.cli.main import main\ntry:\n    main(['demo', '--help'])\nexcept SystemExit as end:\n"
        "    assert not end.code\nprint(sorted({'gradio', 'torch'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "--share" in done.stdout


@pytest.mark.skipif(find_spec("gradio") is None, reason="the page needs Gradio: pip install 'ganzoo[demo]'")
def test_it_says_where_it_is_and_ends_with_ctrl_c(tmp_path):
    import ganzoo

    tiny = ['data={type="ring"}', "train={steps=1, batch_size=8}"]
    run = ganzoo.train("gan", overrides=tiny, out=tmp_path / "run").folder
    command = [sys.executable, "-c", RUN, "demo", str(run)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}, **pipes) as process:
        try:
            assert re.match(r"http://127\.0\.0\.1:\d+/", process.stdout.readline())
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    # Ctrl-C may come while the address is still being printed, and the terminal's library then prints it again.
    assert (process.returncode, out.splitlines()[-1], err) == (0, "ended", "")
