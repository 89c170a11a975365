"""Sizes of the splits of sets that are drawn."""

from genzoo.core.checks import check_integer


def split_sizes(n_train: int, n_validation: int, n_test: int) -> dict[str, int]:
    """Checks and returns the number of images of each split of a set that is drawn.

    Raises:
        GenzooError: a number is not an integer of at least 0, or of at least 1 for training.

    Example:
        >>> split_sizes(10, 0, 5)
        {'train': 10, 'validation': 0, 'test': 5}
    """
    return {
        "train": check_integer("data.n_train", n_train, 1),
        "validation": check_integer("data.n_validation", n_validation, 0),
        "test": check_integer("data.n_test", n_test, 0),
    }
