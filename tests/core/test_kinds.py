from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Literal

import pytest
from torch import Tensor, nn

from genzoo.core.kinds import fits, misfit


@pytest.mark.parametrize(
    ("value", "kind", "fit"),
    [
        (True, bool, True),
        *((value, bool, False) for value in ("no", "off", "yes", "true", 0, 1, None)),
        (3, int, True),
        (3.0, int, False),
        (True, int, False),
        (3, float, True),
        (True, float, False),
        ("fast", float | Tensor, False),
        (1e-3, float | Tensor, True),
        ("a", str, True),
        (2024, str | Path, False),
        ("data", Path, True),
        (None, int | None, True),
        (None, int, False),
        ([1], Sequence[int], True),
        (500, Sequence[int], False),
        ("500", Sequence[int], False),
        ([0.5, 0.9], tuple[float, float], True),
        ([1], Mapping[str, int], False),
        ({"_target_": "x"}, nn.Module, True),
        ({"a": 1}, float, False),
        (64, nn.Module, False),
        ("hinge", Callable[[int], int], False),
        ({"_target_": "x"}, Callable[[int], int], True),
        ("rank", Literal["rank", "global"], True),
        ("ranks", Literal["rank", "global"], False),
    ],
)
def test_a_value_fits_its_annotation(value, kind, fit):
    assert fits(value, kind) is fit


@pytest.mark.parametrize(
    ("value", "kind", "message"),
    [
        ("no", bool, "k=no: true or false is needed."),
        (1000.0, int, "k=1000.0: an integer is needed; write 1000."),
        (1.5, int | None, "k=1.5: an integer or null is needed."),
        ("os", list[str], "k=os: a list is needed; write k=[os]."),
        (2024, str, "k=2024: a string is needed; write k=\"'2024'\"."),
        (None, float, "k=null: a number is needed."),
        (64, nn.Module, "k=64: a mapping with a _target_ (Module) is needed."),
        (64, int, None),
    ],
)
def test_a_misfit_is_told_with_its_remedy(value, kind, message):
    assert misfit("k", value, kind) == message
