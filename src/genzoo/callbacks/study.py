"""A study of Optuna in a journal file, which the runs of its trials share."""

import os
from pathlib import Path
from typing import Any

from genzoo.core.errors import GenzooError
from genzoo.core.files import is_count


def open_study(path: Path, seed: int = 0, startup: int = 5) -> Any:
    """Opens the study in a journal file; creates it if the file does not exist.

    Raises:
        GenzooError: Optuna is missing, or the file is not a journal.
    """
    try:
        import optuna
        from optuna.storages import JournalStorage
        from optuna.storages.journal import JournalFileBackend
    except ImportError as error:
        raise GenzooError("a search needs Optuna; pip install 'genzoo[sweeps]'.") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(
            study_name="search",
            storage=JournalStorage(JournalFileBackend(os.fspath(path))),
            sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=startup),
            direction="minimize",
            load_if_exists=True,
        )
        # The process of a trial knows only the file, so ``startup`` is read from it.
        startup = study.user_attrs.get("startup", startup)
        if not is_count(startup):
            raise ValueError(f"startup is {startup!r:.50}")
    except Exception as error:  # Optuna raises many types of errors for invalid files
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise GenzooError(
            f"hydra.sweep.dir={path.parent}: {path.name} is not the journal of a search ({reason}); "
            "choose another folder."
        ) from error
    study.pruner = optuna.pruners.MedianPruner(n_startup_trials=startup)
    return study
