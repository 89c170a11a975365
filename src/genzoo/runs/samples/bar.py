"""The progress of a count of samples."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from genzoo.core.console import one_bar

LINE_SECONDS = 20.0  # between two lines without a terminal


@contextmanager
def progress(total: int, unit: str, console: Console | None = None) -> Iterator[Callable[[int], None]]:
    """Shows a progress bar on a terminal, elsewhere a line at regular intervals.

    Args:
        total: the number at the end.
        unit: what is counted.
        console: where it is shown; None = standard output.

    Yields:
        A function that is called with the number done so far.
    """
    console = console or Console()
    if console.is_terminal:
        columns = MofNCompleteColumn(), TextColumn(unit), BarColumn(bar_width=None), TimeRemainingColumn()
        with one_bar(), Progress(*columns, console=console, expand=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda done: bar.update(task, completed=done)
        return
    shown = time.monotonic()

    def line(done: int) -> None:
        nonlocal shown
        if (now := time.monotonic()) - shown >= LINE_SECONDS and done < total:
            shown = now
            console.print(f"{done}/{total} {unit}", highlight=False, soft_wrap=True)

    yield line
