"""Samples of a trained model as files."""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from genzoo.core.capabilities import DrawsSequentially, Samples, SamplesAtTemperature, SamplesClasses, SamplesGiven
from genzoo.core.checks import check_integer, check_positive
from genzoo.core.errors import GenzooError, near
from genzoo.core.rounds import RoundModule
from genzoo.runs.context import be_quiet
from genzoo.runs.load import loaded
from genzoo.runs.samples.array import write_array
from genzoo.runs.samples.bar import progress
from genzoo.runs.samples.blocks import Blocks
from genzoo.runs.samples.folder import described_model, open_folder
from genzoo.runs.samples.pictures import write_grid, write_pictures
from genzoo.runs.schema import Sampling, check_keys, check_values

log = logging.getLogger("genzoo")

FORMATS = ("png", "npz", "gif")


def sample(cfg: DictConfig) -> Path:
    """Draws samples of a checkpoint's model and writes them to a folder; existing ones of the same command stay.

    Args:
        cfg: composed from conf/sample.yaml.

    Returns:
        The folder.

    Raises:
        GenzooError: a setting is wrong, the model lacks a capability, or the folder holds other files.
    """
    # Check the settings before a checkpoint is read.
    be_quiet()
    check_keys(cfg, Sampling)
    config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check_values(config)
    check_positive("n", cfg.n)
    check_integer("seed", cfg.seed, 0)
    if cfg.batch_size is not None:
        check_positive("batch_size", cfg.batch_size)
    if cfg.format not in (None, *FORMATS):
        raise GenzooError(f"format={cfg.format}: unknown. {near(cfg.format, FORMATS)}")
    # Check them against the model.
    module, stored, path = loaded(cfg.ckpt, "ckpt", cfg.trust, cfg.device)
    name = stored["config"]["recipe"]["name"]
    check_capable(cfg, name, module)
    points = module.image_shape is not None and module.image_shape[1:] == (1, 1)
    unit = "points" if points else module.unit
    format = cfg.format or ("png" if unit == "images" else "npz")
    if unit != "images" and (format != "npz" or cfg.grid):
        given = "grid=true" if cfg.grid else f"format={format}"
        raise GenzooError(f"{given}: {name} draws {unit}, not images; use format=npz.")
    if format == "npz" and cfg.grid:
        raise GenzooError("grid=true format=npz: an array has no grid; leave one of them out.")
    # Write what is missing in the folder.
    classes = module.label_classes if SamplesClasses in module.capabilities() else 0
    if format == "gif":
        classes = 0  # canvases are those of random classes
    blocks = Blocks(module, cfg.seed, classes, cfg.label, cfg.temperature, cfg.batch_size, cfg.caption)
    folder = Path(cfg.out)
    chosen = {key: config[key] for key in ("n", "seed", "label", "caption", "temperature", "grid")} | {"format": format}
    described = {
        **described_model(name, module, path),
        **chosen,
        "batch_norm": module.batch_norm,
        "sampling_batch": blocks.size,
    }
    open_folder(folder, described, may_grow=format != "npz" and not cfg.grid)
    with progress(cfg.n, unit) as show:
        for done in _written(blocks, cfg, format, unit, folder):
            show(done)
    log.info(f"{cfg.n} {unit} by {name} after {module.progress.rounds} rounds are in {folder}")
    return folder


def check_capable(cfg: Any, name: str, module: RoundModule) -> None:
    """Refuses settings that the model's sampler has no use for.

    Args:
        cfg: the settings.
        name: name of the model, for messages.
        module: the model.

    Raises:
        GenzooError: names the first one.
    """
    # What the model must be able to do.
    able = module.capabilities()
    of_captions = SamplesGiven in able and "caption" in module.asks
    if of_captions and cfg.caption is None:
        raise GenzooError(
            f"caption=null: {name} draws images of captions; give one, such as 'caption=\"a red cross\"'."
        )
    if cfg.caption is not None and not of_captions:
        raise GenzooError(f"caption={cfg.caption}: {name} is not conditioned on captions; leave caption out.")
    if Samples not in able and not of_captions:
        raise GenzooError(f"ckpt={cfg.ckpt}: {name} lacks the capability Samples, it draws no images.")
    if cfg.temperature is not None and SamplesAtTemperature not in able:
        raise GenzooError(f"temperature={cfg.temperature}: {name}'s sampler has none; leave temperature out.")
    if cfg.temperature is not None and not cfg.temperature > 0:
        raise GenzooError(f"temperature={cfg.temperature}: a number above 0 is needed; 1 draws from the model.")
    # Settings of its sampler.
    if cfg.label is not None and SamplesClasses not in able:
        raise GenzooError(f"label={cfg.label}: {name} is not conditioned on classes; leave label out.")
    if cfg.label is not None and not 0 <= cfg.label < module.label_classes:
        raise GenzooError(f"label={cfg.label}: {name} has the classes 0 to {module.label_classes - 1}.")
    if cfg.batch_size is not None and module.batch_norm == "batch":
        raise GenzooError(
            f"batch_size={cfg.batch_size}: {name}'s batch norm uses the statistics of {module.sampling_batch} images, "
            "which are part of its recipe; leave batch_size out."
        )
    # Animations.
    if cfg.format == "gif":
        if DrawsSequentially not in able:
            raise GenzooError(f"format=gif: {name} lacks the capability DrawsSequentially, it has no steps; use png.")
        for key in ("label", "temperature"):
            if cfg[key] is not None:
                raise GenzooError(f"format=gif {key}={cfg[key]}: animations are drawn without it; leave {key} out.")


def _written(blocks: Blocks, cfg: Any, format: str, unit: str, folder: Path) -> Iterator[int]:
    """Writes the samples; yields their number so far."""
    if format == "npz":
        return write_array(blocks, cfg.n, folder, unit)
    if cfg.grid:
        return write_grid(blocks, cfg.n, folder / f"grid.{format}", draws_in_steps=format == "gif")
    return write_pictures(blocks, cfg.n, folder, draws_in_steps=format == "gif")
