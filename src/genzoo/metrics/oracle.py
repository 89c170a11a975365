"""Negative log-likelihoods of sequences under the distribution that the data are drawn from."""

from typing import Protocol, runtime_checkable

from torch import Tensor

from genzoo.core.batches import Tokens
from genzoo.core.capabilities import Samples, ScoresLikelihood
from genzoo.core.checks import check_positive
from genzoo.core.randomness import generator
from genzoo.core.registry import register
from genzoo.core.rounds import RoundModule
from genzoo.data.module import SetData
from genzoo.metrics.evaluation import Evaluation
from genzoo.metrics.scored import check_finite, log_prob, standard_error

STANDARD = 10_000


@runtime_checkable
class Oracle(Protocol):
    """Sequences whose probability is known."""

    def oracle_nll(self, tokens: Tensor) -> Tensor:
        """-1/T log p(y) in nats per token, (N,), of sequences of tokens (N, 1, T), on the CPU; infinite where p = 0."""
        ...


@register
class OracleLikelihood:
    """The mean of -1/T log p(y) of samples y under the distribution p of the data.

    A model that draws few but likely sequences has a low value, too, one even below that of the data. Therefore the
    value of the split's own sequences stands beside it, and, of models with a likelihood, -1/T log q(y) of these.
    Samples whose probability is 0 are left out; their share is 1 - ``oracle_possible``.

    Args:
        samples: number of samples; names end in ``_n<samples>`` if it is not 10,000.
        batch_size: sequences per pass of the model's likelihood.
        seed: seed of the samples.

    Raises:
        GenzooError: a number is not a positive integer.

    Source: Yu et al. 2017, arXiv 1609.05473, equation 11; LantaoYu/SeqGAN, sequence_gan.py (10,000 samples). That it
        rewards likely samples: Caccia et al. 2018, arXiv 1811.02549.
    """

    needs = frozenset({Samples, Tokens})

    def __init__(self, samples: int = STANDARD, batch_size: int = 100, seed: int = 0):
        check_positive("metrics.oracle.samples", samples)
        check_positive("metrics.oracle.batch_size", batch_size)
        self.samples, self.batch_size, self.seed = samples, batch_size, seed

    def __call__(self, module: RoundModule, data: SetData, split: str) -> Evaluation:
        """Returns ``oracle_possible``, and in nats per token ``oracle_nll``, ``oracle_nll_data`` and ``nll_per_token``.

        Empty if the distribution of the data is not known; without ``oracle_nll`` if no sample is possible, and without
        the last two if the split is empty.

        Raises:
            GenzooError: a sequence's likelihood under the model is not finite.
        """
        if not isinstance(data, Oracle):
            return Evaluation()
        suffix = "" if self.samples == STANDARD else f"_n{self.samples}"
        of_samples = data.oracle_nll(module.sample(self.samples, generator=generator(self.seed, "oracle")).cpu())
        possible = of_samples.isfinite()
        values = {f"oracle_possible{suffix}": possible.float().mean().item()}
        if possible.any():
            values[f"oracle_nll{suffix}"] = of_samples[possible].mean().item()
            values[f"oracle_nll{suffix}_standard_error"] = standard_error(of_samples[possible])
        if len(own := data.evaluation_images(split).images):
            values["oracle_nll_data"] = data.oracle_nll(own).mean().item()
            if ScoresLikelihood in module.capabilities():
                draws = generator(self.seed, "oracle", split, device=module.device)
                nll = -log_prob(module, own, 1, self.batch_size, draws)
                check_finite("metrics.oracle", "log p(y)", nll)
                values["nll_per_token"] = nll.mean().item() / own.shape[-1]
        return Evaluation(values, protocol={"samples": self.samples, "seed": self.seed, "sequences": len(own)})
