from pathlib import Path

import pytest

from genzoo.core.cache import cache_folder


@pytest.mark.parametrize(
    ("given", "variable", "folder"),
    [
        ("/a/b", "/c", "/a/b"),
        ("~/b", "/c", "/home/me/b"),
        (None, "/c", "/c/genzoo"),
        (None, None, "/home/me/.cache/genzoo"),
        (None, "", "/home/me/.cache/genzoo"),
    ],
)
def test_the_folder_given_wins_then_the_variable_then_home(given, variable, folder, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    if variable is None:
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    else:
        monkeypatch.setenv("XDG_CACHE_HOME", variable)
    assert cache_folder(given) == Path(folder)
