"""SeqGAN: the policy gradient against its exact value, values of prefixes, the discriminator's batches, the phases."""

import itertools
from types import SimpleNamespace

import pytest
import torch

from genzoo.adversarial.networks.sentences import SentenceDiscriminator
from genzoo.adversarial.sequence_gan import SequenceGAN
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.nn.language_lstm import LanguageLSTM
from support import composed, cpu_trainer, same, whole_and_cut
from support.judges import Judge, first_and_last
from support.zoo import SENTENCES, built


def game(probability=first_and_last, words=2, length=2, **settings):
    generator = LanguageLSTM(words, length, embedding=2, hidden=2, std=1.0, generator=torch.Generator().manual_seed(3))
    options = {"likelihood_rounds": 2, "discriminator_rounds": 3, "set_batches": 2, "sentences": 1, "roll_outs": 2}
    judge = settings.pop("discriminator", None) or Judge(words, length, probability)
    return SequenceGAN(generator, judge, **options | settings, optimizers={"generator": None, "discriminator": None})


def gradient(loss, module):
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, list(module.network.parameters()))])


def gradients(module, n, draws):
    """The gradient of the policy's loss of each of several batches of n sentences."""
    for _ in range(draws):
        (found,) = module.judged(ImageBatch(torch.zeros(n, 1, module.network.length), torch.zeros(n)))
        yield gradient(module.policy_loss(**found), module)


def test_the_gradient_is_the_exact_one_on_average():
    """For two words and two tokens: that of -Σ_y G(y) D(y), once for each token, which all Q are draws of."""
    module = game()
    every = torch.tensor(list(itertools.product(range(2), repeat=2)))
    log_prob = module.network.log_prob(every)
    chances, judged = log_prob.sum(1).exp().detach(), first_and_last(every)
    after_one = torch.stack([(chances * judged * (every[:, 0] == y)).sum() for y in range(2)])
    after_one = after_one / torch.stack([chances[every[:, 0] == y].sum() for y in range(2)])  # exact Q(y_1)
    exact = gradient(-(chances * (after_one[every[:, 0]] * log_prob[:, 0] + judged * log_prob[:, 1])).sum(), module)
    value = gradient(-(module.network.log_prob(every).sum(1).exp() * judged).sum(), module)
    torch.testing.assert_close(exact, value, atol=1e-6, rtol=1e-4)  # the policy gradient theorem

    torch.manual_seed(0)
    found = torch.stack(list(gradients(module, 500, 60)))
    error = found.std(0) / 60**0.5
    assert ((found.mean(0) - exact).abs() <= 3.5 * error + 1e-7).all()
    assert (exact.abs() > 10 * error).any()  # so many draws that a wrong one shows


def test_without_a_preference_of_the_discriminator_nothing_is_learnt_on_average():
    module = game(lambda tokens: torch.full((len(tokens),), 0.7), words=3, length=4)
    torch.manual_seed(0)
    found = torch.stack(list(gradients(module, 200, 60)))
    assert (found.mean(0).abs() <= 4 * found.std(0) / 60**0.5 + 1e-7).all()
    assert (found.std(0) > 0).any()


def test_values_are_means_over_completions_and_at_the_end_the_judgement_itself():
    module = game(lambda tokens: 0.1 + 0.01 * (tokens * torch.tensor([1, 2, 4, 8])).sum(1), 4, 4, roll_outs=4000)
    tokens = torch.tensor([[3, 1, 0, 2], [0, 0, 2, 2]])
    torch.manual_seed(0)
    values = module.values(tokens)
    assert values.shape == (2, 4)
    torch.testing.assert_close(values[:, 3], 0.1 + 0.01 * torch.tensor([21.0, 24.0]))
    every = torch.tensor(list(itertools.product(range(4), repeat=4)))
    chances, judged = module.network.log_prob(every).sum(1).exp(), module.discriminator.probability(every)
    for row, t in itertools.product(range(2), (1, 2, 3)):
        weights = chances * (every[:, :t] == tokens[row, :t]).all(1)
        expected = (weights * judged).sum() / weights.sum()
        assert values[row, t - 1].item() == pytest.approx(expected.item(), abs=5e-3)
    assert not values.requires_grad


def test_the_judgement_is_without_dropout_and_leaves_the_mode():
    discriminator = SentenceDiscriminator(2, 2, widths=[1], maps=[50], dropout=0.5)
    module = game(discriminator=discriminator)
    tokens = torch.zeros(3, 2).long()
    assert len(module.reward(tokens).unique()) == 1
    assert discriminator.training
    expected = discriminator.eval()(tokens).softmax(1)[:, 1]
    assert torch.equal(module.reward(tokens), expected)


def test_the_policys_loss_is_a_sum_over_sentences_and_tokens():
    module = game(sentences=64)
    tokens, values = torch.tensor([[0, 1], [1, 1]]), torch.tensor([[0.3, 0.5], [0.2, 0.9]])
    expected = -64 / 2 * (values * module.network.log_prob(tokens)).sum()
    torch.testing.assert_close(module.policy_loss(tokens, values), expected)


def test_the_discriminator_passes_thrice_through_as_many_real_and_generated_sentences():
    module = game(words=5, length=2, set_batches=3)
    with torch.no_grad():
        module.network.output.bias[0] = -torch.inf  # it never draws the word 0, of which the real ones consist
    real = ImageBatch(torch.zeros(12, 1, 2).long(), torch.zeros(12))
    torch.manual_seed(0)
    batches = list(module.mixed(real))
    assert [len(batch["labels"]) for batch in batches] == 18 * [4]
    for first in (0, 6, 12):
        tokens = torch.cat([batch["tokens"] for batch in batches[first : first + 6]])
        labels = torch.cat([batch["labels"] for batch in batches[first : first + 6]])
        assert labels.sum() == 12
        assert ((tokens == 0).all(1) == labels.bool()).all()


def test_the_discriminators_loss_has_the_decay_of_its_last_layer():
    discriminator = SentenceDiscriminator(3, 2, widths=[1], maps=[4]).eval()
    module = game(discriminator=discriminator, words=3)
    tokens, labels = torch.tensor([[0, 1], [2, 2]]), torch.tensor([1, 0])
    p = discriminator(tokens).softmax(1)
    layer = discriminator.output
    decay = 0.2 * (layer.weight.square().sum() + layer.bias.square().sum()) / 2
    expected = -(p[0, 1].log() + p[1, 0].log()) / 2 + decay
    torch.testing.assert_close(module.discriminator_loss(tokens, labels), expected)


def test_the_phases_follow_one_another():
    repeats = [[turn.repeats_in(round) for turn in game().turns()] for round in range(7)]
    likelihood, discriminator, begins, later = [2, 0, 0, 0], [0, 0, 0, 1], [0, 1, 1, 5], [0, 0, 1, 5]
    assert repeats == [likelihood, likelihood, *3 * [discriminator], begins, later]


def test_the_game_begins_with_a_new_optimizer_of_the_generator_only():
    _, data, module = built("seqgan")
    trainer = cpu_trainer()
    data.setup()
    trainer.fit(module, datamodule=data)  # one round of likelihood, one of the game
    state = dict(zip(module.players(), (optimizer.state for optimizer in trainer.optimizers), strict=True))
    assert {int(one["step"]) for one in state["generator"].values()} == {1}
    assert {int(one["step"]) for one in state["discriminator"].values()} == {5 * 3 * 2}


def test_only_the_generators_gradient_is_clipped():
    module = game()
    module.gradient_clip, module._parameters_of = 0.5, {}
    for player, (network,) in module.players().items():
        module._parameters_of[player] = list(network.parameters())
        for p in network.parameters():
            p.grad = torch.ones_like(p)
        module._step(player, SimpleNamespace(step=lambda: None))
    norms = {name: torch.stack([p.grad.norm() for p in ps]).norm() for name, ps in module._parameters_of.items()}
    assert norms["generator"].item() == pytest.approx(0.5, rel=1e-4)
    assert norms["discriminator"] > 2


@pytest.mark.parametrize("at", [2, 3], ids=["before the game", "in the game"])
def test_resume_is_exact_in_each_phase(at, tmp_path, monkeypatch):
    phases = ("recipe.smoke.likelihood_rounds=1", "recipe.smoke.discriminator_rounds=1")
    options = (
        "model=seqgan",
        *SENTENCES,
        "trainer=smoke",
        "logger=none",
        "metrics=none",
        "recipe.batch_size=8",
        *phases,
    )
    saved = ("callbacks.oracle=null", "callbacks.checkpoints.times=null", "callbacks.checkpoints.every=1")
    one, two = whole_and_cut((*options, *saved), at, tmp_path, monkeypatch)
    for key in ("state_dict", "optimizer_states", "progress"):
        assert same(one[key], two[key]), key


@pytest.mark.parametrize("key", ["roll_outs", "set_batches", "sentences", "refreshes", "passes"])
def test_zeros_are_refused(key):
    with pytest.raises(GenzooError, match=rf"^model\.{key}=0: a positive integer is needed\.$"):
        game(**{key: 0})


def test_networks_for_different_sentences_are_refused():
    with pytest.raises(GenzooError, match=r"^model\.generator, model\.discriminator: \(2, 2\) and \(2, 3\) "):
        game(discriminator=Judge(2, 3, first_and_last))


def test_a_run_without_rounds_for_the_game_is_refused():
    _, data, module = built("seqgan")
    data.rounds = 1
    with pytest.raises(GenzooError, match=r"^model\.likelihood_rounds \+ model\.discriminator_rounds=1: the run"):
        cpu_trainer().fit(module, datamodule=data)


def test_the_recipe_is_as_long_as_its_phases():
    config = composed("model=seqgan", "data=oracle_sentences")
    assert config.recipe.rounds == 200 + config.width.likelihood_rounds + config.width.discriminator_rounds
    assert config.width.set_batches == config.data.n_train // config.recipe.batch_size
