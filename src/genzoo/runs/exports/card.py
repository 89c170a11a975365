"""The model card of an export."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import genzoo
from genzoo.core.files import atomic_write, plain_name, read_json
from genzoo.runs.load import Loaded
from genzoo.runs.summary import headlines

MNIST = "CC BY-SA 3.0, copyright of Y. LeCun and C. Cortes, according to the documentation of Keras"
# Name of a data set -> licence or terms. Sources: zalandoresearch/fashion-mnist and brendenlake/omniglot, LICENSE; the
# data sets' pages (SVHN, CelebA's agreement); Keras, keras.datasets.mnist.
LICENCES: Mapping[str, str] = {
    "mnist": MNIST,
    "binarized_mnist": f"derived from MNIST: {MNIST}",
    "binarized_mnist_dynamic": f"derived from MNIST: {MNIST}",
    "fashion_mnist": "MIT (Zalando SE)",
    "omniglot": "MIT (B. Lake)",
    "svhn": "for non-commercial use only",
    "celeba": "for non-commercial research purposes only",
    **dict.fromkeys(("shapes", "noise", "ring", "grid"), "synthetic, drawn by genzoo (Apache-2.0)"),
}
UNKNOWN = "not known to genzoo; ask those whose data they are"


def measured(run: Path, rounds: int) -> dict[str, Any]:
    """Returns ``metrics.json`` of a run folder if it is of the model after these rounds, else nothing."""
    try:
        found = read_json(run / "metrics.json")
        fits = found["rounds"] == rounds and isinstance(found["metrics"], dict)
        return found if fits else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_card(folder: Path, loaded: Loaded, how_to_load: str) -> None:
    """Writes ``README.md``: the model, its data, its metrics with their protocol, and how to load it.

    Args:
        folder: the folder of the export.
        loaded: the model.
        how_to_load: a block of code in Markdown.
    """
    config, module, data = loaded.stored["config"], loaded.module, data_name(loaded.stored)
    found = measured(loaded.path.parent, module.progress.rounds)
    lines = [
        *("---", "library_name: genzoo", f"tags: [genzoo, {config['recipe']['name']}]", "---", ""),
        *(f"# {config['recipe']['name']} on {data}", ""),
        f"Exported by genzoo {genzoo.__version__}. Trained by genzoo {loaded.stored['trained_by']} for "
        f"{module.progress.rounds:,} of {config['trainer']['rounds']:,} rounds "
        f"({module.progress.seen:,} {module.unit}), seed {config['seed']}.",
        *("", "## Data", ""),
        f"- {data}, source `{loaded.stored['data']['source']}`",
        f"- Licence of the data: {LICENCES.get(data, UNKNOWN)}",
        *_marks(config, found),
        *("", "## Metrics", "", *_metrics(found)),
        *("", "## Use", "", how_to_load),
    ]
    with atomic_write(folder / "README.md") as partial:
        partial.write_text("\n".join(lines) + "\n", encoding="utf-8")


def data_name(stored: Mapping[str, Any]) -> str:
    """Returns the option of the data that a checkpoint was trained on; else their name, or that of their class."""
    data = stored["config"]["data"]
    named = stored["choices"].get("data") or data.get("name")
    return plain_name("data", named or data["_target_"].split(".")[-1].lower())


def _marks(config: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    marks = found.get("marks", config.get("marks") or config["trainer"]["marks"])
    return [f"- Not comparable with published numbers: {', '.join(map(str, marks))}"] if marks else []


def _metrics(found: Mapping[str, Any]) -> list[str]:
    if not found.get("metrics"):
        return ["Not measured."]
    rows = [f"| `{name}` | {value:.4g} |" for name, value in headlines(found["metrics"]).items()]
    protocol = [f"- `{name}`: {value}" for name, value in found.get("protocol", {}).items()]
    measured_by = f"Measured by genzoo {found.get('measured_by', 'of an unknown version')}, {found.get('date', '')}."
    return [measured_by, "", "| metric | value |", "|---|---|", *rows, "", "Protocol:", "", *(protocol or ["- none"])]
