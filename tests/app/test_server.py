"""The command: its settings, and what it refuses before a model is loaded."""

import socket
import sys

import pytest

from genzoo.app.server import HOST, explore, free_port
from genzoo.core.errors import GenzooError
from support import composed


def given(*overrides):
    explore(composed("ckpt=nowhere", "browser=false", *overrides, name="explore"))


def test_a_port_in_use_is_one_line():
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(GenzooError, match=rf"^port={port}: it is in use; choose another, or port=null"):
            given(f"port={port}")


@pytest.mark.parametrize("port", [80, 70_000])
def test_a_port_that_nobody_may_use_is_one_line(port):
    with pytest.raises(GenzooError, match=rf"^port={port}: a number from 1024 to 65535 is needed"):
        given(f"port={port}")


def test_a_free_port_can_be_bound():
    with socket.socket() as found:
        found.bind((HOST, free_port(None)))


def test_without_gradio_the_message_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("genzoo.app.server.find_spec", lambda name: None)
    with pytest.raises(GenzooError, match=r"^the explorer needs gradio: pip install 'genzoo\[explore\]'\.$"):
        given("port=null")


def test_a_missing_checkpoint_is_one_line():
    with pytest.raises(GenzooError, match=r"^ckpt=nowhere: there is no checkpoint"):
        given("port=null")


def test_gradio_sends_no_statistics(monkeypatch):
    monkeypatch.delenv("GRADIO_ANALYTICS_ENABLED", raising=False)
    with pytest.raises(GenzooError):
        given("port=null")
    import os

    assert os.environ["GRADIO_ANALYTICS_ENABLED"] == "False"
    assert "gradio" in sys.modules
