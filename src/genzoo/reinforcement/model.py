"""The base class of models with a policy."""

from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.capabilities import Acts, ScoresActions
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.rounds import RoundModule
from genzoo.reinforcement.policies import Policy


class PolicyModel(RoundModule):
    """Base class of the models with a policy.

    Args:
        policy: distribution of the environment's actions.
        kwargs: of ``RoundModule``.
    """

    unit = "steps"
    accumulates = False

    def __init__(self, policy: Policy, **kwargs: Any):
        super().__init__(**kwargs)
        self.policy = policy

    def capabilities(self) -> frozenset[type]:
        """It returns actions and their log-probabilities."""
        return frozenset({Acts, ScoresActions})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Raises a GenzooError unless the data is an environment whose observations and actions fit the policy."""
        if not isinstance(data, EnvironmentSpec):
            raise GenzooError(
                f"data={data.name} has images, but the model needs an environment; choose one, such as data=cartpole."
            )
        needed = (data.observations, data.actions, data.policy)
        if (given := (self.policy.observations, self.policy.actions, self.policy.law)) != needed:
            raise GenzooError(
                f"model.policy: (observations, actions, law) {given} do not fit data={data.name}, which has {needed}; "
                "set the policy's to the same."
            )

    @in_inference
    def act(self, observations: Tensor, deterministic: bool = False, generator: Generator | None = None) -> Tensor:
        """Indices of actions (B,), or continuous actions (B, A), which may lie outside of the box."""
        distribution = self.policy(observations)
        return distribution.mode if deterministic else self.policy.sample(distribution, generator)

    @in_inference
    def action_log_prob(self, observations: Tensor, actions: Tensor) -> Tensor:
        """log π(a|s) in nats (B,)."""
        return self.policy(observations).log_prob(actions)

    def log_scalars(self, **values: Any) -> None:
        """Logs scalars."""
        for name, value in values.items():
            self.meters.log(name, torch.as_tensor(value, device=self.device))


def check_demonstrated(data: EnvironmentSpec) -> None:
    """Checks that the environment has demonstrations.

    Raises:
        GenzooError: it has none.
    """
    if not data.demonstrations:
        raise GenzooError(
            f"data={data.name} has no demonstrations, but the model imitates them; give data.demonstrations=<file.npz> "
            "(evaluate.py metrics=demonstrations records such a file), or choose data=cartpole or acrobot."
        )


def draw_demonstrated(shown: Any, n: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Observations and actions of n of the expert's steps ``shown``, drawn with replacement."""
    drawn = shown.take(torch.randint(len(shown.times), (n,)))
    return drawn.observations.to(device), drawn.actions.to(device)
