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
LOCK = Lock()  #: a model is in one mode at a time, and rounds of the playground seed the global generator


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    """A handler that runs alone among those of this process, and whose errors the page shows in one line."""

    @wraps(function)
    def handler(*given: Any) -> Any:
        try:
            with LOCK:
                return function(*given)
        except GenzooError as error:
            raise gr.Error(str(error)) from None
        except Exception as error:
            log.exception("a handler of the explorer failed")
            raise gr.Error(one_line(error)) from None

    return handler
