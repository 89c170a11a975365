"""Runs that are resumed beyond their length."""

import logging
from collections.abc import Collection, Mapping
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genzoo.core.errors import GenzooError
from genzoo.core.rounds import RoundModule
from genzoo.core.schedules import Finite

log = logging.getLogger("genzoo")

ROUNDS, SCHEDULES = "trainer.rounds", "model.schedules"  # keys that may differ


def is_extension(given: Collection[str], current: DictConfig, stored: Mapping[str, Any]) -> bool:
    """Whether the command line gives a resumed run more rounds.

    Args:
        given: keys of its overrides.
        current: the configuration composed with them.
        stored: the run's own configuration.
    """
    rounds = current.trainer.rounds
    return ROUNDS in given and isinstance(rounds, int) and rounds > stored["trainer"]["rounds"]


def extended(config: Mapping[str, Any], current: DictConfig, given: Collection[str]) -> dict[str, Any]:
    """Returns the configuration of a run with the length and the schedules of the command line.

    Args:
        config: the run's own configuration.
        current, given: see ``is_extension``.
    """
    new = OmegaConf.create({**config})
    new.trainer.rounds = new.data.rounds = current.trainer.rounds
    for key in given:
        if f"{key}.".startswith(f"{SCHEDULES}."):
            OmegaConf.update(new, key, OmegaConf.select(current, key), merge=False)
    return OmegaConf.to_container(new)


def check_schedules(module: RoundModule, before: int, now: int) -> None:
    """Checks that no schedule of an extended run was made for its former length; logs those that stay constant.

    Args:
        module: built from the extended configuration.
        before: former number of rounds.
        now: new number of rounds.

    Raises:
        GenzooError: a schedule ends with the former length.
    """
    for player, options in module.schedules.items():
        for option, schedule in options.items():
            key = f"{SCHEDULES}.{player}.{option}"
            if not isinstance(schedule, Finite) or schedule.last_round >= now:
                continue
            end = f"{schedule(schedule.last_round):.3g}"
            if schedule.last_round == before:
                raise GenzooError(
                    f"trainer.rounds={now}: {key} was made for {before} rounds and would stay at {end}; choose its "
                    f"schedule anew: repeat model=..., and give the keys of {key} that --cfg job shows."
                )
            log.info(f"{key} stays at {end} after round {schedule.last_round}")
