"""Lists of picture files."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import numpy as np
import pytest

from ganzoo.data.listing import Files, Items, list_pictures
from ganzoo.errors import DataError


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def test_listing_is_sorted_and_knows_pictures(tmp_path):
    touch(tmp_path, "b.JPG", "a.png", ".hidden.png", "notes.txt", "sub/c.WebP", ".git/d.png")
    assert list(list_pictures(tmp_path)) == [str(tmp_path / "a.png"), str(tmp_path / "b.JPG")]
    assert list(list_pictures(tmp_path, recursive=True))[-1] == str(tmp_path / "sub" / "c.WebP")


def test_the_order_is_that_of_whole_paths_however_files_and_folders_alternate(tmp_path):
    names = ("a/x.png", "a-b.png", "a.png", "a0.png", "a/b/c/y.png", "a/b.png", "a-/z.png", "ab/x.png", "a.png.d/w.png")
    touch(tmp_path, *names, "é/ü.png", "é.png", "Z.png")
    found = list(list_pictures(tmp_path, recursive=True))
    assert found == sorted(found)
    assert set(found) == {str(path) for path in tmp_path.rglob("*.png") if path.is_file()}


def test_links_to_files_are_pictures_and_links_to_folders_are_not_followed(tmp_path):
    touch(tmp_path, "real/a.png")
    (tmp_path / "b.png").symlink_to("real/a.png")
    (tmp_path / "broken.png").symlink_to("nowhere.png")
    (tmp_path / "again").symlink_to("real")
    assert list(list_pictures(tmp_path, recursive=True)) == [str(tmp_path / "b.png"), str(tmp_path / "real" / "a.png")]


def test_a_name_that_is_no_text_is_found_again(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff.png"
    try:
        Path(os.fsdecode(name)).touch()
    except OSError:
        pytest.skip("this file system has no such names")
    files = list_pictures(tmp_path)
    assert files.size(0) == 0
    assert list(files.names(tmp_path)) == [b"\xff.png"]


def test_nothing_found_is_an_empty_list(tmp_path):
    touch(tmp_path, "notes.txt")
    assert not list_pictures(tmp_path)
    assert list(list_pictures(tmp_path).names(tmp_path)) == []


def test_a_folder_that_cannot_be_listed_is_named(tmp_path):
    with pytest.raises(DataError, match="nowhere"):
        list_pictures(tmp_path / "nowhere")


def test_files_are_picked_by_number_and_by_flag():
    files = Files.of([("a", ["0", "1"]), ("empty", []), ("b", ["2", "3"])])
    assert list(files) == ["a/0", "a/1", "b/2", "b/3"]
    assert files[-1] == "b/3"
    assert list(files.picked(np.array([3, 0, 0]))) == ["b/3", "a/0", "a/0"]
    assert list(files.picked(np.array([False, True, True, False])).picked(np.array([1]))) == ["b/2"]
    with pytest.raises(IndexError):
        files[4]


def test_lists_are_joined_in_their_order():
    one, other = Files.of([("a", ["0", "1"])]), Files.of([("b", ["2"]), ("c", ["3"])])
    assert list(Files.joined([other.picked(np.array([1])), one, other])) == ["c/3", "a/0", "a/1", "b/2", "c/3"]


@pytest.mark.parametrize("root", ["pictures", "./pictures", "pictures/../pictures", "."])
def test_names_begin_below_the_root(tmp_path, monkeypatch, root):
    touch(tmp_path, "pictures/a.png", "pictures/sub/b.png")
    monkeypatch.chdir(tmp_path)
    above = b"pictures/" if root == "." else b""
    for folder in (Path(root), tmp_path / "pictures", Path("pictures")):
        names = list(list_pictures(folder, recursive=True).names(Path(root)))
        assert names == [above + b"a.png", above + b"sub/b.png"]


def test_items_are_a_file_each_or_two():
    a, b = Files.of([("a", ["0", "1"])]), Files.of([("b", ["0", "1"])])
    assert list(Items(a)) == [("a/0",), ("a/1",)]
    assert list(Items(a, b).picked(np.array([1]))) == [("a/1", "b/1")]
    assert len(Items(a, b)) == 2
    assert Items(a, b).files == 4


def test_a_file_takes_few_bytes_beside_its_name():
    names = [f"{number:08}.jpg" for number in range(10_000)]
    files = Files.of([("/a/long/path/that/is/not/repeated/for/every/file", names)])
    assert len(pickle.dumps(files)) < 40 * len(names)
    assert list(pickle.loads(pickle.dumps(files))) == list(files)
