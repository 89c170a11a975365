"""How much a model is like an expert, on steps that it did not learn from."""

from genzoo.core.capabilities import Acts, ScoresActions
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.source import Data
from genzoo.metrics.evaluation import Evaluation


@register
class ImitationError:
    """The error of a model on the expert's steps that ``data.held_out`` keeps from it.

    Of a finite set of actions -log π(a|s) in nats; of a box the squared distance of the most likely action from the
    expert's. Both are means over steps, and the lower the better.

    Source: openai/imitation, policyopt/imitation.py (``BehavioralCloningOptimizer``), which chooses snapshots by them.
    """

    needs = frozenset({Acts, ScoresActions})

    def __call__(self, module: RoundModule, data: Data, split: str) -> Evaluation:
        """``imitation_error`` on validation data; nothing on others, or if no step is held out."""
        if split != "validation" or not (data.spec.demonstrations and data.held_out):
            return Evaluation()
        held = data.demonstrated("validation")
        observations, actions = held.observations.to(module.device), held.actions.to(module.device)
        if data.spec.policy == "Categorical":
            errors = -module.action_log_prob(observations, actions)
        else:
            errors = (module.act(observations, deterministic=True) - actions).square().sum(1)
        return Evaluation({"imitation_error": errors.mean()}, protocol={"steps": len(held.times)})
