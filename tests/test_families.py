"""Families of models do not import each other; only hybrid models may import the others, and nobody imports these."""

import re

import pytest

from support import ROOT

SOURCE = ROOT / "src" / "genzoo"
FAMILIES = ("adversarial", "variational", "autoregressive", "reinforcement", "translation")


def imported(folder):
    """The packages of genzoo that a package's files name in an import."""
    texts = [path.read_text() for path in sorted(folder.glob("**/*.py"))]
    return {name for text in texts for name in re.findall(r"^\s*(?:from|import) genzoo\.(\w+)", text, re.MULTILINE)}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_imports_no_other(family):
    assert imported(SOURCE / family).isdisjoint({*FAMILIES, "hybrid"} - {family})


def test_nobody_imports_hybrid_models():
    packages = [folder for folder in SOURCE.iterdir() if (folder / "__init__.py").is_file()]
    assert {folder.name for folder in packages} >= {*FAMILIES, "hybrid", "core", "metrics"}
    assert [folder.name for folder in packages if folder.name != "hybrid" and "hybrid" in imported(folder)] == []
    assert imported(SOURCE / "hybrid") >= {"adversarial", "core"}  # what the search finds
