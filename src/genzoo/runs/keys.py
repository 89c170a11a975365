"""Suggestions for misspelled or unknown configuration keys."""

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher

from genzoo.core.errors import closest, listed, plain
from genzoo.runs.meanings import KEYS

LONGEST = 200  # maximum characters of a message
SUGGESTIONS = 3
HELP = "--cfg job shows all."


def unknown(key: str, keys: Iterable[str], why: str = "there is no such key") -> str:
    """Returns a message about an unknown key, with suggestions.

    Args:
        key: the unknown key.
        keys: keys of the configuration.
        why: reason why the key is refused.

    >>> unknown("lr", ["model.optimizers.generator.lr", "model.latent", "seed"])
    'lr: there is no such key. Did you mean model.optimizers.generator.lr?'
    """
    keys = sorted(set(keys) - {key})
    message = f"{key}: {why}."
    if found := suggestions(key, keys):
        return _within(message, found)
    if isinstance(sentence := KEYS.get(plain(key.rpartition(".")[2])), str):
        return f"{message} {sentence[0].upper()}{sentence[1:]}."
    siblings = [one for one in keys if one.rpartition(".")[0] == _group(key, keys)]
    room = LONGEST - len(f"{message} Accepted:  ... (100 in all); {HELP}")
    return f"{message} Accepted: {listed(siblings, room)}; {HELP}" if siblings and room > 0 else f"{message} {HELP}"


def suggestions(key: str, keys: Sequence[str]) -> list[str]:
    """Returns likely keys, best first: by the name's meaning in other tools, by its last part, by similar letters."""
    last = plain(key.rpartition(".")[2])
    elsewhere = KEYS.get(last, ())
    if isinstance(elsewhere, str):  # there is no such key; this is a sentence of advice
        return []
    likeliest = sorted(keys, key=lambda one: -SequenceMatcher(None, one, key).ratio())
    found = [one for pattern in elsewhere for one in likeliest if _matches(pattern, one)]
    found += [one for one in likeliest if _last(one) == last]
    if not found:
        found = closest(key, keys, cutoff=0.75)
        near = closest(last, map(_last, keys), cutoff=0.75)
        found += [one for name in near for one in keys if _last(one) == plain(name)]
    found.sort(key=lambda one: -_shared(one, key))  # keys near the given one come first
    return list(dict.fromkeys(found))[:SUGGESTIONS]


def _within(message: str, found: Sequence[str]) -> str:
    """Appends as many suggestions as fit into ``LONGEST``."""
    for n in range(len(found), 0, -1):
        text = f"{message} Did you mean {' or '.join(found[:n])}?"
        if len(text) <= LONGEST:
            break
    return text


def _matches(pattern: str, key: str) -> bool:
    return re.fullmatch(re.escape(pattern).replace(r"\*", r"[^.]+"), key) is not None


def _last(key: str) -> str:
    return plain(key.rpartition(".")[2])


def _shared(one: str, key: str) -> int:
    """Returns the number of leading parts that two keys have in common."""
    parts = list(zip(one.split("."), key.split("."), strict=False))
    return next((i for i, (a, b) in enumerate(parts) if a != b), len(parts))


def _group(key: str, keys: Sequence[str]) -> str:
    """Returns the longest existing prefix of a key."""
    group = key.rpartition(".")[0]
    while group and group not in keys:
        group = group.rpartition(".")[0]
    return group
