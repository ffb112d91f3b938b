import json
import subprocess
import sys

import official
import torch


def ganzoo(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "ganzoo", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_a_file_of_others_is_imported_and_exported(tmp_path):
    torch.save(official.trained(official.UNet(downs=5, filters=2)).state_dict(), tmp_path / "g.pth")
    done = ganzoo("import", "pix2pix", tmp_path / "g.pth", "--out", tmp_path / "g", "--direction", "BtoA")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path / 'g'}\n")
    done = ganzoo("export", tmp_path / "g", "--format", "pt2", "--out", tmp_path / "g.pt2", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["generator"] == "BtoA"
    assert (tmp_path / "g.pt2").is_file()


def test_torchscript_is_refused_with_what_to_take(tmp_path):
    done = ganzoo("export", tmp_path, "--format", "torchscript", "--out", tmp_path / "g.pt")
    assert done.returncode == 2
    assert "--format pt2" in done.stderr


def test_a_file_that_is_none_is_one_message(tmp_path):
    (tmp_path / "g.pth").write_bytes(b"hello")
    done = ganzoo("import", "cyclegan", tmp_path / "g.pth", "--out", tmp_path / "g")
    assert done.returncode == 2
    assert "cannot be read as PyTorch weights" in done.stderr
    assert "Traceback" not in done.stderr
