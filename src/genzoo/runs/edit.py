"""An edit of a picture by coloured strokes, on the images of a trained model."""

import logging
from functools import partial
from pathlib import Path

from omegaconf import DictConfig, OmegaConf
from torch.optim import Adam

from genzoo.core.capabilities import Decodes
from genzoo.core.checks import check_integer
from genzoo.core.errors import GenzooError
from genzoo.core.files import write_json
from genzoo.core.image_edit import edit_image, projection
from genzoo.core.pictures import picture, plain_picture, save_picture
from genzoo.core.randomness import generator
from genzoo.core.stroke_edit import StrokeEdit
from genzoo.runs.context import be_quiet
from genzoo.runs.load import loaded
from genzoo.runs.samples.folder import check_new, described_model
from genzoo.runs.schema import Editing, check_keys, check_values
from genzoo.runs.strokes import read_image, read_strokes

log = logging.getLogger("genzoo")


def edit(cfg: DictConfig) -> Path:
    """Edits a picture and writes the results to a new folder.

    The folder has ``edited.png`` (the model's image), ``shown.png`` (the picture with the change), ``frames.png`` (from
    the reconstruction of the picture to the edited image) and ``edit.json`` (the protocol).

    Args:
        cfg: composed from conf/edit.yaml.

    Returns:
        The folder.

    Raises:
        GenzooError: a setting is wrong, the model does not decode, a file does not fit, or a search fails.
    """
    # Check the settings before a checkpoint is read.
    be_quiet()
    check_keys(cfg, Editing)
    config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check_values(config)
    check_integer("seed", cfg.seed, 0)
    check_integer("frames", cfg.frames, 2)
    if not (rate := config["edit"].pop("lr")) > 0:
        raise GenzooError(f"edit.lr={rate}: a positive number is needed.")
    by_strokes = StrokeEdit(optimizer=partial(Adam, lr=rate), **config["edit"])
    folder = Path(cfg.out)
    check_new(folder)
    # Check them against the model.
    module, stored, path = loaded(cfg.ckpt, "ckpt", cfg.trust, cfg.device)
    name = stored["config"]["recipe"]["name"]
    if Decodes not in module.capabilities():
        raise GenzooError(f"ckpt={cfg.ckpt}: {name} lacks the capability Decodes, so it has no codes to search.")
    shape = tuple(module.decode(module.latent.sample(1, device=module.device)).shape[1:])
    if shape[1:] == (1, 1):
        raise GenzooError(f"ckpt={cfg.ckpt}: {name} generates points; strokes need a model of images.")
    search = projection(module, **config["search"])
    image = read_image(Path(cfg.image), shape)
    strokes, mask = read_strokes(Path(cfg.strokes), shape)
    # Edit, and write the results.
    given = [tensor.to(module.device) for tensor in (image, strokes, mask)]
    edited = edit_image(module, *given, generator(cfg.seed, "edit"), search, by_strokes, cfg.frames)
    save_picture(plain_picture(edited.images[0]), folder / "edited.png")
    save_picture(plain_picture(edited.shown), folder / "shown.png")
    save_picture(picture(edited.frames, cfg.frames), folder / "frames.png")
    described = {
        **described_model(name, module, path),
        **{key: config[key] for key in ("image", "strokes", "frames", "seed")},
        "batch_norm": module.batch_norm,
        "search": search.protocol(),
        "edit": by_strokes.protocol(),
        "costs": edited.costs.tolist(),
    }
    write_json(folder / "edit.json", described)
    log.info(f"the picture edited by {name}, and {cfg.frames} frames, are in {folder}")
    return folder
