"""The progress of a count of samples."""

import io

from rich.console import Console

from genzoo.core.console import bar_shown
from genzoo.runs.samples import bar


def test_without_a_terminal_lines_are_printed_at_intervals(monkeypatch):
    now = iter([0.0, 5.0, 21.0, 30.0, 45.0, 90.0])
    monkeypatch.setattr(bar.time, "monotonic", lambda: next(now))
    console = Console(file=io.StringIO())
    with bar.progress(50, "images", console) as show:
        for done in (10, 20, 30, 40, 50):
            show(done)
            assert not bar_shown.get()
    assert console.file.getvalue().splitlines() == ["20/50 images", "40/50 images"]


def test_on_a_terminal_a_bar_hides_inner_ones():
    console = Console(file=io.StringIO(), force_terminal=True, color_system=None, width=80)
    with bar.progress(50, "images", console) as show:
        show(50)
        assert bar_shown.get()
    assert not bar_shown.get()
    assert "50/50 images" in console.file.getvalue()
