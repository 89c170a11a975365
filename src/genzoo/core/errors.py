"""Mistakes that a user can mend."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

LONGEST = 110  # characters of a list of names in a message


class GenzooError(Exception):
    """A mistake the user can mend, told in one line: the key, what was given, what is accepted, what to do.

    The entries print it without a traceback (unless ``debug=true``) and exit with ``status``.
    """

    status = 2


def near(name: str, names: Iterable[str], meanings: Mapping[str, str] | None = None) -> str:
    """A hint that ends an error message: at most three names close to ``name``, or all of them as far as a line goes.

    Args:
        name: as given; it is never suggested, whatever ``names`` hold.
        names: the accepted ones.
        meanings: a name of elsewhere, in small letters -> the accepted one of the same meaning.

    >>> near("infogna", ["gan", "infogan"])
    "Did you mean 'infogan'?"
    >>> near("MNIST", ["mnist", "svhn"])
    "Did you mean 'mnist'?"
    >>> near("vae", ["gan", "infogan"])
    'Accepted: gan, infogan.'
    """
    names = sorted({str(n) for n in names} - {str(name)})
    close = closest(str(name), names)
    if meant := (meanings or {}).get(plain(str(name))):
        close = list(dict.fromkeys([meant, *close]))[:3] if meant in names else close
    if close:
        return f"Did you mean {' or '.join(repr(c) for c in close)}?"
    return f"Accepted: {listed(names)}." if names else "None is accepted."


def closest(name: str, names: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """At most three names that differ from ``name`` in few letters, the nearest first.

    Case and hyphens do not count: a name that differs in these alone is the only one.
    """
    spelt: dict[str, str] = {}
    for one in names:
        spelt.setdefault(plain(one), one)
    if plain(name) in spelt:
        return [spelt[plain(name)]]
    return [spelt[found] for found in get_close_matches(plain(name), spelt, n=3, cutoff=cutoff)]


def listed(names: Iterable[str], room: int = LONGEST) -> str:
    """The names, as many as there is room for: a number of characters.

    >>> listed(map(str, range(100)))[-31:]
    '26, 27, 28, 29 ... (100 in all)'
    """
    names, text = list(names), ""
    for i, name in enumerate(names):
        longer = f"{text}, {name}" if i else name
        if i and len(longer) > room:
            return f"{text} ... ({len(names)} in all)"
        text = longer
    return text


def plain(name: str) -> str:
    """A name in small letters, with underscores for hyphens."""
    return name.lower().replace("-", "_")
