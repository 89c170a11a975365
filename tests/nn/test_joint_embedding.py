"""The joint embedding's loss by a double loop, and the mean of captions; the layers of the text encoder."""

import pytest
import torch
from torch import nn

from genzoo.core.errors import GenzooError
from genzoo.core.text import to_numbers
from genzoo.nn.char_cnn import CharCNNRNN
from genzoo.nn.joint_embedding import JointEmbedding


class Lookup(nn.Module):
    """Rows of a table."""

    def __init__(self, table):
        super().__init__()
        self.table, self.outputs = nn.Parameter(table), table.shape[1]

    def forward(self, numbers):
        return self.table[numbers.flatten(1)[:, 0].long()]


def test_the_loss_is_the_structured_hinge_of_both_directions():
    randomness = torch.Generator().manual_seed(0)
    text, image = (torch.randn(6, 3, generator=randomness) for _ in range(2))
    embedding, labels = JointEmbedding(Lookup(text), Lookup(image), classes=2), torch.tensor([0, 1, 1, 0, 1, 0])
    found = embedding.loss(*2 * [torch.arange(6)[:, None]], labels)
    scores, total = (image @ text.T).tolist(), 0.0
    for i in range(6):
        for j in range(6):
            if i != j:
                total += max(0, 1 + scores[i][j] - scores[i][i]) + max(0, 1 + scores[i][j] - scores[j][j])
    log_p = embedding.classifier(image).log_softmax(1)
    torch.testing.assert_close(found, total / 36 - log_p[torch.arange(6), labels].mean())


def test_matching_rows_far_apart_have_no_loss():
    far, labels = torch.eye(4) * 2, torch.arange(4)
    embedding = JointEmbedding(Lookup(far), Lookup(far), classes=4)
    nn.init.eye_(embedding.classifier.weight).data.mul_(100)
    assert embedding.loss(*2 * [labels[:, None]], labels) == 0


def test_an_images_embedding_of_text_is_the_mean_of_its_captions():
    table = torch.arange(8.0)[:, None]
    captions = torch.tensor([[[1], [3]], [[0], [7]]])
    assert JointEmbedding(Lookup(table), Lookup(table), classes=2).text(captions).flatten().tolist() == [2.0, 3.5]


def test_the_end_of_a_sentence_is_a_row_of_zeros_and_all_characters_count():
    torch.manual_seed(0)
    encoder = CharCNNRNN(outputs=4, length=48, channels=(16, 16, 16), hidden=8)
    seen = []
    encoder.convolutions.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    a, b, c = encoder(to_numbers(["a cat at the mat", "a cat at the matt", "b cat at the mat"], 48))
    assert seen[0].shape == (3, 69, 48)
    assert seen[0].sum(1)[0].tolist() == [1.0] * 16 + [0.0] * 32
    assert not torch.equal(a, b)
    assert not torch.equal(a, c)


def test_sentences_too_short_for_the_convolutions_are_refused():
    CharCNNRNN(outputs=2, length=48)(torch.zeros(1, 48, dtype=torch.uint8))
    with pytest.raises(GenzooError, match=r"^model\.embedding\.text_encoder\.length=47: .*48"):
        CharCNNRNN(outputs=2, length=47)


def test_sentences_of_201_characters_have_the_papers_18_steps():
    encoder, steps = CharCNNRNN(outputs=2, length=201, channels=(2, 2, 2), hidden=2), []
    encoder.recurrent.register_forward_pre_hook(lambda _, given: steps.append(given[0].shape))
    encoder(torch.zeros(1, 201, dtype=torch.uint8))
    assert steps == [(1, 18, 2)]
