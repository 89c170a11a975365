"""Mistakes that a user can mend."""

from collections.abc import Iterable
from difflib import get_close_matches


class GenzooError(Exception):
    """A mistake the user can mend, told in one line: the key, what was given, what is accepted, what to do.

    The entries print it without a traceback (unless ``debug=true``) and exit with ``status``.
    """

    status = 2


def near(name: str, names: Iterable[str]) -> str:
    """A hint that ends an error message: the names closest to ``name``, or all of them.

    >>> near("infogna", ["gan", "infogan"])
    "Did you mean 'infogan'?"
    >>> near("vae", ["gan", "infogan"])
    'Accepted: gan, infogan.'
    """
    names = sorted({str(n) for n in names})
    close = get_close_matches(str(name), names, n=3, cutoff=0.6)
    if close:
        return f"Did you mean {' or '.join(repr(c) for c in close)}?"
    return f"Accepted: {', '.join(names)}." if names else "None is accepted."
