import os
import socket
from pathlib import Path

import pytest
from PIL import Image

from genzoo.core.errors import GenzooError
from genzoo.data.listing import list_images


def picture(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (2, 2)).save(path)


def listed(root):
    found = list_images(root)
    return [path.as_posix() for path in found.paths], sorted(p.as_posix() for ps in found.left_out.values() for p in ps)


@pytest.mark.parametrize("target", ["..", "../..", "../../..", "/"])
def test_a_link_to_a_folder_above_counts_nothing_again(tmp_path, target):
    root = tmp_path / "here" / "pictures"
    picture(root / "a" / "1.png")
    picture(tmp_path / "here" / "others" / "2.png")
    (root / "a" / "up").symlink_to(target)
    assert listed(root) == (["a/1.png"], ["a/up"])


def test_each_folder_is_counted_once_at_its_own_place(tmp_path):
    picture(tmp_path / "root" / "z" / "1.png")
    (tmp_path / "root" / "a").symlink_to("z")  # sorted before its target
    for i in (1, 2):
        picture(tmp_path / "elsewhere" / f"{i}" / "1.png")
        (tmp_path / "root" / f"link{i}").symlink_to(tmp_path / "elsewhere" / "1")
    (tmp_path / "root" / "more").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "back").symlink_to(tmp_path / "root")
    assert listed(tmp_path / "root") == (["link1/1.png", "more/2/1.png", "z/1.png"], ["a", "link2", "more/back"])


def test_links_to_files_and_a_root_that_is_a_link_are_followed(tmp_path):
    picture(tmp_path / "store" / "1.png")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "a.png").symlink_to("../store/1.png")
    (tmp_path / "root" / "lost.png").symlink_to("nowhere.png")  # is said to be broken when it is read
    (tmp_path / "link").symlink_to("root")
    assert listed(tmp_path / "link") == (["a.png", "lost.png"], [])


def test_pipes_sockets_and_devices_are_left_out(tmp_path, monkeypatch):
    picture(tmp_path / "1.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    monkeypatch.chdir(tmp_path)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.png")
    assert listed(tmp_path) == (["1.png"], ["device.png", "pipe.png", "socket.png"])


def test_a_folder_that_cannot_be_listed(tmp_path, monkeypatch):
    picture(tmp_path / "a" / "1.png")
    scandir = os.scandir

    def refuse(folder):  # as for a user without rights; root has them all
        if Path(folder).name == "a":
            raise PermissionError(13, "Permission denied", str(folder))
        return scandir(folder)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(GenzooError, match=r"data.root=.*/a cannot be listed \(Permission denied\)"):
        list_images(tmp_path)
