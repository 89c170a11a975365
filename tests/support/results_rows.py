"""The rows that have a file, a row of a paper's table, and records of its runs."""

from support import RECORD, ROOT

FILES = ROOT / "conf" / "experiment"
NAMES = [str(path.relative_to(FILES).with_suffix("")) for path in sorted(FILES.glob("**/*.yaml"))]

EXPERIMENT = {
    "name": "a/b",
    "title": "A on B",
    "config_hash": "abc",
    "reference": {"metric": "test/x", "unit": "%", "value": 0.05, "std": 0.01, "source": "arXiv 1, table 2"},
}
FURTHER = [
    {"metric": "test/y", "unit": "", "value": 42.6, "std": None, "source": "arXiv 2"},
    {"metric": "test/z", "unit": "", "value": None, "source": None},
]


def record(seed, value, **changes):
    return RECORD | {"experiment": "a/b", "seed": seed, "metrics": {"test/x": value}} | changes
