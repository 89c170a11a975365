"""Programs for ``torch.export`` and ONNX."""

import copy
import io
import sys
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram

from genzoo.core.errors import GenzooError
from genzoo.core.files import atomic_write
from genzoo.core.rounds import RoundModule
from genzoo.runs.exports.extra import imported
from genzoo.runs.exports.fixed import fix_statistics
from genzoo.runs.exports.parts import Function, Part

ENDINGS = {"onnx": "onnx", "torch_export": "pt2"}
LARGEST_BATCH = 1 << 16
CHECKED = 5  # rows of the input for which program and model are compared


def export_part(module: RoundModule, name: str, part: Part, to: str, folder: Path) -> dict[str, Any]:
    """Writes ``<folder>/<name>.onnx`` or ``.pt2``, which computes a part of the model for batches of any size.

    Args:
        module: the model, which stays as it is.
        name: the part's name.
        part: the part.
        to: ``"onnx"`` or ``"torch_export"``.
        folder: an existing folder.

    Returns:
        A description: file, input, output, batch norm, and the largest difference between program and model.

    Raises:
        GenzooError: the part cannot be traced, or packages are missing.
    """
    module = copy.deepcopy(module)
    statistics = fix_statistics(module, name, part)
    program = _traced(module, name, part)
    path = folder / f"{name}.{ENDINGS[to]}"
    with atomic_write(path) as partial:
        if to == "onnx":
            _save_onnx(program, part, partial)
        else:
            _save_program(program, partial)
    # Compare the written program with the model.
    x = part.example(module, CHECKED)
    with torch.no_grad():
        expected = part.compute(module, x)
        found = run_onnx(path, x) if to == "onnx" else torch.export.load(path).module()(x)
    given, returned = part.describe(module)
    return {
        "file": path.name,
        "input": {"name": part.input, "shape": ["batch", *x.shape[1:]], "type": _kind(x), **given},
        "output": {"name": part.output, "shape": ["batch", *expected.shape[1:]], "type": _kind(expected), **returned},
        "batch_norm": statistics,
        "largest_difference": float((found.double() - expected.double()).abs().max()),
    }


def run_onnx(path: Path, x: Tensor) -> Tensor:
    """Returns the output of an ONNX file for an input, computed by onnxruntime."""
    session = imported("onnxruntime", "to=onnx").InferenceSession(path, providers=["CPUExecutionProvider"])
    (output,) = session.run(None, {session.get_inputs()[0].name: x.numpy()})
    return torch.from_numpy(output)


def _traced(module: RoundModule, name: str, part: Part) -> ExportedProgram:
    """Traces a part, twice: at the second time without the parameters that the first one does not read."""
    module.sampling_batch = sys.maxsize  # in one pass
    function = Function(module, part).eval()
    example = (part.example(module, 2),)
    shapes = {"x": {0: torch.export.Dim("batch", min=1, max=LARGEST_BATCH)}}
    try:
        with torch.no_grad(), warnings.catch_warnings(action="ignore"):
            first = torch.export.export(function, example, dynamic_shapes=shapes, strict=False)
            _drop_unread(function, first)
            return torch.export.export(function, example, dynamic_shapes=shapes, strict=False)
    except Exception as error:  # torch.export raises almost anything
        reason = " ".join(str(error).split())[:200]
        raise GenzooError(f"part={name}: torch.export cannot trace it ({reason}); use to=safetensors.") from error


def _drop_unread(function: Function, program: ExportedProgram) -> None:
    """Removes the parameters and buffers that a program does not read, such as the discriminator's."""
    inputs = [node for node in program.graph.nodes if node.op == "placeholder"]
    names = {spec.target for spec, node in zip(program.graph_signature.input_specs, inputs, strict=True) if node.users}
    every = (function.named_parameters, function.named_buffers)  # an average has two names
    read = {id(tensor) for named in every for name, tensor in named(remove_duplicate=False) if name in names}
    for owner in function.modules():
        for tensors in (owner._parameters, owner._buffers):
            tensors.update({name: None for name, tensor in tensors.items() if id(tensor) not in read})


def _save_program(program: ExportedProgram, path: Path) -> None:
    buffer = io.BytesIO()  # torch.export warns of paths that do not end in .pt2
    with warnings.catch_warnings(action="ignore"):
        torch.export.save(program, buffer)
    path.write_bytes(buffer.getbuffer())


def _save_onnx(program: ExportedProgram, part: Part, path: Path) -> None:
    with warnings.catch_warnings(action="ignore"):
        names = {"input_names": [part.input], "output_names": [part.output], "dynamic_shapes": {"x": {0: "batch"}}}
        converted = torch.onnx.export(program, (), **names, dynamo=True, verbose=False)
    converted.save(path, external_data=False)


def _kind(x: Tensor) -> str:
    return str(x.dtype).removeprefix("torch.")
