"""Handlers of the page's events."""

import logging
from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any

import gradio as gr

from genzoo.core.errors import GenzooError
from genzoo.data.files import one_line

log = logging.getLogger("genzoo")
LOCK = Lock()  #: of this process: rounds seed the global generator of random numbers, and drawing may use it


def guarded(lock: Lock, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs alone among those of its lock, and whose errors the page shows in one line.

    Args:
        lock: of the model, whose mode a handler may change.
        function: a handler.
    """

    @wraps(function)
    def handler(*given: Any) -> Any:
        try:
            with lock:
                return function(*given)
        except GenzooError as error:
            raise gr.Error(str(error)) from None
        except Exception as error:
            log.exception("a handler of the explorer failed")
            raise gr.Error(one_line(error)) from None

    return handler
