"""What every conf/model/*.yaml must fulfil, at its smoke width."""

import pickle
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import patch

import pytest
import pytorch_lightning as pl
import torch

from genzoo.core import capabilities
from genzoo.core.batches import ImageBatch
from genzoo.core.checkpoints import load_checkpoint, load_weights
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.registry import check_targets
from genzoo.runs.build import build_data, build_module
from support import ROOT, SHAPES, cpu_trainer, resolved

# Of those that are not for 28 pixels.
SIZES = {"infogan_svhn": 32, "infogan_celeba": 32, "infogan_chairs": 64}
MODELS = sorted(path.stem for path in (ROOT / "conf" / "model").glob("[!_]*.yaml"))
SIZES |= {name: 32 for name in MODELS if name.startswith("improved_gan_") and {"cifar10", "svhn"} & {*name.split("_")}}
SIZES |= {name: 8 for name in MODELS if "pixelcnn" in name or "lstm" in name}  # drawn pixel by pixel
ACTING = {name for name in MODELS if "genzoo.reinforcement." in (ROOT / "conf" / "model" / f"{name}.yaml").read_text()}
pytestmark = pytest.mark.parametrize("name", MODELS)


def configuration(name: str) -> dict:
    if name in ACTING:
        return resolved(f"model={name}", "data=cartpole", "trainer=smoke", "trainer.rounds=2", "recipe.batch_size=16")
    size = f"data.size={SIZES.get(name, 28)}"
    given = (f"model={name}", *SHAPES, size, "trainer=smoke", "trainer.rounds=2", "recipe.batch_size=16")
    found = resolved(*given)
    return resolved(*given, "data.levels=2") if "likelihoods.Bernoulli" in str(found["model"]) else found


def built(name: str):
    config = configuration(name)
    data, module = build_data(config), build_module(config)
    module.check_data(data.spec)
    return data, module


def play(data, module, callbacks=()):
    """Two rounds on the CPU."""
    data.setup()
    module.initialise(data.initial())
    trainer = cpu_trainer(callbacks=list(callbacks))
    trainer.fit(module, datamodule=data)
    return trainer


def levels_for(module) -> torch.Tensor:
    """32 images of noise, as levels."""
    n = module.levels or 256
    return torch.randint(n, (32, *module.image_shape), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def images_for(module) -> torch.Tensor:
    """32 images of noise."""
    return from_levels(levels_for(module), module.levels or 256)


def upper_half_of(images) -> torch.Tensor:
    """The mask under which the upper half is given."""
    return (torch.arange(images.shape[2]) < images.shape[2] // 2).view(-1, 1).expand(len(images), 1, *images.shape[2:])


def asked_twice(module, method) -> torch.Tensor:
    """What a method answers for images, which must be the same each time and leave no trace."""
    images = images_for(module)
    a, b = method(images), method(images)
    assert torch.equal(a, b)
    assert module.training, "asking must leave the module as it was"
    assert not a.requires_grad
    return a


def actions_of(module) -> torch.Tensor:
    """What it does when it observes noise; so often that little training shows."""
    observations = torch.randn(5000, module.policy.observations, generator=torch.Generator().manual_seed(1))
    return module.act(observations, generator=torch.Generator().manual_seed(0))


def answers(module) -> dict[str, torch.Tensor]:
    """What the module's capabilities give for fixed input."""
    if capabilities.Acts in module.capabilities():
        return {"act": actions_of(module)}
    able, found, images, levels = module.capabilities(), {}, images_for(module), levels_for(module)
    if capabilities.Samples in able:
        found["sample"] = module.sample(5, generator=torch.Generator().manual_seed(0))
    if capabilities.Decodes in able:
        found["decode"] = module.decode(module.latent.sample(5, torch.Generator().manual_seed(0)))
    if capabilities.Features in able:
        found["features"] = module.features(images)
    if capabilities.Classifies in able:
        found["classify"] = module.classify(images)
    if capabilities.InfersCodes in able:
        found |= {f"infer_codes.{part}": code for part, code in module.infer_codes(images).items()}
    if capabilities.Encodes in able:
        found["encode"] = module.encode(images)
    if capabilities.ScoresLikelihood in able:
        found["log_prob"] = module.log_prob(levels, 2, torch.Generator().manual_seed(0))
    if capabilities.BoundsLikelihood in able:
        bound = module.bound(levels, torch.Generator().manual_seed(0))
        found |= {"bound": bound.log_likelihood, **{f"kl.{layer}": kl for layer, kl in bound.kl.items()}}
    if capabilities.MapsLikelihood in able:
        found["log_prob_map"] = module.log_prob_map(levels)
    if capabilities.HasReceptiveField in able:
        found["receptive_field"] = module.receptive_field(levels, 2, 3, torch.Generator().manual_seed(0))
    if capabilities.Completes in able:
        found["complete"] = module.complete(images, upper_half_of(images))
    if capabilities.DrawsSequentially in able:
        drawing = module.canvases(5, torch.Generator().manual_seed(0))
        found |= {f"canvases.{field}": value for field, value in drawing._asdict().items() if value is not None}
    tested = {capabilities.Samples, capabilities.Decodes, capabilities.Features, capabilities.Encodes}
    tested |= {capabilities.Classifies, capabilities.InfersCodes}
    tested |= {capabilities.ScoresLikelihood, capabilities.BoundsLikelihood}
    tested |= {capabilities.MapsLikelihood, capabilities.Completes, capabilities.DrawsSequentially}
    tested |= {capabilities.HasReceptiveField}
    assert able <= tested, "test the new capability here"
    return found


def test_it_says_its_recipe_and_its_source(name):
    config = configuration(name)
    recipe = config["recipe"]
    assert recipe["name"] == name
    assert recipe["batch_size"] > 0
    assert recipe.keys() >= {"rounds", "full", "smoke"}
    assert recipe["full"].keys() == recipe["smoke"].keys()
    assert "# Source:" in (ROOT / "conf" / "model" / f"{name}.yaml").read_text()


def test_a_checkpoint_may_name_all_its_classes(name):
    config = configuration(name)
    check_targets({"model": config["model"], "data": config["data"]})


def test_every_parameter_belongs_to_exactly_one_player(name):
    _, module = built(name)
    moved = [id(p) for networks in module.players().values() for network in networks for p in network.parameters()]
    averages = {id(p) for p in module.averages.parameters()}
    assert sorted(moved) == sorted({id(p) for p in module.parameters()} - averages)


def test_losses_are_float32_in_half_precision(name):
    data, module = built(name)
    data.setup()
    module.initialise(data.initial())
    batch = None
    if name not in ACTING:
        images = data.initial(16)
        batch = ImageBatch(images, data.split("train").labels[: len(images)])
    optimizers = module.configure_optimizers()
    trainer = SimpleNamespace(datamodule=data, world_size=1, optimizers=optimizers)
    with torch.autocast("cpu", torch.bfloat16), patch.object(type(module), "trainer", trainer):
        collected = module.collect()
        for turn in module.turns():
            images = {stream.name: batch for stream in turn.streams}
            for arguments in turn.draws(**images, **collected):
                for player, loss_of in turn.losses.items():
                    with module.only(player):
                        loss = loss_of(**arguments)
                        assert loss.dtype == torch.float32, player
                        loss.backward()
    answers(module)  # float32 again


def test_two_rounds_move_each_player_on_its_own_turn_only(name):
    data, module = built(name)
    steps = []

    def snapshot():
        return {player: [p.detach().clone() for p in ps] for player, ps in module._parameters_of.items()}

    class Watch(pl.Callback):
        def on_before_optimizer_step(self, trainer, module, optimizer):
            player = list(module._parameters_of)[trainer.optimizers.index(optimizer)]
            assert all(p.grad is not None for p in module._parameters_of[player]), (
                f"{player}: a parameter has no gradient"
            )
            steps.append((player, snapshot()))

    trainer = play(data, module, [Watch()])
    # Between two steps exactly the first one's player has moved.
    befores = [state for _, state in steps] + [snapshot()]
    for (player, before), after in zip(steps, befores[1:], strict=True):
        for other in before:
            moved = [not torch.equal(a, b) for a, b in zip(before[other], after[other], strict=True)]
            assert any(moved) if other == player else not any(moved), f"{other} on {player}'s turn"
    assert {player for player, _ in steps} == set(module.players())
    assert module.progress.rounds == 2
    if name in ACTING:
        assert module.progress.images >= 2 * 16  # episodes are whole
    else:
        assert module.progress.images == sum(s.batches for round in range(2) for s in module.streams(round)) * 16
    assert trainer.global_step == len(steps)


def test_samples_are_images_and_the_same_for_the_same_generator(name):
    _, module = built(name)
    if capabilities.Samples not in module.capabilities():
        pytest.skip(f"{name} does not sample")
    a, b, c = (module.sample(7, generator=torch.Generator().manual_seed(s)) for s in (0, 0, 1))
    assert a.shape == (7, *module.image_shape)
    assert a.dtype == torch.float32
    assert -1 <= a.min() <= a.max() <= 1
    assert torch.equal(a, b)
    assert not torch.equal(a, c)
    assert module.training, "sampling must leave the module as it was"
    assert not a.requires_grad


def test_wrong_labels_are_one_line(name):
    _, module = built(name)
    if capabilities.Samples not in module.capabilities():
        pytest.skip(f"{name} does not sample")
    for labels in (torch.tensor([0.0, 1.0]), torch.tensor([[0, 1]]), torch.tensor([0, -1]), torch.zeros(3).long(), 1):
        with pytest.raises(GenzooError, match=r"^labels: ") as error:
            module.sample(2, labels)
        assert "\n" not in str(error.value)


def test_the_image_of_a_code_does_not_depend_on_the_other_codes(name):
    _, module = built(name)
    if capabilities.Decodes not in module.capabilities():
        pytest.skip(f"{name} does not decode")
    first, *others = (module.latent.sample(1, torch.Generator().manual_seed(i)) for i in range(4))
    alone = module.decode(first)
    for codes in (torch.cat([first, *others]), first.expand(9, -1)):
        assert torch.allclose(module.decode(codes)[:1], alone, atol=1e-5)


def test_actions_are_those_of_the_environment_and_the_same_for_the_same_generator(name):
    data, module = built(name)
    if capabilities.Acts not in module.capabilities():
        pytest.skip(f"{name} does not act")
    a = actions_of(module)
    assert torch.equal(a, actions_of(module))
    space = data.make().action_space
    assert a.shape == (5000, *space.shape)
    assert all(space.contains(action) for action in a.numpy())
    assert module.training, "acting must leave the module as it was"
    assert not a.requires_grad


def test_features_are_a_vector_an_image_and_the_same_for_the_same_images(name):
    _, module = built(name)
    if capabilities.Features not in module.capabilities():
        pytest.skip(f"{name} has no features")
    a = asked_twice(module, module.features)
    assert a.dim() == 2
    assert len(a) == 32
    assert a.isfinite().all()


def test_classes_are_scored_for_every_image(name):
    data, module = built(name)
    if capabilities.Classifies not in module.capabilities():
        pytest.skip(f"{name} does not classify")
    a = asked_twice(module, module.classify)
    assert a.shape == (32, data.spec.classes)


def test_codes_are_those_of_the_latent(name):
    _, module = built(name)
    if capabilities.Encodes not in module.capabilities():
        pytest.skip(f"{name} does not encode")
    assert asked_twice(module, module.encode).shape == (32, module.latent.width)


def test_likelihoods_are_a_number_an_image_and_the_same_for_the_same_generator(name):
    _, module = built(name)
    if capabilities.ScoresLikelihood not in module.capabilities():
        pytest.skip(f"{name} does not score the likelihood")
    levels = levels_for(module)
    a, b = (module.log_prob(levels, 2, torch.Generator().manual_seed(0)) for _ in range(2))
    assert a.shape == (32,)
    assert a.dtype == torch.float32
    assert torch.equal(a, b)
    assert (a < 0).all()
    assert module.training, "scoring must leave the module as it was"
    assert not a.requires_grad


def test_maps_of_the_likelihood_sum_to_it(name):
    _, module = built(name)
    if capabilities.MapsLikelihood not in module.capabilities():
        pytest.skip(f"{name} does not map the likelihood")
    levels = levels_for(module)
    found = module.log_prob_map(levels)
    assert found.shape == (32, *module.image_shape[1:])
    assert (found <= 0).all()
    torch.testing.assert_close(found.sum((1, 2)), module.log_prob(levels))
    assert module.training, "scoring must leave the module as it was"
    assert not found.requires_grad


def test_receptive_fields_hold_nothing_that_is_not_before(name):
    _, module = built(name)
    if capabilities.HasReceptiveField not in module.capabilities():
        pytest.skip(f"{name} has no receptive field")
    found = module.receptive_field(levels_for(module), 2, 3, torch.Generator().manual_seed(0))
    assert found.shape == module.image_shape[1:]
    own = 2 * found.shape[1] + 3
    assert (found.flatten()[own - 1 : own] > 0).all()
    assert (found.flatten()[own + 1 :] == 0).all()
    assert module.training, "asking must leave the module as it was"
    assert all(p.grad is None for p in module.parameters())


def test_completions_keep_what_is_given(name):
    _, module = built(name)
    if capabilities.Completes not in module.capabilities():
        pytest.skip(f"{name} does not complete")
    a = asked_twice(module, lambda images: module.complete(images, upper_half_of(images)))
    images, given = images_for(module), upper_half_of(a).expand_as(a)
    assert a.shape == images.shape
    assert -1 <= a.min() <= a.max() <= 1
    assert torch.equal(a[given], images[given])
    assert not torch.equal(a[~given], images[~given])
    one, other = (module.complete(images, ~given[:, :1], torch.Generator().manual_seed(s)) for s in (0, 1))
    assert not torch.equal(one, other)


def test_canvases_change_until_they_are_samples(name):
    _, module = built(name)
    if capabilities.DrawsSequentially not in module.capabilities():
        pytest.skip(f"{name} does not draw in steps")
    *frames, last = module.canvases(5, torch.Generator().manual_seed(0)).images
    assert frames
    assert not any(torch.equal(frame, last) for frame in frames[:-1])
    assert torch.equal(last, module.sample(5, generator=torch.Generator().manual_seed(0)))
    assert module.training, "sampling must leave the module as it was"


def test_bounds_are_below_the_likelihood(name):
    _, module = built(name)
    if capabilities.BoundsLikelihood not in module.capabilities():
        pytest.skip(f"{name} does not bound the likelihood")
    bound = module.bound(levels_for(module), torch.Generator().manual_seed(0))
    elbo = bound.log_likelihood - sum(bound.kl.values())
    assert elbo.shape == (32,)
    many = module.log_prob(levels_for(module), 50, torch.Generator().manual_seed(0))
    assert elbo.mean() < many.mean() + 0.1  # of one draw, so not to the last digit
    assert module.training, "scoring must leave the module as it was"


def test_answers_survive_saving_and_loading(name, tmp_path: Path):
    data, module = built(name)
    trainer = play(data, module)
    stored = {"format": 1, "config": configuration(name)["model"], "choices": {}, "data": {}, "trained_by": ""}
    module.on_checkpoint = {"genzoo": stored}
    trainer.save_checkpoint(tmp_path / "last.ckpt")
    _, loaded = built(name)
    before = answers(loaded)
    load_weights(loaded, load_checkpoint(tmp_path / "last.ckpt"), tmp_path / "last.ckpt")
    for key, value in answers(module).items():
        assert torch.equal(value, answers(loaded)[key]), key
        assert not torch.equal(value, before[key]), f"{key} does not depend on the weights"


def test_answers_survive_pickling(name):
    _, module = built(name)
    copy = pickle.loads(pickle.dumps(module))
    for key, value in answers(module).items():
        assert torch.equal(value, answers(copy)[key]), key
