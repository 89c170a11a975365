"""The HTML of a gallery: one file that needs no other."""

import base64
import json
from collections.abc import Sequence
from html import escape
from io import StringIO
from pathlib import Path
from string import Template

from matplotlib import rc_context
from matplotlib.figure import Figure

from genzoo.results.gallery.found import Curve, RunShown

TEMPLATE = Path(__file__).parent / "gallery.html"


def page(runs: Sequence[RunShown], refresh: int | None = None) -> str:
    """The HTML of runs.

    Args:
        runs: in the order of the page.
        refresh: seconds after which a browser loads the page again; None = never.
    """
    contents = "".join(
        f'<li><a href="#run{i}">{escape(run.name)}</a>: {escape(run.state)}</li>' for i, run in enumerate(runs)
    )
    return Template(TEMPLATE.read_text()).substitute(
        refresh=f'<meta http-equiv="refresh" content="{refresh}">' if refresh else "",
        contents=f"<ul>{contents}</ul>" if len(runs) > 1 else "",
        runs="\n".join(_section(i, run) for i, run in enumerate(runs)),
    )


def _section(i: int, run: RunShown) -> str:
    """The HTML of one run."""
    pictures = "".join(_picture(caption, path) for caption, path in run.pictures.items())
    curves = "".join(
        f"<figure>{svg(name, curve)}<figcaption>{escape(name)}</figcaption></figure>"
        for name, curve in run.curves.items()
    )
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{value:.5g}</td></tr>" for name, value in run.metrics.items())
    parts = [
        f'<section id="run{i}"><h2>{escape(run.name)}</h2><p>{escape(run.state)}</p>',
        f'<div class="pictures">{pictures}</div>' if pictures else "<p>No pictures yet.</p>",
        f'<div class="curves">{curves}</div>' if curves else "<p>No curves: they are those of logger=csv.</p>",
        f"<table><caption>Metrics</caption>{rows}</table>" if rows else "",
        _details("Protocol of the metrics", json.dumps(run.protocol, indent=1)) if run.protocol else "",
        _details("Configuration", run.config),
    ]
    return "\n".join([*filter(None, parts), "</section>"])


def _picture(caption: str, path: Path) -> str:
    kind, content = path.suffix[1:], base64.b64encode(path.read_bytes()).decode()
    name = escape(caption, quote=True)
    return (
        f'<figure><img alt="{name}" src="data:image/{kind};base64,{content}"><figcaption>{name}</figcaption></figure>'
    )


def _details(title: str, text: str) -> str:
    return f"<details><summary>{escape(title)}</summary><pre>{escape(text)}</pre></details>"


def svg(name: str, curve: Curve) -> str:
    """A curve over rounds as an SVG element, whose text is text and whose lines have the page's colour."""
    figure = Figure(figsize=(4, 2.4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(*zip(*curve, strict=True), linewidth=1.2)
    axes.set_xlabel("rounds")
    drawn = StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):  # the salt makes the ids a function of the curve
        figure.savefig(drawn, format="svg", transparent=True, metadata={"Date": None})
    element = drawn.getvalue()[drawn.getvalue().index("<svg") :]
    black = element.replace("#000000", "currentColor").replace("<text ", '<text fill="currentColor" ')
    return black.replace("<svg ", f'<svg role="img" aria-label="{escape(name, quote=True)} over rounds" ', 1)
