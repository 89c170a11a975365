"""Every conf/model/*.yaml at its smoke width, on data that it takes; composed and built once per process."""

import copy
import functools
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from genzoo.core import capabilities
from genzoo.core.errors import GenzooError
from genzoo.core.images import from_levels
from genzoo.core.rounds import RoundModule
from genzoo.core.text import to_numbers
from genzoo.data.source import Data
from genzoo.runs.build import build_data, build_module
from support import ROOT, SHAPES, composed

MODELS = sorted(path.stem for path in (ROOT / "conf" / "model").glob("[!_]*.yaml"))
GREY = [{"size": size, "levels": levels} for size in (28, 32, 64) for levels in (256, 2)]
IMAGES = [*GREY, {"channels": 3}]  # the first that it takes
PAIRS = ("data=digit_pairs", "data.offline=true", "data.train_size=64")  # images of two domains
BY_ATTRIBUTE = ("data=by_attribute", "data.data.name=shapes", "data.attribute=colour", "data.size=16")
CAPTIONS = ("data=captioned_shapes", "data.size=16", "data.n_train=64", "data.n_validation=16", "data.n_test=16")
LOCATED = ("data=located_shapes", *CAPTIONS[1:])
SENTENCES = ("data=oracle_sentences", "data.words=30", "data.length=6", "data.n_train=64")
OF_CLASSES = (*SENTENCES, "data.classes=3")
VIDEOS = ("data=moving_digits", "data.offline=true", "data.n_train=64", "data.n_validation=16", "data.n_test=16")
SHOWERS = ("data=showers", "data.n_train=64", "data.n_validation=16", "data.n_test=16")
JETS = ("data=jets", *SHOWERS[1:])
TUNES = ("data=tunes", "data.events=12", "data.n_train=64", "data.n_validation=16", "data.n_test=16")
SOLIDS = ("data=solids", "data.n_train=64", "data.n_validation=16", "data.n_test=16")
PICTURED = ("data=pictured_solids", *SOLIDS[1:])
DRAWN_BY_PIXEL = {"size": 8}  # for models that take a step per pixel


class Built(NamedTuple):
    """A model's resolved configuration, its data and its module, untrained."""

    config: dict[str, Any]
    data: Data
    module: RoundModule


def _build(config: dict[str, Any]) -> Built:
    data, module = build_data(config), build_module(config)
    module.check_data(data.spec)
    return Built(config, data, module)


@functools.cache
def _first(name: str) -> Built:
    """The model on the first data that it doesn't refuse: small shapes, or an environment."""
    refusals = []
    sources = [(SHAPES, IMAGES), (PAIRS, [{}]), (BY_ATTRIBUTE, [{}]), (CAPTIONS, [{}]), (LOCATED, [{}])]
    sources += [
        (SENTENCES, [{}]),
        (OF_CLASSES, [{}]),
        (SHOWERS, [{}]),
        (JETS, [{}]),
        (SOLIDS, [{}]),
        (PICTURED, [{}]),
        (VIDEOS, [{}]),
        (TUNES, [{}]),
    ]
    sources += [(("data=cartpole",), [{}])]
    for source, changes in sources[:: -1 if "genzoo.reinforcement." in text_of(name) else 1]:  # the likelier first
        config = composed(f"model={name}", *source, "trainer=smoke", "trainer.rounds=2", "recipe.batch_size=16")
        for change in changes:
            try:
                built = _build(_changed(config, change))
            except (GenzooError, OmegaConfBaseException) as refusal:  # of data of the other kind keys are missing
                refusals.append(str(refusal))
                continue
            by_pixel = capabilities.HasReceptiveField in built.module.capabilities()
            return _build(_changed(config, change | DRAWN_BY_PIXEL)) if by_pixel else built
    raise AssertionError(f"model={name} takes none of the data: {refusals}")


def _changed(config: Any, data: dict[str, int]) -> dict[str, Any]:
    return OmegaConf.to_container(OmegaConf.merge(config, {"data": data}), resolve=True)


def built(name: str) -> Built:
    """A copy of the test's own."""
    return copy.deepcopy(_first(name))


def where(holds: Callable[[Built], bool], family: str = "") -> list[str]:
    """The models of which it holds, as they are built; of one family only those are built."""
    return [name for name in MODELS if f"genzoo.{family}" in text_of(name) and holds(_first(name))]


def able(*wanted: type) -> list[str]:
    """The models that have all these capabilities."""
    return where(lambda built: {*wanted} <= built.module.capabilities())


def text_of(name: str) -> str:
    """The YAML of a model and of the parts that it is made of."""
    text = (ROOT / "conf" / "model" / f"{name}.yaml").read_text()
    return text + "".join(text_of(part) for part in re.findall(r"^ +- (_(?!self_)\w+)$", text, re.MULTILINE))


def levels_for(module: RoundModule) -> torch.Tensor:
    """32 images of noise, as levels."""
    n = module.levels or 256
    kind = torch.int64 if module.axes == "t" else torch.uint8
    return torch.randint(n, (32, *module.image_shape), dtype=kind, generator=torch.Generator().manual_seed(1))


def images_for(module: RoundModule) -> torch.Tensor:
    """32 images of noise, or sequences of random tokens."""
    return levels_for(module) if module.axes == "t" else from_levels(levels_for(module), module.levels or 256)


def translations_of(module: RoundModule) -> dict[str, torch.Tensor]:
    """Its translations of 3 images of noise in each direction."""
    noise = {pair: torch.rand(3, *network.shape, generator=_seed()) for pair, network in module.networks().items()}
    return {f"{a}{b}": module.translate(2 * x - 1, a, b, _seed()) for (a, b), x in noise.items()}


def restored(module: RoundModule) -> torch.Tensor:
    """What it makes of its own degradation of images."""
    noise = _seed()
    return module.restore(module.degrade(images_for(module), noise), noise)


def edited(module: RoundModule) -> dict[str, torch.Tensor]:
    """Images of noise without and with its first attribute."""
    return {str(value): module.edit(images_for(module), {module.attributes[0]: value}) for value in (0, 1)}


def asked_of(module: RoundModule) -> torch.Tensor:
    """Its images of captions, its showers of energies, or its volumes of pictures of noise."""
    if "energy" in module.asks:
        return module.sample_given({"energy": torch.tensor([[5.0], [50.0]])}, _seed())
    if "picture" in module.asks:
        noise = torch.randint(256, (2, *module.asks["picture"]), dtype=torch.uint8, generator=_seed())
        return module.sample_given({"picture": noise}, _seed())
    places = {
        name: torch.rand(2, *shape, generator=_seed()) for name, shape in module.asks.items() if name != "caption"
    }
    return module.sample_given({**captions_for(module), **places}, _seed())


def captions_for(module: RoundModule) -> dict[str, torch.Tensor]:
    """Two captions."""
    numbers = to_numbers(["a small red cross", "a shape in the middle"], module.asks["caption"][-1])
    return {"caption": numbers[:, None]}


def given_of(module: RoundModule, images: torch.Tensor) -> torch.Tensor:
    """The mask of the pixels that it is typically given, of each image."""
    return module.typical_mask.expand(len(images), 1, -1, -1)


def completed(module: RoundModule, images: torch.Tensor) -> torch.Tensor:
    """Its completions of images."""
    return module.complete(images, given_of(module, images))


def actions_of(module: RoundModule) -> torch.Tensor:
    """Its actions for 5000 observations of noise, so many that little training shows."""
    return module.act(_observations(module), generator=_seed())


def _observations(module: RoundModule) -> torch.Tensor:
    return torch.randn(5000, module.policy.observations, generator=torch.Generator().manual_seed(1))


def _score_actions(module: RoundModule) -> torch.Tensor:
    return module.action_log_prob(_observations(module), actions_of(module))


def _latent(module: RoundModule) -> torch.Tensor:
    return module.latent.sample(5, _seed())


def _bound(module: RoundModule) -> dict[str, torch.Tensor]:
    bound = module.bound(levels_for(module), _seed())
    return {"log_likelihood": bound.log_likelihood, **bound.kl}


def _canvases(module: RoundModule) -> dict[str, torch.Tensor]:
    return {field: value for field, value in module.canvases(5, _seed())._asdict().items() if value is not None}


def _some(module: RoundModule) -> int:
    """A number of samples; of tokens so many that little training shows."""
    return 500 if module.axes == "t" else 5


def _labels(module: RoundModule) -> torch.Tensor:
    return torch.arange(_some(module)) % module.label_classes


def _seed() -> torch.Generator:
    return torch.Generator().manual_seed(0)


# Capability -> the module's answer to fixed input, which is one tensor or several by name.
ANSWERS: dict[type, Callable[[RoundModule], Any]] = {
    capabilities.Acts: actions_of,
    capabilities.Samples: lambda module: module.sample(_some(module), generator=_seed()),
    capabilities.SamplesClasses: lambda module: module.sample(_some(module), _labels(module), _seed()),
    capabilities.SamplesAtTemperature: lambda module: module.sample(_some(module), generator=_seed(), temperature=0.5),
    capabilities.SamplesGiven: asked_of,
    capabilities.TransfersStyle: lambda module: module.sample_like(images_for(module)[:2], captions_for(module)),
    capabilities.Decodes: lambda module: module.decode(_latent(module)),
    capabilities.Embeds: lambda module: module.embed(_latent(module)),
    capabilities.Features: lambda module: module.features(images_for(module)),
    capabilities.Classifies: lambda module: module.classify(images_for(module)),
    capabilities.InfersCodes: lambda module: module.infer_codes(images_for(module)),
    capabilities.ScoresRealism: lambda module: module.realism(images_for(module)),
    capabilities.Encodes: lambda module: module.encode(images_for(module)),
    capabilities.ScoresLikelihood: lambda module: module.log_prob(levels_for(module), 2, _seed()),
    capabilities.BoundsLikelihood: _bound,
    capabilities.MapsLikelihood: lambda module: module.log_prob_map(levels_for(module)),
    capabilities.HasReceptiveField: lambda module: module.receptive_field(levels_for(module), 2, 3, _seed()),
    capabilities.Completes: lambda module: completed(module, images_for(module)),
    capabilities.DrawsSequentially: _canvases,
    capabilities.SamplesJointly: lambda module: module.sample_jointly(5, _seed()),
    capabilities.Adapts: lambda module: module.classify_target(images_for(module)),
    capabilities.Predicts: lambda module: module.predict(images_for(module)[:3, :, :4], 2),
    capabilities.Translates: translations_of,
    capabilities.Restores: restored,
    capabilities.EditsAttributes: edited,
    capabilities.ScoresActions: _score_actions,
}


def answers(module: RoundModule) -> dict[str, torch.Tensor]:
    """The answers of all the module's capabilities."""
    found = {}
    for capability in module.capabilities():  # a KeyError: give the new capability an answer and a test
        answer = ANSWERS[capability](module)
        for part, value in ({"": answer} if isinstance(answer, torch.Tensor) else answer).items():
            found[f"{capability.__name__}.{part}"] = value
    return found
