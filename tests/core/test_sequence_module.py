"""What models of sequences accept, and what other models say of sequences."""

import pytest
import torch

from genzoo.core.errors import GenzooError
from support.zoo import MODELS, built, text_of

NAMES = [name for name in MODELS if "${data.length}" in text_of(name)]
sequence_models = pytest.mark.parametrize("name", NAMES)


@sequence_models
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": (1, 7)}, r"has sequences of 7 tokens, but the model is built for 6; set the same length for"),
        ({"vocabulary": ("a", "b"), "levels": 2}, r"has a vocabulary of 2 words, but the model is built for 30; set"),
        ({"shape": (1, 6, 6), "axes": "hw", "vocabulary": ()}, "has images, but the model needs sequences of tokens"),
    ],
    ids=["length", "vocabulary", "images"],
)
def test_other_data_are_refused_in_one_line(name, change, message):
    _, data, module = built(name)
    module.check_data(data.spec)
    with pytest.raises(GenzooError, match=f"^data=oracle_sentences {message}") as caught:
        module.check_data(data.spec._replace(**change))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["vae", "gan_2d", "pixelcnn"])
def test_models_of_images_refuse_sequences(name):
    _, _, module = built(name)
    _, data, _ = built(NAMES[0])
    spec = data.spec._replace(shape=module.image_shape or data.spec.shape)
    with pytest.raises(GenzooError, match=r"^data=oracle_sentences has sequences of tokens, but the model needs"):
        module.check_data(spec)


@pytest.mark.parametrize("name", [name for name in NAMES if "data.classes" not in text_of(name)])
def test_the_likelihood_is_that_of_the_training_loss(name):
    _, data, module = built(name)
    data.setup()
    tokens = data.split("train").images
    loss = module.likelihood_loss(data.split("train"))
    torch.testing.assert_close(loss, -module.log_prob(tokens).mean() / 6)


@sequence_models
def test_wrong_sequences_are_one_line(name):
    module = built(name).module
    tokens = torch.zeros(2, 1, 6).long()
    for wrong, message in (
        (tokens[:, 0], r"sequences of shape \(2, 6\) were given"),
        (tokens[..., 1:], r"sequences of shape \(2, 1, 5\) were given"),
        (tokens + 30, "int64 values from 30 to 30 were given"),
        (tokens.float(), "float32 values from 0.0 to 0.0 were given"),
    ):
        with pytest.raises(GenzooError, match=f"^log_prob: {message}"):
            module.log_prob(wrong)


@sequence_models
def test_a_lower_temperature_draws_likelier_sequences(name):
    module = built(name).module
    with torch.no_grad():
        module.network.output.weight.mul_(50)
    nll = [-module.log_prob(module.sample(500, temperature=t)).mean() for t in (1.0, 0.3)]
    assert nll[1] < nll[0] - 0.5
    with pytest.raises(GenzooError, match=r"^model\.temperature=0: "):
        module.sample(2, temperature=0)
