"""Export of a trained model."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

import genzoo
from genzoo.core.errors import GenzooError, near
from genzoo.core.files import write_json
from genzoo.runs.context import be_quiet
from genzoo.runs.exports.card import data_name, write_card
from genzoo.runs.exports.extra import imported
from genzoo.runs.exports.hub import check_repository, push
from genzoo.runs.exports.parts import PARTS, Part, parts_of
from genzoo.runs.exports.program import ENDINGS, export_part
from genzoo.runs.exports.weights import write_weights
from genzoo.runs.load import Loaded, loaded
from genzoo.runs.schema import Export, check_keys, check_values

log = logging.getLogger("genzoo")

TARGETS = ("safetensors", "onnx", "torch_export", "hub")
PACKAGES = {"onnx": ("onnx", "onnxscript", "onnxruntime"), "safetensors": ("safetensors",), "hub": ("safetensors",)}
JSON = "export.json"  # description of programs
# How programs are run, in Markdown.
RUN = {
    "onnx": """```python
import onnxruntime
session = onnxruntime.InferenceSession("{file}")
({output},) = session.run(None, {{"{input}": {input}}})  # export.json describes both
```""",
    "torch_export": """```python
import torch
program = torch.export.load("{file}").module()
{output} = program({input})  # export.json describes both
```""",
}


def export(cfg: DictConfig) -> Path:
    """Writes a trained model for other programs, with a model card; averaged networks are exported as averages.

    Args:
        cfg: composed from conf/export.yaml.

    Returns:
        The folder of the export.

    Raises:
        GenzooError: a setting is wrong, the model lacks a part, packages are missing, or an upload failed.
    """
    # Check the settings before a checkpoint is read.
    be_quiet()
    check_keys(cfg, Export)
    config = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    check_values(config)
    if cfg.to not in TARGETS:
        raise GenzooError(f"to={cfg.to}: unknown. {near(cfg.to, TARGETS)}")
    if cfg.to == "hub":
        check_repository("repo", cfg.repo)
    elif cfg.repo is not None:
        raise GenzooError(f"repo={cfg.repo}: only to=hub has a repository; leave repo out, or give to=hub.")
    if cfg.part is not None and cfg.to not in ENDINGS:
        raise GenzooError(f"part={cfg.part}: to={cfg.to} contains the whole model; leave part out.")
    for package in PACKAGES.get(cfg.to, ()):
        imported(package, f"to={cfg.to}")
    # Read the model; write into a folder of its own.
    found = loaded(cfg.ckpt, "ckpt", cfg.trust, "cpu")
    name = found.stored["config"]["recipe"]["name"]
    parts = _chosen(config["part"], name, found) if cfg.to in ENDINGS else {}
    folder = Path(cfg.out) / f"{name}-{data_name(found.stored)}" / cfg.to
    folder.mkdir(parents=True, exist_ok=True)
    if cfg.to in ENDINGS:
        _write_programs(found, parts, cfg.to, folder, chosen=cfg.part is not None)
    else:
        write_weights(found.module, found.stored, folder)
        source = f"hf://{cfg.repo}" if cfg.to == "hub" else str(folder)
        write_card(folder, found, f'```python\nimport genzoo\nmodel = genzoo.load("{source}")\n```')
    log.info(f"{name} after {found.module.progress.rounds} rounds is in {folder}")
    if cfg.to == "hub":
        log.info(push(folder, cfg.repo, cfg.private))
    return folder


def _chosen(given: str | list[str] | None, name: str, found: Loaded) -> dict[str, Part]:
    """Returns the chosen parts, or all that can be exported.

    Raises:
        GenzooError: there is none, or the model lacks a chosen one.
    """
    parts = parts_of(found.module)
    if given is not None:
        wanted = [given] if isinstance(given, str) else given
        for one in wanted:
            if one not in PARTS:
                raise GenzooError(f"part={one}: unknown. {near(one, PARTS)}")
            if one not in parts:
                lacking = PARTS[one].capability.__name__
                raise GenzooError(f"part={one}: {name} lacks the capability {lacking}; it has {_listed(parts)}.")
        return {one: parts[one] for one in wanted}
    if not parts:
        raise GenzooError(
            f"ckpt: {name} has none of the parts {', '.join(PARTS)}: a model that samples sequentially draws in a "
            "loop, which a program does not hold; use to=safetensors."
        )
    return parts


def _write_programs(found: Loaded, parts: Mapping[str, Part], to: str, folder: Path, chosen: bool) -> None:
    """Writes the programs of parts, their description and the model card.

    Args:
        found: the model.
        parts: the parts.
        to: the kind of program.
        folder: an existing folder.
        chosen: whether the user named the parts: then none may fail, else one that is written is enough.
    """
    described: dict[str, Any] = {}
    for name, part in parts.items():
        try:
            described[name] = export_part(found.module, name, part, to, folder)
        except GenzooError as error:
            if chosen or (name == [*parts][-1] and not described):
                raise
            log.warning(f"not exported: {error}")
            continue
        log.info(f"{folder / described[name]['file']}: {part.input} -> {part.output}")
    content = {
        "genzoo": genzoo.__version__,
        "model": found.stored["config"]["recipe"]["name"],
        "format": to,
        "data": data_name(found.stored),
        "trained_by": found.stored["trained_by"],
        "rounds": found.module.progress.rounds,
        "averaged": sorted(found.module.averages),
        "parts": described,
    }
    write_json(folder / JSON, content)
    uses = [
        RUN[to].format(file=one["file"], input=one["input"]["name"], output=one["output"]["name"])
        for one in described.values()
    ]
    write_card(folder, found, "\n\n".join(uses))


def _listed(parts: Mapping[str, Part]) -> str:
    return ", ".join(parts) or "none"
