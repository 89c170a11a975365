"""What all models that act share: a policy that fits its environment."""

from typing import Any

import torch
from torch import Generator, Tensor

from genzoo.core.batches import DataSpec, EnvironmentSpec
from genzoo.core.capabilities import Acts
from genzoo.core.errors import GenzooError
from genzoo.core.inference import in_inference
from genzoo.core.rounds import RoundModule
from genzoo.reinforcement.policies import Policy


class PolicyModel(RoundModule):
    """Base of the models that act.

    Args:
        policy: of the environment's actions.
        kwargs: of ``RoundModule``.
    """

    unit = "steps"
    accumulates = False

    def __init__(self, policy: Policy, **kwargs: Any):
        super().__init__(**kwargs)
        self.policy = policy

    def capabilities(self) -> frozenset[type]:
        """It acts."""
        return frozenset({Acts})

    def check_data(self, data: DataSpec | EnvironmentSpec) -> None:
        """Refuses all but environments that the policy fits."""
        if not isinstance(data, EnvironmentSpec):
            raise GenzooError(
                f"data={data.name} gives images, but the model acts; choose an environment, such as data=cartpole."
            )
        needed = (data.observations, data.actions, data.policy)
        if (given := (self.policy.observations, self.policy.actions, self.policy.law)) != needed:
            raise GenzooError(
                f"model.policy: (observations, actions, law) {given} do not fit data={data.name}, which has {needed}; "
                "give the policy the same."
            )

    @in_inference
    def act(self, observations: Tensor, deterministic: bool = False, generator: Generator | None = None) -> Tensor:
        """Numbers of actions (B,), or points (B, A), which may lie outside of the box."""
        distribution = self.policy(observations)
        return distribution.mode if deterministic else self.policy.sample(distribution, generator)

    def record(self, **values: Any) -> None:
        """Logs scalars."""
        for name, value in values.items():
            self.meters.record(name, torch.as_tensor(value, device=self.device))
