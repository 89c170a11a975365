"""Handlers: one at a time, and errors in one line."""

import time
from concurrent.futures import ThreadPoolExecutor

import gradio as gr
import pytest

from genzoo.app.guarded import LOCK, guarded
from genzoo.core.errors import GenzooError


def failing(error):
    def handler():
        raise error

    return guarded(handler)


def test_a_mistake_is_shown_as_it_is():
    with pytest.raises(gr.Error, match=r"^'seed=-1: a number from 0 is needed\.'$"):
        failing(GenzooError("seed=-1: a number from 0 is needed."))()


def test_any_other_error_is_one_line():
    with pytest.raises(gr.Error) as caught:
        failing(ValueError("first line\nsecond line"))()
    assert caught.value.message.startswith("ValueError: first line")
    assert "\n" not in caught.value.message


def test_handlers_do_not_overlap():
    inside, most = [], []

    def handler(i):
        inside.append(i)
        most.append(len(inside))
        time.sleep(0.01)
        inside.remove(i)
        return i

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(guarded(handler), range(4))) == [0, 1, 2, 3]
    assert max(most) == 1


def test_an_error_frees_the_lock():
    with pytest.raises(gr.Error):
        guarded(lambda: 1 / 0)()
    assert not LOCK.locked()
