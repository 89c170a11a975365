"""Errors that a user can correct."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

LONGEST = 110  # characters of a list of names in a message


class GenzooError(Exception):
    """An error that the user can correct. Its message of one line names the key, the given and the accepted values and
    the remedy.

    The command-line programs print it without a traceback (unless ``debug=true``) and exit with ``status``.
    """

    status = 2


def near(name: str, names: Iterable[str], meanings: Mapping[str, str] | None = None) -> str:
    """A hint for the end of an error message: at most three names close to ``name``, or all, as far as they fit.

    Args:
        name: the given name; it is never suggested, even if it is in ``names``.
        names: the accepted names.
        meanings: name that other programs use, in lower case -> accepted name of the same meaning.

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

    Case and hyphens are ignored: a name that differs in nothing else is the only result.
    """
    spelt: dict[str, str] = {}
    for one in names:
        spelt.setdefault(plain(one), one)
    if plain(name) in spelt:
        return [spelt[plain(name)]]
    return [spelt[found] for found in get_close_matches(plain(name), spelt, n=3, cutoff=cutoff)]


def listed(names: Iterable[str], room: int = LONGEST) -> str:
    """The names, separated by commas, as many as fit into ``room`` characters.

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
    """A name in lower case, with underscores instead of hyphens."""
    return name.lower().replace("-", "_")
