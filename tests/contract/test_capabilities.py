"""Every conf/model/*.yaml keeps the promise of each capability that it has."""

import pytest
import torch

from genzoo.core import capabilities
from genzoo.core.batches import Events
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from support.zoo import (
    able,
    actions_of,
    built,
    completed,
    edited,
    given_of,
    images_for,
    levels_for,
    restored,
    translations_of,
)


def asked_twice(module, method) -> torch.Tensor:
    """A method's answer for images, which must be the same each time and leave no trace."""
    images = images_for(module)
    a, b = method(images), method(images)
    assert torch.equal(a, b)
    assert module.training, "asking must leave the module as it was"
    assert not a.requires_grad
    return a


def bounds_of(spec) -> tuple[float, float]:
    """Least and largest value that data may have: of tokens, of energies in GeV, of events, of images."""
    if spec.vocabulary:
        return 0, len(spec.vocabulary) - 1
    if Events in spec.kinds:
        return -float("inf"), float("inf")
    return (0, float("inf")) if spec.parts else (-1, 1)


@pytest.mark.parametrize("name", able(capabilities.Samples))
def test_samples_are_like_the_data_and_the_same_for_the_same_generator(name):
    _, data, module = built(name)
    a, b, c = (module.sample(7, generator=torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert a.shape == (7, *module.image_shape)
    assert a.dtype == images_for(module).dtype
    assert data.spec.shape == a.shape[1:]
    low, high = bounds_of(data.spec)
    assert low <= a.min() <= a.max() <= high
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert module.training, "sampling must leave the module as it was"
    assert not a.requires_grad


@pytest.mark.parametrize("name", able(capabilities.Predicts))
def test_predicted_frames_are_frames_and_depend_on_the_given_ones(name):
    module = built(name).module
    found = asked_twice(module, lambda videos: module.predict(videos[:, :, :4], 2))
    channels, _, *size = module.image_shape
    assert found.shape == (32, channels, 2, *size)
    assert found.dtype == torch.float32
    assert found.abs().max() <= 1
    others = module.predict(-images_for(module)[:, :, :4], 2)
    assert not torch.equal(found, others)


@pytest.mark.parametrize("name", able(capabilities.Decodes))
def test_images_can_be_differentiated_by_their_codes(name):
    module = built(name).module
    z = module.latent.sample(3, torch.Generator().manual_seed(0))
    plain, state = module.decode(z), {key: value.clone() for key, value in module.state_dict().items()}
    trained = [parameter.requires_grad for parameter in module.parameters()]
    z.requires_grad_()
    with module.differentiable():
        images = module.decode(z)
    images.square().sum().backward()
    torch.testing.assert_close(images, plain)  # an LSTM that is differentiated is computed by another kernel
    assert all(row.any() for row in z.grad)
    assert all(parameter.grad is None for parameter in module.parameters())
    assert [parameter.requires_grad for parameter in module.parameters()] == trained
    assert all(torch.equal(value, state[key]) for key, value in module.state_dict().items())
    assert module.training
    assert not module.decode(z).requires_grad


@pytest.mark.parametrize("name", able(capabilities.Samples))
def test_wrong_labels_are_one_line(name):
    module = built(name).module
    for labels in (torch.tensor([0.0, 1.0]), torch.tensor([[0, 1]]), torch.tensor([0, -1]), torch.zeros(3).long(), 1):
        with pytest.raises(GenzooError, match=r"^labels: ") as error:
            module.sample(2, labels)
        assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", able(capabilities.SamplesClasses))
def test_classes_are_those_of_the_data_and_change_the_samples(name):
    _, data, module = built(name)
    assert module.label_classes == data.spec.classes
    a, b = (module.sample(2, torch.full((2,), i), torch.Generator().manual_seed(0)) for i in (0, data.spec.classes - 1))
    assert not torch.equal(a, b)


@pytest.mark.parametrize("name", able(capabilities.SamplesAtTemperature))
def test_the_temperature_changes_the_samples(name):
    module = built(name).module
    a, b, c = (
        module.sample(5, generator=torch.Generator().manual_seed(0), temperature=t)
        for t in (None, module.temperature, 0.01)
    )
    assert torch.equal(a, b)
    assert not torch.equal(a, c)


@pytest.mark.parametrize("name", able(capabilities.Decodes))
def test_the_image_of_a_code_does_not_depend_on_the_other_codes(name):
    module = built(name).module
    first, *others = (module.latent.sample(1, torch.Generator().manual_seed(i)) for i in range(4))
    alone = module.decode(first)
    for codes in (torch.cat([first, *others]), first.expand(9, -1)):
        assert torch.allclose(module.decode(codes)[:1], alone, atol=1e-5)


@pytest.mark.parametrize("name", able(capabilities.Embeds))
def test_representations_have_less_width_and_do_not_depend_on_the_other_codes(name):
    module = built(name).module
    codes = module.latent.sample(5, torch.Generator().manual_seed(0))
    found = module.embed(codes)
    assert len(found) == 5
    assert found.shape[1] < module.latent.width
    assert not found.requires_grad
    assert torch.allclose(module.embed(codes[:1]), found[:1], atol=1e-6)
    assert module.training, "asking must leave the module as it was"


@pytest.mark.parametrize("name", able(capabilities.Acts))
def test_actions_are_those_of_the_environment_and_the_same_for_the_same_generator(name):
    _, data, module = built(name)
    a = actions_of(module)
    assert torch.equal(a, actions_of(module))
    space = data.make().action_space
    assert a.shape == (5000, *space.shape)
    assert all(space.contains(action) for action in a.numpy())
    assert module.training, "acting must leave the module as it was"
    assert not a.requires_grad


@pytest.mark.parametrize("name", able(capabilities.Features))
def test_features_are_a_vector_an_image_and_the_same_for_the_same_images(name):
    module = built(name).module
    a = asked_twice(module, module.features)
    assert a.dim() == 2
    assert len(a) == 32
    assert a.isfinite().all()


@pytest.mark.parametrize("name", able(capabilities.Classifies))
def test_classes_are_scored_for_every_image(name):
    _, data, module = built(name)
    a = asked_twice(module, module.classify)
    assert a.shape == (32, data.spec.classes)


@pytest.mark.parametrize("name", able(capabilities.ScoresRealism))
def test_realism_is_a_number_an_image_and_the_same_for_the_same_images(name):
    module = built(name).module
    a = asked_twice(module, module.realism)
    assert a.shape == (32,)
    assert a.isfinite().all()


@pytest.mark.parametrize("name", able(capabilities.Encodes))
def test_codes_are_those_of_the_latent(name):
    module = built(name).module
    assert asked_twice(module, module.encode).shape == (32, module.latent.width)


@pytest.mark.parametrize("name", able(capabilities.ScoresLikelihood))
def test_likelihoods_are_a_number_an_image_and_the_same_for_the_same_generator(name):
    module = built(name).module
    levels = levels_for(module)
    a, b = (module.log_prob(levels, 2, torch.Generator().manual_seed(0)) for _ in range(2))
    assert a.shape == (32,)
    assert a.dtype == torch.float32
    assert torch.equal(a, b)
    assert (a < 0).all()
    assert module.training, "scoring must leave the module as it was"
    assert not a.requires_grad


@pytest.mark.parametrize("name", able(capabilities.MapsLikelihood))
def test_maps_of_the_likelihood_sum_to_it(name):
    module = built(name).module
    levels = levels_for(module)
    found = module.log_prob_map(levels)
    assert found.shape == (32, *module.image_shape[1:])
    assert (found <= 0).all()
    torch.testing.assert_close(found.sum((1, 2)), module.log_prob(levels))
    assert module.training, "scoring must leave the module as it was"
    assert not found.requires_grad


@pytest.mark.parametrize("name", able(capabilities.HasReceptiveField))
def test_receptive_fields_hold_nothing_that_is_not_before(name):
    module = built(name).module
    found = module.receptive_field(levels_for(module), 2, 3, torch.Generator().manual_seed(0))
    assert found.shape == module.image_shape[1:]
    own = 2 * found.shape[1] + 3
    assert (found.flatten()[own - 1 : own] > 0).all()
    assert (found.flatten()[own + 1 :] == 0).all()
    assert module.training, "asking must leave the module as it was"
    assert all(p.grad is None for p in module.parameters())


@pytest.mark.parametrize("name", able(capabilities.Completes))
def test_completions_keep_what_is_given(name):
    module = built(name).module
    a = asked_twice(module, lambda images: completed(module, images))
    images = images_for(module)
    given = given_of(module, images).expand_as(a)
    assert given.any()
    assert a.shape == images.shape
    assert -1 <= a.min() <= a.max() <= 1
    assert torch.equal(a[given], images[given])
    assert not torch.equal(a[~given], images[~given])
    hidden = images.where(given, 1.0 - images)
    assert torch.equal(completed(module, hidden), a), "what is missing must not be seen"


@pytest.mark.parametrize("name", able(capabilities.Completes, capabilities.Samples))
def test_completions_are_drawn_for_every_mask(name):
    module = built(name).module
    images = images_for(module)
    given = ~given_of(module, images)
    one, other = (module.complete(images, given, torch.Generator().manual_seed(s)) for s in (0, 1))
    assert not torch.equal(one, other)


@pytest.mark.parametrize("name", able(capabilities.Completes))
def test_wrong_images_and_masks_are_one_line(name):
    module = built(name).module
    images = images_for(module)
    given = given_of(module, images)
    for wrong in ((images[:, :, 1:], given), (images, given[:, 0]), (images + 5, given)):
        with pytest.raises(GenzooError, match=r"^complete: "):
            module.complete(*wrong)


@pytest.mark.parametrize("name", able(capabilities.DrawsSequentially))
def test_canvases_change_until_they_are_samples(name):
    module = built(name).module
    *frames, last = module.canvases(5, torch.Generator().manual_seed(0)).images
    assert frames
    assert not any(torch.equal(frame, last) for frame in frames[:-1])
    assert torch.equal(last, module.sample(5, generator=torch.Generator().manual_seed(0)))
    assert module.training, "sampling must leave the module as it was"


@pytest.mark.parametrize("name", able(capabilities.BoundsLikelihood))
def test_bounds_are_below_the_likelihood(name):
    module = built(name).module
    bound = module.bound(levels_for(module), torch.Generator().manual_seed(0))
    elbo = bound.log_likelihood - sum(bound.kl.values())
    assert elbo.shape == (32,)
    many = module.log_prob(levels_for(module), 50, torch.Generator().manual_seed(0))
    assert elbo.mean() < many.mean() + 0.1  # of one draw, so not to the last digit
    assert module.training, "scoring must leave the module as it was"


@pytest.mark.parametrize("name", able(capabilities.InfersCodes))
def test_inferred_codes_are_those_that_it_declares(name):
    module = built(name).module
    found = module.infer_codes(images_for(module))
    assert found
    assert {part: tuple(code.shape) for part, code in found.items()} == {
        name: (32, part.size) for name, part in module.inferred.items()
    }
    assert module.training, "inferring must leave the module as it was"


@pytest.mark.parametrize("name", able(capabilities.ScoresActions))
def test_likelihoods_of_actions_are_a_number_per_observation(name):
    module = built(name).module
    observations = torch.randn(5000, module.policy.observations, generator=torch.Generator().manual_seed(1))
    actions = torch.arange(module.policy.actions)
    scores = torch.stack([module.action_log_prob(observations, action.expand(5000)) for action in actions])
    assert scores.shape[1:] == (5000,)
    torch.testing.assert_close(scores.exp().sum(0), torch.ones(5000))  # cartpole's actions are a finite set
    assert module.training, "scoring must leave the module as it was"
    assert not scores.requires_grad


@pytest.mark.parametrize("name", able(capabilities.Translates))
def test_translations_are_images_of_the_target_and_the_same_for_the_same_generator(name):
    _, data, module = built(name)
    channels = {"A": data.spec.channels, "B": data.spec.target_channels}
    one, other = translations_of(module), translations_of(module)
    assert one.keys() == {a + b for a, b in module.directions}
    for direction, images in one.items():
        assert images.shape == (3, channels[direction[1]], data.spec.size, data.spec.size)
        assert -1 <= images.min() <= images.max() <= 1
        assert torch.equal(images, other[direction])
        assert not images.requires_grad
    assert module.training, "asking must leave the module as it was"


@pytest.mark.parametrize("name", able(capabilities.Translates))
def test_unknown_domains_and_other_shapes_are_one_line(name):
    module = built(name).module
    (source, target), network = next(iter(module.networks().items()))
    with pytest.raises(GenzooError, match=r"^translate: no direction from A to C; this model has: "):
        module.translate(torch.zeros(1, *network.shape), "A", "C")
    with pytest.raises(GenzooError, match=r"^translate: images of .* \(5, 3, 3\) were given, but domain"):
        module.translate(torch.zeros(1, 5, 3, 3), source, target)
    with pytest.raises(GenzooError, match=r"^translate: images of .* were given, but domain"):  # without the width
        module.translate(torch.zeros(1, *network.shape[:2]), source, target)


@pytest.mark.parametrize("name", able(capabilities.SamplesGiven))
def test_what_is_asked_for_is_drawn_once_per_row(name):
    _, data, module = built(name)
    given = {key: value[:5] for key, value in data.split("test").given.items()}
    a, b = (module.sample_given(given, torch.Generator().manual_seed(0)) for _ in range(2))
    assert a.shape == (5, *data.spec.shape)
    low, high = bounds_of(data.spec)
    assert low <= a.min() <= a.max() <= high
    assert torch.equal(a, b)
    assert not torch.equal(a, module.sample_given(given, torch.Generator().manual_seed(1)))
    assert not a.requires_grad
    assert module.training, "sampling must leave the module as it was"
    with pytest.raises(GenzooError, match="are needed, not"):
        module.sample_given({}, torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", able(capabilities.TransfersStyle))
def test_each_caption_is_drawn_in_the_style_of_its_image(name):
    _, data, module = built(name)
    test = data.split("test").at(slice(5))
    images = from_levels(test.images, data.spec.levels)
    a, b = module.sample_like(images, test.given), module.sample_like(images.flip(0), test.given)
    assert a.shape == (5, *data.spec.shape)
    assert a.abs().max() <= 1
    assert torch.equal(a, module.sample_like(images, test.given))
    assert not torch.equal(a, b)
    assert not a.requires_grad
    with pytest.raises(GenzooError, match=r"^images: one for each of 5 captions is needed, not 4\.$"):
        module.sample_like(images[:4], test.given)


@pytest.mark.parametrize("name", able(capabilities.SamplesJointly))
def test_samples_of_both_domains_are_images_and_those_of_the_first_are_the_samples(name):
    _, data, module = built(name)
    a, b = (module.sample_jointly(7, torch.Generator().manual_seed(0)) for _ in range(2))
    channels = {"A": data.spec.channels, "B": data.spec.target_channels}
    for domain, images in a.items():
        assert images.shape == (7, channels[domain], data.spec.size, data.spec.size)
        assert -1 <= images.min() <= images.max() <= 1
        assert torch.equal(images, b[domain])
        assert not images.requires_grad
    assert torch.equal(a["A"], module.sample(7, generator=torch.Generator().manual_seed(0)))
    assert module.training, "sampling must leave the module as it was"


@pytest.mark.parametrize("name", able(capabilities.Adapts))
def test_images_of_the_second_domain_are_classified_by_a_branch_of_their_own(name):
    _, data, module = built(name)
    a = asked_twice(module, module.classify_target)
    assert a.shape == (32, data.spec.classes)
    assert not torch.equal(a, module.classify(images_for(module)))


@pytest.mark.parametrize("name", able(capabilities.EditsAttributes))
def test_edited_images_depend_on_the_attribute_and_each_on_its_own_image(name):
    module = built(name).module
    images, found, again = images_for(module), edited(module), edited(module)
    for value, changed in found.items():
        assert changed.shape == images.shape
        assert -1 <= changed.min() <= changed.max() <= 1
        assert torch.equal(changed, again[value])
        assert not changed.requires_grad
    assert not torch.equal(found["0"], found["1"])
    assert module.training, "asking must leave the module as it was"
    some = module.edit(images[:5], {module.attributes[0]: 1})
    torch.testing.assert_close(some, found["1"][:5], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", able(capabilities.EditsAttributes))
def test_unknown_attributes_and_values_are_one_line(name):
    module = built(name).module
    images, attribute = images_for(module), module.attributes[0]
    with pytest.raises(GenzooError, match=rf"^edit: the model has no attribute {attribute}s\. .*'{attribute}'"):
        module.edit(images, {f"{attribute}s": 1})
    with pytest.raises(GenzooError, match=rf"^edit: {attribute}=-1: a number from 0 \(absent\) to 1 \(present\) is"):
        module.edit(images, {attribute: -1})


@pytest.mark.parametrize("name", able(capabilities.Restores))
def test_restored_images_have_the_shape_of_the_originals(name):
    module = built(name).module
    images, again = restored(module), restored(module)
    assert images.shape == (32, *module.image_shape)
    assert torch.equal(images, again)
    assert not images.requires_grad
    assert module.training, "asking must leave the module as it was"
    a, b = (module.degrade(images_for(module)) for _ in range(2))
    assert torch.equal(a, b)
