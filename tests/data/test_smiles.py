"""Molecules of files in the format of MOSES, and which lines are molecules."""

import sys
from types import SimpleNamespace

import pytest
import torch

from genzoo.core.errors import GenzooError
from genzoo.data.smiles import Smiles
from support.sets import MOLECULES, write_smiles


def test_the_splits_are_the_lines_of_the_files(tmp_path):
    write_smiles(tmp_path / "here")
    data = Smiles(tmp_path / "here", n_validation=5)
    lines = {
        split: [data.spec.text(row) for row in data.split(split).images.flatten(1).tolist()]
        for split in ("train", "validation", "test")
    }
    assert lines == {"train": MOLECULES["train"][:35], "validation": MOLECULES["train"][35:], "test": MOLECULES["test"]}
    assert data.split("train").images.dtype == torch.uint8


def test_the_installed_package_is_found_and_not_imported(tmp_path, monkeypatch):
    write_smiles(tmp_path / "moses" / "dataset" / "data")
    (tmp_path / "moses" / "__init__.py").write_text("raise RuntimeError")
    monkeypatch.syspath_prepend(tmp_path)
    assert Smiles(n_validation=5).count("test") == 3
    assert "moses" not in sys.modules


def test_without_the_package_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setattr("genzoo.data.smiles.find_spec", lambda name: None)
    with pytest.raises(
        GenzooError, match=r"molsets is not installed; pip install --no-deps molsets, or set data\.folder"
    ):
        Smiles().setup()


def test_more_molecules_for_validation_than_there_are(tmp_path):
    write_smiles(tmp_path / "here")
    with pytest.raises(GenzooError, match=r"^data\.n_validation=40: data=smiles has 40 training molecules; choose"):
        Smiles(tmp_path / "here", n_validation=40).setup()


def test_rdkit_decides_and_gives_one_form_of_each_molecule():
    pytest.importorskip("rdkit", reason="the extra molecules is not installed")
    # ethanol in two forms; a ring that is not closed; a carbon of five bonds; nothing
    found = Smiles().canonical(["CCO", "OCC", "C1CC", "C(C)(C)(C)(C)C", ""])
    assert found == ["CCO", "CCO", None, None, None]


def test_a_molecule_is_its_canonical_form_or_nothing(monkeypatch):
    class Blocked:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

    chem = SimpleNamespace(MolFromSmiles={"OCC": "ethanol"}.get, MolToSmiles={"ethanol": "CCO"}.get)
    monkeypatch.setitem(sys.modules, "rdkit", SimpleNamespace(Chem=chem, rdBase=SimpleNamespace(BlockLogs=Blocked)))
    assert Smiles().canonical(["OCC", "C1", ""]) == ["CCO", None, None]


def test_without_rdkit_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "rdkit", None)
    with pytest.raises(GenzooError, match=r'^metrics\.validity: RDKit .*; pip install "genzoo\[molecules\]"$'):
        Smiles().canonical(["C"])
