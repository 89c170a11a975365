"""A progress bar for slow sampling."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import Progress

from genzoo.autoregressive.sampling.canvas import Stage
from genzoo.core.console import bar_shown


def shown(stages: Iterable[Stage], what: str, quiet: bool = False, console: Console | None = None) -> Iterator[Stage]:
    """Yields the stages of drawing and shows a progress bar on a terminal, unless it shows one, until they are done.

    Args:
        stages: stages of a sampler.
        what: description of the task.
        quiet: no bar.
        console: where the bar is shown; None = standard error.
    """
    console = console or Console(stderr=True)
    quiet = quiet or bar_shown.get() or not console.is_terminal
    with Progress(console=console, transient=True, disable=quiet) as bar:
        task = bar.add_task(what, total=1.0)
        for stage in stages:
            bar.update(task, completed=stage.done)
            yield stage
