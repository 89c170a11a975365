import pytest

from genzoo.core.errors import near


@pytest.mark.parametrize(
    ("name", "names", "hint"),
    [
        ("mnits", ["cifar10", "mnist", "shapes"], "Did you mean 'mnist'?"),
        ("gann", ["gan", "gans", "vae"], "Did you mean 'gan' or 'gans'?"),
        ("zzz", ["b", "a", "b"], "Accepted: a, b."),
        ("x", [], "None is accepted."),
        (3, [1, 2], "Accepted: 1, 2."),
    ],
)
def test_near_offers_the_closest_names_or_all(name, names, hint):
    assert near(name, names) == hint
