"""How well a policy imitates the expert on held-out steps."""

from genzoo.core.capabilities import Acts, ScoresActions
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Evaluation


@register
class ImitationError:
    """The error of a policy on the expert's steps that ``data.held_out`` excludes from training.

    For discrete actions -log π(a|s) in nats; for continuous actions the squared distance of the most likely action from
    the expert's. Both are means over steps; lower is better.

    Source: openai/imitation, policyopt/imitation.py (``BehavioralCloningOptimizer``), which selects snapshots by them.
    """

    needs = frozenset({Acts, ScoresActions})

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """Returns ``imitation_error`` on validation data; empty on other splits, or if no step is held out."""
        if split != "validation" or not (data.spec.demonstrations and data.held_out):
            return Evaluation()
        held = data.demonstrated("validation")
        observations, actions = held.observations.to(module.device), held.actions.to(module.device)
        if data.spec.policy == "Categorical":
            errors = -module.action_log_prob(observations, actions)
        else:
            errors = (module.act(observations, deterministic=True) - actions).square().sum(1)
        return Evaluation({"imitation_error": errors.mean()}, protocol={"steps": len(held.times)})
