import re

import pytest

from genzoo.runs.keys import LONGEST, unknown
from genzoo.runs.meanings import KEYS
from support import composed


@pytest.fixture(scope="module")
def keys():
    def walk(node, prefix=""):
        for key, value in node.items_ex(resolve=False):
            yield f"{prefix}{key}"
            if isinstance(value, type(node)):
                yield from walk(value, f"{prefix}{key}.")

    return [*walk(composed("model=dcgan")), "data", "model", "logger"]


@pytest.mark.parametrize(
    ("key", "suggested"),
    [
        ("lr", ["model.optimizers.generator.lr", "model.optimizers.discriminator.lr"]),
        ("model.lr", ["model.optimizers.generator.lr", "model.optimizers.discriminator.lr"]),
        ("epochs", ["trainer.rounds"]),
        ("trainer.max_epochs", ["trainer.rounds"]),
        ("gpus", ["trainer.devices", "trainer.accelerator"]),
        ("ckpt_path", ["resume"]),
        ("output_dir", ["paths.runs"]),
        ("img-size", ["data.size"]),
        ("latent_dim", ["model.latent.noise.size"]),
        ("b1", ["model.optimizers.generator.betas", "model.optimizers.discriminator.betas"]),
        ("modle", ["model"]),
        ("data.bach_size", ["data.batch_size"]),
        ("callbacks.checkpoint.every", ["callbacks.checkpoints.every"]),
        ("model.optimizers.generatr.lr", ["model.optimizers.generator.lr"]),
    ],
)
def test_a_key_is_suggested_by_its_meaning_its_last_part_or_its_letters(key, suggested, keys):
    _, _, hint = unknown(key, keys).partition("Did you mean ")
    assert hint.rstrip("?").split(" or ")[: len(suggested)] == suggested


@pytest.mark.parametrize(
    ("key", "sentence"),
    [
        ("data.num_workers", "Leave it out: images are read without worker processes."),
        ("test", "Use metrics=none, or genzoo evaluate ckpt=<run>."),
        ("wandb", "Use logger=wandb."),
    ],
)
def test_where_there_is_no_key_a_sentence_says_what_to_do(key, sentence, keys):
    assert unknown(key, keys) == f"{key}: there is no such key. {sentence}"


def test_a_line_never_suggests_the_key_itself_and_stays_short(keys):
    for key in (*KEYS, *keys, "zzz", "trainer.zzz", "model.zzz.zzz", "data.zzz"):
        line = unknown(key, [*keys, key])
        hint = line.removeprefix(f"{key}: there is no such key.")
        assert len(line) <= LONGEST
        assert key not in hint.removeprefix(" Did you mean ").rstrip("?").split(" or ")
        assert hint.count(" or ") <= 2


def test_every_meaning_points_to_a_key_that_some_configuration_has(keys):
    """But for those of other models' and data's, which are listed here."""
    others = {"model.schedules", "model.averages", "model.round.discriminator_steps", "model.weight_clip",
              "model.penalties", "model.penalties.*.weight", "data.validation_fraction", "device", "ckpt"}  # fmt: skip
    for meant in KEYS.values():
        for pattern in () if isinstance(meant, str) else meant:
            expression = re.escape(pattern).replace(r"\*", r"[^.]+")
            assert pattern in others or any(re.fullmatch(expression, key) for key in keys), pattern
