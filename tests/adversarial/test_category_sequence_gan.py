"""CS-GAN: rewards by discriminator and classifier, the policy gradient of each class, the classifier's batches."""

import itertools

import pytest
import torch
from torch.nn import functional as F

from genzoo.adversarial.category_sequence_gan import CategorySequenceGAN
from genzoo.adversarial.networks.sentences import SentenceDiscriminator
from genzoo.core.batches import ImageBatch
from genzoo.core.errors import GenzooError
from genzoo.nn.class_lstm import ClassLSTM
from support import composed, same, whole_and_cut
from support.judges import Judge, first_and_last
from support.zoo import OF_CLASSES


def second(tokens):
    return 0.3 + 0.6 * tokens[:, -1]


def game(words=2, length=2, **settings):
    generator = ClassLSTM(words, length, 2, 2, 2, std=1.0, generator=torch.Generator().manual_seed(3))
    options = {"likelihood_rounds": 2, "discriminator_rounds": 3, "set_batches": 2, "sentences": 1, "roll_outs": 2}
    critics = {"discriminator": Judge(words, length, first_and_last), "classifier": Judge(words, length, second)}
    optimizers = dict.fromkeys(("generator", "discriminator", "classifier"))
    return CategorySequenceGAN(generator, **critics | options | settings, optimizers=optimizers)


def test_the_reward_is_the_probability_of_being_real_and_of_the_class():
    tokens = torch.tensor([[0, 1], [0, 1], [1, 0]])
    found = game().reward(tokens, classes=torch.tensor([0, 1, 1]))
    torch.testing.assert_close(found, torch.tensor([0.4 * 0.1, 0.4 * 0.9, 0.7 * 0.3]))
    assert not found.requires_grad


def test_values_are_means_over_completions_of_the_class():
    module = game(roll_outs=20_000)
    tokens, classes = torch.tensor([[0, 1], [0, 1], [1, 0]]), torch.tensor([0, 1, 1])
    torch.manual_seed(0)
    values = module.values(tokens, classes=classes)
    for row, c in enumerate(classes):
        ends = torch.tensor([[tokens[row, 0], y] for y in range(2)])
        chances = module.network.log_prob(ends, c.expand(2))[:, 1].exp()
        expected = (chances * module.reward(ends, classes=c.expand(2))).sum()
        assert values[row, 0].item() == pytest.approx(expected.item(), abs=0.01)
    torch.testing.assert_close(values[:, 1], module.reward(tokens, classes=classes))


def test_the_gradient_is_that_of_the_expected_rewards_of_both_classes():
    """For two words and two tokens: -Σ_c Σ_y G(y|c) (Q(y_1) + R(y)), each Q once for its token."""
    module = game()
    every = torch.tensor(list(itertools.product(range(2), repeat=2)))
    parameters = list(module.network.parameters())

    def value():
        of_each = [module.network.log_prob(every, torch.full((4,), c)).sum(1).exp() for c in (0, 1)]
        rewards = [module.reward(every, classes=torch.full((4,), c)) for c in (0, 1)]
        return -sum((chances * reward).sum() for chances, reward in zip(of_each, rewards, strict=True)) / 2

    exact = torch.cat([g.flatten() for g in torch.autograd.grad(value(), parameters)])
    torch.manual_seed(0)
    found = []
    for _ in range(60):
        batch = ImageBatch(torch.zeros(500, 1, 2), torch.arange(500) % 2)
        (drawn,) = module.judged(batch)
        gradient = torch.autograd.grad(module.policy_loss(**drawn), parameters)
        found.append(torch.cat([g.flatten() for g in gradient]))
    found = torch.stack(found)
    error = found.std(0) / 60**0.5
    assert ((found.mean(0) - exact).abs() <= 3.5 * error + 1e-7).all()
    assert (exact.abs() > 10 * error).any()  # so many draws that a wrong one shows


def test_sentences_have_the_classes_of_the_real_ones():
    """The generator writes the class as a word."""
    module = game(words=3, set_batches=3)
    module.network.draw = lambda n, classes: classes[:, None].expand(n, 2)
    labels = torch.arange(12) % 2
    batch = ImageBatch(torch.full((12, 1, 2), 2), labels)
    (judged,) = module.judged(batch)
    assert torch.equal(judged["tokens"][:, 0], judged["classes"])
    for one in module.mixed(batch):
        made = one["labels"] == 0
        assert torch.equal(one["tokens"][made, 0], one["classes"][made])
        assert (one["tokens"][~made] == 2).all()
    pairs = [(one["labels"], one["classes"]) for one in itertools.islice(module.mixed(batch), 6)]
    marks, classes = (torch.cat(found) for found in zip(*pairs, strict=True))
    assert classes[marks == 1].sum() == classes[marks == 0].sum() == 6


def test_the_classifier_learns_the_classes_of_real_and_of_generated_sentences():
    classifier = SentenceDiscriminator(3, 2, widths=[1], maps=[4], outputs=2).eval()
    module = game(words=3, classifier=classifier)
    tokens, classes = torch.tensor([[0, 1], [2, 2]]), torch.tensor([1, 0])
    expected = -F.log_softmax(classifier(tokens), 1)[[0, 1], [1, 0]].mean()
    torch.testing.assert_close(module.classifier_loss(tokens, torch.tensor([1, 0]), classes), expected)


def test_discriminator_and_classifier_learn_from_the_same_batches():
    *_, turn = game().turns()
    assert set(turn.losses) == {"discriminator", "classifier"}
    assert [turn.repeats_in(round) for round in (1, 2, 5, 6)] == [0, 1, 5, 5]


@pytest.mark.parametrize("at", [2, 3], ids=["before the game", "in the game"])
def test_resume_is_exact_in_each_phase(at, tmp_path, monkeypatch):
    phases = ("recipe.smoke.likelihood_rounds=1", "recipe.smoke.discriminator_rounds=1", "recipe.batch_size=8")
    options = ("model=cs_gan", *OF_CLASSES, "trainer=smoke", "logger=none", "metrics=none", *phases)
    saved = ("callbacks.oracle=null", "callbacks.checkpoints.times=null", "callbacks.checkpoints.every=1")
    one, two = whole_and_cut((*options, *saved), at, tmp_path, monkeypatch)
    for key in ("state_dict", "optimizer_states", "progress"):
        assert same(one[key], two[key]), key


def test_a_classifier_of_other_classes_is_refused():
    with pytest.raises(GenzooError, match=r"^model\.classifier\.outputs=3: 2 are needed, one per class\.$"):
        game(classifier=SentenceDiscriminator(2, 2, widths=[1], maps=[4], outputs=3))
    with pytest.raises(GenzooError, match=r"^model\.generator, model\.classifier: \(2, 2\) and \(2, 3\) \(words, len"):
        game(classifier=SentenceDiscriminator(2, 3, widths=[1], maps=[4]))


def test_the_recipe_is_seqgans():
    data = ("data=oracle_sentences", "data.classes=2")
    ours, theirs = (composed(f"model={name}", *data) for name in ("cs_gan", "seqgan"))
    assert ours.recipe.rounds == theirs.recipe.rounds
    assert ours.width.generator == theirs.width.generator
