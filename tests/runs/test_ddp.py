"""Several processes mean the same as one."""

import pytest
import torch
from torch import nn
from torch.multiprocessing.spawn import spawn

from genzoo.adversarial.mmd import MMD, RBF, NegativeDistance
from genzoo.core.strategy import TurnStrategy
from genzoo.nn.matching import MeanAbsolute, MeanSquared
from genzoo.nn.minibatch import MinibatchDiscrimination
from genzoo.nn.noise import GaussianNoise, PersistentDropout
from genzoo.runs.build import build_data, build_module
from support import SHAPES, cpu_trainer, resolved
from support.spawned import (
    CodesOfImages,
    Double,
    InjectedCodes,
    InjectedNoise,
    InjectedPenalty,
    KeepWeights,
    Marginal,
    Matched,
    play_modules,
    played,
)
from support.zoo import PAIRS, VIDEOS

pytestmark = pytest.mark.usefixtures("forked_ranks")


def fit(model, folder, *overrides, data=SHAPES, callbacks=(), **trainer_options):
    config = resolved(
        *(f"model={model}", *data, "trainer=smoke", "trainer.rounds=5", "recipe.batch_size=16"),
        *("global_batch_norm=true", *overrides),
    )
    data, module = build_data(config), build_module(config).double()
    if hasattr(module, "latent"):
        module.latent.sample = InjectedCodes(module.latent)
    for m in module.modules():
        if isinstance(m, nn.Dropout | PersistentDropout):
            m.p = 0.0
        if isinstance(m, GaussianNoise):
            m.std = 0.0
    if hasattr(module, "penalties"):
        module.penalties = {name: InjectedPenalty(penalty.weight) for name, penalty in module.penalties.items()}
    callbacks = [Double(), *callbacks, KeepWeights(folder)]
    trainer = cpu_trainer(use_distributed_sampler=False, callbacks=callbacks, **trainer_options)
    trainer.fit(module, datamodule=data)


def check_the_same(folder, images):
    """Both ranks have the weights of the one rank, after as many images."""
    (one, progress), (first, progress_first), (second, _) = (
        torch.load(folder / f"{name}.pt", weights_only=True) for name in ("1-0", "2-0", "2-1")
    )
    assert progress == progress_first == {"rounds": 5, "seen": images}
    for key, value in one.items():
        assert torch.equal(first[key], second[key]), key
        torch.testing.assert_close(first[key], value, rtol=0, atol=1e-10)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("model", "images", "strategy"),
    [
        *(
            (model, n, TurnStrategy(start_method="spawn"))
            for model, n in (
                *(("wgan_gp", 400), ("infogan", 80), ("began", 80), ("improved_gan", 240)),
                *(("unrolled_gan", 80), ("gmmn", 80), ("pixelcnn_pp", 80)),
            )
        ),
        *(
            ("gan", 80, strategy)
            for strategy in (TurnStrategy(start_method="spawn"), "ddp_spawn_find_unused_parameters_true")
        ),
    ],
    ids=[
        "wgan_gp",
        "infogan",
        "began",
        "improved_gan",
        "unrolled_gan",
        "gmmn",
        "pixelcnn_pp",
        "gan",
        "gan, Lightning's strategy",
    ],
)
def test_two_ranks_of_half_a_batch_train_the_very_model_that_one_rank_trains(model, images, strategy, tmp_path):
    fit(model, tmp_path, devices=1)
    fit(model, tmp_path, devices=2, strategy=strategy)
    check_the_same(tmp_path, images)


@pytest.mark.filterwarnings("ignore")
def test_likelihoods_of_a_bayesian_gan_are_of_the_batch_of_all_ranks(tmp_path):
    """With so little noise of the optimizer, which depends on the number of ranks, that it is below rounding."""
    friction = [f"model.optimizers.{player}.friction=1e-12" for player in ("discriminator", "generator")]
    given = tmp_path, f"model.observations={10**18}", "model.power=null", *friction
    fit("bayesian_gan_sghmc", *given, devices=1)
    fit("bayesian_gan_sghmc", *given, devices=2, strategy=TurnStrategy(start_method="spawn"))
    check_the_same(tmp_path, images=80)


@pytest.mark.filterwarnings("ignore")
def test_free_bits_are_of_the_batch_of_all_ranks(tmp_path):
    """At a floor which the divergence of some feature maps is above on one rank and below on the other."""
    given, place = (tmp_path, "model.free_bits.nats=24.0"), "genzoo.variational.resnet_vae"
    fit("iaf_vae_cifar10", *given, callbacks=[InjectedNoise(place)], devices=1)
    two = {"devices": 2, "strategy": TurnStrategy(start_method="spawn")}
    fit("iaf_vae_cifar10", *given, callbacks=[InjectedNoise(place)], **two)
    check_the_same(tmp_path, images=80)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("model", [("vaegan", "model.equilibrium.margin=0.23"), ("cvae_gan",), ("ian",)], ids="/".join)
def test_who_waits_means_of_classes_and_similarities_are_of_the_batch_of_all_ranks(model, tmp_path):
    (name, *overrides), place = model, "genzoo.hybrid.variational_game"
    fit(name, tmp_path, *overrides, callbacks=[InjectedNoise(place)], devices=1)
    two = {"devices": 2, "strategy": TurnStrategy(start_method="spawn")}
    fit(name, tmp_path, *overrides, callbacks=[InjectedNoise(place)], **two)
    check_the_same(tmp_path, images=80)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("model", "images"), [("pix2pix", 80), ("cyclegan", 160)])
def test_pairs_and_pools_are_of_the_batch_of_all_ranks(model, images, tmp_path):
    """With a pool so small that translations of the other rank are shown."""
    given = (model, tmp_path, *(["model.pool=3"] if model == "cyclegan" else []))
    fit(*given, data=PAIRS, devices=1)
    fit(*given, data=PAIRS, devices=2, strategy=TurnStrategy(start_method="spawn"))
    check_the_same(tmp_path, images)


@pytest.mark.filterwarnings("ignore")
def test_next_frames_are_of_the_batch_of_all_ranks(tmp_path):
    fit("context_rnn_gan", tmp_path, data=VIDEOS, devices=1)
    fit("context_rnn_gan", tmp_path, data=VIDEOS, devices=2, strategy=TurnStrategy(start_method="spawn"))
    check_the_same(tmp_path, images=80)


def fit_in_parts(folder, parts, **trainer_options):
    """A model whose batch statistics belong to a rank: as many parts of a rank's batch, one after the other."""
    config = resolved(
        *("model=improved_gan_imagenet", *SHAPES, "data.size=16", "trainer=smoke", "trainer.rounds=5"),
        *("recipe.batch_size=16", "model.generator.reference=4", f"trainer.accumulate={parts}"),
    )
    data, module = build_data(config), build_module(config).double()
    module.codes, module.discriminator.noise = CodesOfImages(module.latent.width), 0.0
    trainer = cpu_trainer(use_distributed_sampler=False, callbacks=[Double(), KeepWeights(folder)], **trainer_options)
    trainer.fit(module, datamodule=data)


@pytest.mark.filterwarnings("ignore")
def test_two_ranks_with_statistics_of_their_own_train_what_one_rank_trains_on_two_parts(tmp_path):
    fit_in_parts(tmp_path, parts=2, devices=1)
    fit_in_parts(tmp_path, parts=1, devices=2, strategy=TurnStrategy(start_method="spawn"))
    check_the_same(tmp_path, images=80)


def test_what_looks_across_the_batch_sees_all_ranks_if_its_scope_is_global(tmp_path):
    torch.manual_seed(0)
    kinds = {
        "minibatch": lambda scope: MinibatchDiscrimination(4, kernels=3, dimensions=2, scope=scope),
        "squared": lambda scope: Matched(MeanSquared(scope), 4),
        "absolute": lambda scope: Matched(MeanAbsolute(scope), 4),
        "mmd": lambda scope: Matched(MMD(RBF([1.0, 3.0]), unbiased=True, root=False, scope=scope), 4),
        "energy": lambda scope: Matched(MMD(NegativeDistance(), root=True, scope=scope), 4),
        "marginal entropy": lambda scope: Marginal(scope, 4),
    }
    modules = {(kind, scope): make(scope).double() for kind, make in kinds.items() for scope in ("global", "rank")}
    x = torch.randn(6, 4, dtype=torch.double)
    torch.save((modules, x), tmp_path / "given.pt")
    spawn(play_modules, (2, tmp_path), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    for (kind, scope), module in modules.items():
        (a, a_gradients), (b, b_gradients) = first[kind, scope], second[kind, scope]
        found, gradients = played(module, x)
        expected = (found[:3], found[3:]) if kind == "minibatch" else (found, found)
        same = [torch.allclose(*pair) for pair in zip((a, b), expected, strict=True)]
        same += [torch.allclose((a_gradients[name] + b_gradients[name]) / 2, g) for name, g in gradients.items()]
        assert all(same) if scope == "global" else not any(same), (kind, scope)
