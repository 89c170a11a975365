"""What a round of each model computes and what its ranks tell each other, counted on the CPU; then what that means.

    python benchmarks/scale.py
    python benchmarks/scale.py --flops 100e12 --launch 5e-6 --bandwidth 25e9 --latency 30e-6 --devices 64

A round of a whole recipe is played once at full width: floating-point operations and operators are counted, and
gradients that a turn averages over ranks. A device that does ``flops`` operations a second and starts a kernel in
``launch`` seconds takes max(operations / flops, operators x launch) for it; n devices then average in
2 (n - 1) / n x bytes / bandwidth + turns x latency seconds, with nothing hidden behind the computation.
"""

import argparse
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from pytorch_lightning import Trainer
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from genzoo.runs.build import build_data, build_module, trainer_options

ROOT = Path(__file__).parents[1]
# Model -> size and channels of the images its recipe was written for, and overrides.
MODELS = {
    "gan": (28, 1),
    "infogan": (28, 1),
    "dcgan": (64, 3),
    "lsgan": (32, 3),
    "wgan": (64, 3, "model.round.discriminator_steps=5"),  # but for the first rounds and each 500th
    "wgan_gp": (32, 3),
    "wgan_gp_resnet": (32, 3),
    "sngan": (32, 3),
    "acgan": (32, 3),
    "began": (64, 3),
    "improved_gan": (28, 1),
    "improved_gan_cifar10": (32, 3),
}


class Count(TorchDispatchMode):
    """Counts the operators that are called and their floating-point operations.

    torch's own FlopCounterMode follows the modules too, and its hooks forbid the penalties' ``autograd.grad``.
    """

    operators = flops = 0

    def __torch_dispatch__(self, operator, types, args=(), kwargs=None):
        """Called by torch."""
        out = operator(*args, **(kwargs or {}))
        self.operators += 1
        if formula := flop_registry.get(operator.overloadpacket):
            self.flops += formula(*args, **(kwargs or {}), out_val=out)
        return out


def counted(model: str, size: int, channels: int, *overrides: str) -> dict[str, float]:
    """One round of a model."""
    given = [f"model={model}", "data=shapes", f"data.size={size}", f"data.channels={channels}", "trainer=cpu"]
    given += [
        "data.n_train=1024",
        "data.n_validation=8",
        "data.n_test=8",
        "trainer.rounds=1",
        "logger=none",
        *overrides,
    ]
    config = OmegaConf.to_container(compose("train", [*given, "seed=0"]), resolve=True)
    data, module = build_data(config), build_module(config)
    data.setup()
    module.initialise(data.initial())
    trainer = Trainer(**trainer_options(config), logger=False, enable_checkpointing=False)
    with Count() as count:
        trainer.fit(module, datamodule=data)
    sizes = {
        player: sum(p.numel() for network in networks for p in network.parameters())
        for player, networks in module.players().items()
    }
    repeats = {player: turn.repeats_in(0) for turn in module.turns() for player in turn.losses}
    return {
        "batch": data.batch_size,
        "rounds": config["recipe"]["rounds"],
        "images": data.batch_size * sum(stream.batches for stream in module.streams()),
        "parameters": sum(sizes.values()),
        "flops": count.flops,
        "operators": count.operators,
        "bytes": 4 * sum(sizes[player] * n for player, n in repeats.items()),
        "turns": sum(repeats.values()),
    }


def main() -> None:
    """Prints two tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--flops", type=float, default=50e12, help="operations a second that a device reaches")
    parser.add_argument("--launch", type=float, default=5e-6, help="seconds a kernel takes to start")
    parser.add_argument("--bandwidth", type=float, default=25e9, help="bytes a second between devices")
    parser.add_argument("--latency", type=float, default=30e-6, help="seconds a message takes")
    parser.add_argument("--devices", type=int, nargs="+", default=[1, 8, 64])
    given = parser.parse_args()
    torch.set_num_threads(1)
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        models = {f"{m} {size}x{size}": counted(m, size, *more) for m, (size, *more) in MODELS.items()}

    print(
        "| model | batch | rounds | images a round | parameters | GFLOP a round | operators | messages | MB averaged |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, m in models.items():
        print(
            f"| {name} | {m['batch']} | {m['rounds']:,} | {m['images']} | {m['parameters'] / 1e6:.1f} M "
            f"| {m['flops'] / 1e9:.0f} | {m['operators']:,} | {m['turns']} | {m['bytes'] / 1e6:.0f} |"
        )
    heads = [f"{n} x: images/s, efficiency" for n in given.devices]
    print(f"\n| model | bound by | {' | '.join(heads)} | hours of one device |\n|---|---|{'---|' * (len(heads) + 1)}")
    for name, m in models.items():
        computing, starting = m["flops"] / given.flops, m["operators"] * given.launch
        alone, cells = max(computing, starting), []
        for n in given.devices:
            ring = 2 * (n - 1) / n * m["bytes"] / given.bandwidth
            together = alone + (ring + m["turns"] * given.latency if n > 1 else 0)
            cells.append(f"{n * m['images'] / together:,.0f}, {alone / together:.0%}")
        bound = "kernels' starts" if starting > computing else "operations"
        print(f"| {name} | {bound} | {' | '.join(cells)} | {m['rounds'] * alone / 3600:.1f} |")


if __name__ == "__main__":
    main()
