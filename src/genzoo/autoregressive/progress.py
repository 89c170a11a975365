"""A bar for sampling that takes its time."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import Progress

from genzoo.autoregressive.sampling.canvas import Stage


def shown(stages: Iterable[Stage], what: str, quiet: bool = False, console: Console | None = None) -> Iterator[Stage]:
    """The stages of drawing, with a bar on a terminal that goes when they are done.

    Args:
        stages: are gone through.
        what: is being drawn.
        quiet: no bar.
        console: where; None = standard error.
    """
    console = console or Console(stderr=True)
    with Progress(console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        for stage in stages:
            bar.update(task, completed=stage.done)
            yield stage
