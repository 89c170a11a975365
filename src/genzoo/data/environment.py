"""An environment as data: what it is, and the rounds to act in it."""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import gymnasium
import numpy as np
import torch
from gymnasium.spaces import Box, Discrete, Space
from gymnasium.wrappers import ClipAction

import genzoo.data.environments  # noqa: F401, registers our own
from genzoo.core.batches import TASKS, EnvironmentSpec
from genzoo.core.checks import check_positive
from genzoo.core.errors import GenzooError, near
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.data.demonstrations import Demonstrations, choose, locate, read
from genzoo.data.source import Data


class Iterations:
    """Yields an empty round for each that remains: the episodes come from the policy as it then stands.

    Args:
        rounds: length of the whole run.
        position: rounds that are already played.

    Example:
        >>> list(Iterations(rounds=3, position=1))
        [(), ()]
    """

    def __init__(self, rounds: int, position: int = 0):
        self.rounds, self.position = rounds, position

    def __len__(self) -> int:
        return max(self.rounds - self.position, 0)

    def __iter__(self) -> Iterator[tuple[()]]:
        while self.position < self.rounds:
            self.position += 1
            yield ()


@register
class EnvironmentData(Data):
    """An environment of Gymnasium.

    Args:
        name: of the configuration.
        id: of the environment, as registered with Gymnasium; ``genzoo/...`` are our own.
        observations, actions, policy: facts, which model configurations interpolate; see ``EnvironmentSpec``.
        time_limit: steps after which an episode is cut off; None = the environment's own limit, as registered.
        task: a fact, too; see ``EnvironmentSpec``.
        clip_actions: points are clipped to the environment's box; else they reach it as the policy draws them, and an
            environment that charges for actions charges for these, as in openai/imitation (environments/rlgymenv.py).
            A configuration without this setting is of a time when all points were clipped.
        options: arguments of the environment.
        demonstrations: what an expert did: a name of those that genzoo ships, or an ``.npz`` file (see
            ``demonstrations``), looked for here and in ``<root>/demonstrations``; None = there are none.
        trajectories, every: of the demonstrations, the first so many trajectories, and of each every so many steps.
        held_out: fraction of these steps that is kept for validation.
        root: folder of data.
        batch_size: steps of an iteration over all ranks, at least: episodes are whole.
        rounds, seed: see ``Data``.

    Raises:
        GenzooError: a setting is out of range, there is no such environment.

    Example:
        >>> cartpole = EnvironmentData("cartpole", "CartPole-v1", 4, 2, "Categorical", time_limit=200)
        >>> cartpole.spec.observations, cartpole.make().action_space
        (4, Discrete(2))
    """

    content = "demonstrations"

    def __init__(
        self,
        name: str,
        id: str,
        observations: int,
        actions: int,
        policy: str,
        time_limit: int | None = None,
        task: str | None = "survival",
        clip_actions: bool = True,
        options: Mapping[str, Any] | None = None,
        demonstrations: str | None = None,
        trajectories: int | None = None,
        every: int = 1,
        held_out: float = 0.0,
        root: str | None = None,
        batch_size: int = 1,
        rounds: int = 1,
        seed: int = 0,
    ):
        super().__init__(batch_size, rounds, seed)
        for key, value in (("time_limit", time_limit), ("every", every), ("trajectories", trajectories)):
            if value is not None:
                check_positive(f"data.{key}", value)
        if task is not None and task not in TASKS:
            raise GenzooError(f"data.task={task}: unknown. {near(task, TASKS)}")
        if not 0 <= held_out < 1:
            raise GenzooError(f"data.held_out={held_out}: a fraction from 0 to below 1 is needed.")
        if id not in gymnasium.registry:  # a name with a module in front of it, which Gymnasium would import, is none
            raise GenzooError(f"data.id={id}: unknown. {near(id, gymnasium.registry)}")
        if (limit := time_limit or gymnasium.registry[id].max_episode_steps) is None:
            raise GenzooError(f"data.time_limit=null: {id} has no limit of its own; give the steps of an episode.")
        self.name, self.id, self.options = name, id, dict(options or {})
        self.file, self.root = demonstrations, root
        self.trajectories, self.every, self.held_out = trajectories, every, held_out
        self._raw = policy == "Gaussian" and not clip_actions
        self._said = EnvironmentSpec(name, observations, actions, policy, limit, task)

    @functools.cached_property
    def spec(self) -> EnvironmentSpec:
        """What the environment is, once its facts and its demonstrations are checked.

        Raises:
            GenzooError: a fact is wrong, its spaces are no vectors, packages are missing; demonstrations do not fit.
        """
        environment = self._make()
        seen, acted = environment.observation_space, environment.action_space
        environment.close()
        if not (isinstance(seen, Box) and len(seen.shape) == 1):
            raise GenzooError(f"data.id={self.id}: its observations are {seen}; only vectors are taken.")
        actions, policy = self._law(acted)
        for key, fact in (("observations", seen.shape[0]), ("actions", actions), ("policy", policy)):
            if (said := getattr(self._said, key)) != fact:
                raise GenzooError(f"data.{key}={said}: {self.id} has {key}={fact}; correct the setting.")
        if self._raw:
            self._check_takes_all()
        demonstrated = self.demonstrations
        return self._said._replace(demonstrations=0 if demonstrated is None else len(demonstrated.times))

    def _law(self, acted: Space) -> tuple[int, str]:
        """How many actions there are, or numbers of one, and the law of actions.

        Raises:
            GenzooError: no policy of ours gives such actions.
        """
        if isinstance(acted, Discrete) and acted.start == 0:
            return int(acted.n), "Categorical"
        if isinstance(acted, Box) and len(acted.shape) == 1 and np.issubdtype(acted.dtype, np.floating):
            return acted.shape[0], "Gaussian"
        why = "only a finite set or a box is taken."
        if isinstance(acted, Discrete):
            why = f"only a set numbered from 0 is taken; register a wrapper with Discrete({acted.n})."
        elif isinstance(acted, Box):
            why = "only a box of real vectors is taken; register a wrapper that has one."
        raise GenzooError(f"data.id={self.id}: its actions are {acted}; {why}")

    def _check_takes_all(self) -> None:
        """Refuses an environment that fails on an action outside of its box.

        Raises:
            GenzooError: naming the setting that clips actions.
        """
        environment = self._make()
        high = environment.action_space.high
        environment.reset(seed=0)
        try:
            environment.step(np.where(high < 1e6, high + 1, 0).astype(high.dtype))  # beyond that there is no bound
        except Exception as error:  # whatever an environment makes of it
            raise GenzooError(
                f"data.clip_actions=false: a step of {self.id} by an action outside of its box ended in "
                f"{type(error).__name__}: {_first_line(error)}; data.clip_actions=true clips actions."
            ) from error
        finally:
            environment.close()

    @functools.cached_property
    def demonstrations(self) -> Demonstrations | None:
        """The chosen steps of the expert, those held out last; None = there are none.

        Raises:
            GenzooError: the file is missing or does not fit.
        """
        if self.file is None:
            return None
        path = locate(self.file, self.root)
        found = choose(read(path, self._said, self.id), self.trajectories, self.every, path.name)
        if not self.held_out:
            return found
        if not self._kept(found):
            raise GenzooError(
                f"data.held_out={self.held_out}: of the {len(found.times)} steps that data.trajectories and data.every "
                f"leave of {path.name} none would be learned from; hold out fewer."
            )
        order = torch.randperm(len(found.times), generator=generator(0, "held out"))
        return found.take(order)

    def demonstrated(self, split: str) -> Demonstrations | None:
        """The steps to learn from (``"train"``) or those held out (else all, if none is)."""
        found = self.demonstrations
        if found is None or not self.held_out:
            return found
        kept = self._kept(found)
        return found.take(slice(0, kept) if split == "train" else slice(kept, None))

    def _kept(self, found: Demonstrations) -> int:
        """Steps to learn from, if any is held out."""
        return len(found.times) - max(round(self.held_out * len(found.times)), 1)

    def make(self, render_mode: str | None = None) -> gymnasium.Env:
        """The environment, without a time limit and without Gymnasium's checks of each step.

        All episodes are played in what this returns, so all actions are clipped, or none is.

        Args:
            render_mode: ``"rgb_array"`` to draw it.

        Raises:
            GenzooError: packages are missing, it is no longer there, or it does not take the options.
        """
        environment = self._make(render_mode)
        return environment if self._raw or self._said.policy == "Categorical" else ClipAction(environment)

    def _make(self, render_mode: str | None = None) -> gymnasium.Env:
        known = gymnasium.spec(self.id)
        arguments = {**known.kwargs, **self.options} | ({"render_mode": render_mode} if render_mode else {})
        bare = {"max_episode_steps": None, "order_enforce": False, "disable_env_checker": True, "kwargs": arguments}
        try:
            return gymnasium.make(dataclasses.replace(known, **bare))
        except (gymnasium.error.DependencyNotInstalled, ModuleNotFoundError) as error:
            told = _first_line(error)
            hint = 'pip install "genzoo[mujoco]"' if "mujoco" in told.lower() else told
            raise GenzooError(f"data={self.name}: {self.id} needs packages that are not installed; {hint}") from error
        except ImportError as error:  # the environment is elsewhere by now
            raise GenzooError(f"data.id={self.id}: {_first_line(error)}") from error
        except Exception as error:  # whatever an environment makes of them
            raise GenzooError(
                f"data.options={self.options}: {self.id} ended in {type(error).__name__}: {_first_line(error)}; "
                "correct them."
            ) from error

    def describe(self) -> str:
        """What is observed and done, and for how long."""
        n = f"{self.spec.actions} actions" if self.spec.policy == "Categorical" else f"{self.spec.actions}-d actions"
        shown = self.demonstrations
        limit, own = self.spec.time_limit, gymnasium.registry[self.id].max_episode_steps
        besides = f" where {self.id} itself has {own}" if own not in (None, limit) else ""
        said = f"{self.spec.observations} numbers observed, {n}, at most {limit} steps{besides}"
        return (
            said if shown is None else f"{said}; an expert's {len(shown.times)} steps in {len(shown.returns)} episodes"
        )

    def fingerprint(self) -> str:
        """A hash of all that decides how the environment behaves, and of what the expert did."""
        settings = [self.id, self.options, self._said.time_limit, *(["raw actions"] if self._raw else [])]
        content = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        for array in self.demonstrations or ():
            content.update(array.numpy().tobytes())
        return content.hexdigest()[:16]

    def differs_from(self, source: str) -> str:
        """As the base's; environments have no source."""
        return (
            f"data={self.name}: the environment's settings or its demonstrations are not those of the run; put them "
            "back, or start a new run."
        )

    def initial(self) -> Demonstrations | None:
        """What the expert did."""
        return self.demonstrated("train")

    def train_dataloader(self) -> Iterations:
        """The rounds that the trainer's module has still to play."""
        return Iterations(self.rounds, self.trainer.lightning_module.progress.rounds)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), "")
