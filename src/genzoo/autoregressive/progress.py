"""A progress bar for slow sampling."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import Progress

from genzoo.autoregressive.sampling.canvas import Stage


def shown(stages: Iterable[Stage], what: str, quiet: bool = False, console: Console | None = None) -> Iterator[Stage]:
    """Yields the stages of drawing and shows a progress bar on a terminal until they are done.

    Args:
        stages: stages of a sampler.
        what: description of the task.
        quiet: no bar.
        console: where the bar is shown; None = standard error.
    """
    console = console or Console(stderr=True)
    with Progress(console=console, transient=True, disable=quiet or not console.is_terminal) as bar:
        task = bar.add_task(what, total=1.0)
        for stage in stages:
            bar.update(task, completed=stage.done)
            yield stage
