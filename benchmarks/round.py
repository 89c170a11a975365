"""The cost of a round through train.py's whole path, beside a bare PyTorch loop of the same networks.

    python benchmarks/round.py infogan          # whole path: at most 1.05x on a CPU; nine minutes there
    python benchmarks/round.py gan              # 784-256-256 MLPs, batch 100: at most 1.2x on a CPU
    python benchmarks/round.py infogan --device cuda

In one process, blocks of rounds of the run and of the bare loop take turns, so that a busy machine slows both alike;
the ratio counts, not the times. The run is the whole recipe's, logged, drawn, validated and saved as by default. It is
measured where the denser pictures of its beginning are over, for as long as holds each of those events in proportion.
"""

import argparse
import tempfile
import time
from pathlib import Path

import pytorch_lightning as pl
import torch
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from torch.nn import functional as F

from genzoo.core.images import from_levels
from genzoo.runs.build import build_data, build_module
from genzoo.runs.train import train

CONF = Path(__file__).resolve().parents[1] / "conf"
COMMON = ["data=shapes", "data.size=28", "data.channels=1", "data.n_train=5000"]
# Overrides, first round measured, rounds measured, rounds of a block.
MODELS = {
    "infogan": (["model=infogan"], 600, 1000, 20),
    "gan": (
        ["model=gan", "model.generator.hidden=256", "model.discriminator.units=256", "model.discriminator.pieces=1"],
        18_000,
        3000,
        100,
    ),
}


class SideBySide(pl.Callback):
    """Lets the run and the bare loop play blocks in turn, and adds up the seconds of each."""

    play = None  # plays a bare round
    first = measured = block = 0
    genzoo = bare = 0.0

    def on_fit_start(self, trainer, module):
        """Begins a block early, to warm up."""
        module.progress.rounds = self.first - self.block
        SideBySide.genzoo = SideBySide.bare = 0.0

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        """Between two blocks."""
        if batch_idx % self.block:
            return
        end = synchronised_clock(module.device)
        for _ in range(self.block):
            SideBySide.play()
        self.resumed, start = synchronised_clock(module.device), getattr(self, "resumed", end)
        if batch_idx > self.block:
            SideBySide.genzoo += end - start
            SideBySide.bare += self.resumed - end
        if batch_idx == self.block + self.measured:
            trainer.should_stop = True


def synchronised_clock(device):
    """Seconds, once the device has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def bare_round(config, device):
    """A function that plays a round of the plainest loop: no Lightning, no checks, no logs."""
    data, module = build_data(config), build_module(config).to(device)
    images, batch = data.split("train").images.to(device), data.batch_size
    generator, discriminator, latent = module.generator, module.discriminator, module.latent
    if config["recipe"]["name"] == "infogan":
        recognition, discriminator_parameters = (
            module.recognition,
            [*discriminator.parameters(), *module.recognition.parameters()],
        )
    else:
        recognition, discriminator_parameters = None, [*discriminator.parameters()]
    d_optimizer = module.optimizer_factories["discriminator"](discriminator_parameters)
    g_optimizer = module.optimizer_factories["generator"](generator.parameters())

    def logits_and_information(z, fake):
        if recognition is None:
            return discriminator(fake), 0.0
        features = discriminator.features(fake)
        q = recognition(features)
        digit = (F.log_softmax(q[:, :10], 1) * z[:, 62:72]).sum(1).mean()
        style = -0.5 * ((z[:, 72:] - q[:, 10:12]) ** 2).sum(1).mean()
        return discriminator.head(features).squeeze(1), digit + style

    def discriminator_loss(real):
        z = latent.sample(batch, device=device)
        with torch.no_grad():
            fake = generator(z)
        logits, information = logits_and_information(z, fake)
        return F.softplus(-discriminator(real)).mean() + F.softplus(logits).mean() - information

    def generator_loss():
        z = latent.sample(batch, device=device)
        logits, information = logits_and_information(z, generator(z))
        return F.softplus(-logits).mean() - information

    def draw():
        while True:
            for chosen in torch.randperm(len(images), device=device).split(batch):
                if len(chosen) == batch:
                    yield from_levels(images[chosen])

    draws = draw()

    def play():
        real = next(draws)
        d_optimizer.zero_grad()
        discriminator_loss(real).backward()
        d_optimizer.step()
        for p in discriminator_parameters:
            p.requires_grad_(False)
        g_optimizer.zero_grad()
        generator_loss().backward()
        g_optimizer.step()
        for p in discriminator_parameters:
            p.requires_grad_(True)

    return play


def resolved(*overrides):
    """The configuration of train.py with these overrides, as a dictionary."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_container(compose("train", [*overrides]), resolve=True)


def side_by_side(given, bare_round, device):
    """Milliseconds of a round of the run that these overrides configure, and of a bare one.

    ``bare_round`` gives, of a resolved configuration and a device, a function that plays a round; ``SideBySide`` says
    which rounds are measured.
    """
    trainer = "gpu" if device.type == "cuda" else "cpu"
    with tempfile.TemporaryDirectory() as runs, initialize_config_dir(str(CONF), version_base="1.3"):
        sides = f"+callbacks.sides._target_={SideBySide.__module__}.SideBySide"
        fixed = [f"trainer={trainer}", "trainer.marks=[benchmark]", f"paths.runs={runs}", sides]
        cfg = compose("train", [*fixed, *given])
        SideBySide.play = staticmethod(bare_round(OmegaConf.to_container(cfg, resolve=True), device))
        train(cfg)
    return [1000 * seconds / SideBySide.measured for seconds in (SideBySide.genzoo, SideBySide.bare)]


def main():
    """Prints a line a repetition and their median."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--repetitions", type=int, default=1)
    parser.add_argument("--logger", default="default")
    options = parser.parse_args()
    overrides, SideBySide.first, SideBySide.measured, SideBySide.block = MODELS[options.model]
    device = torch.device(options.device)
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    given = [*overrides, *COMMON, f"logger={options.logger}", "metrics.code_error=null"]
    ratios = []
    for _ in range(options.repetitions):
        genzoo, bare = side_by_side(given, bare_round, device)
        ratios.append(genzoo / bare)
        print(
            f"{options.model}, {name}: genzoo {genzoo:.2f} ms a round, bare {bare:.2f} ms, {ratios[-1]:.3f}x",
            flush=True,
        )
    print(f"median ratio {sorted(ratios)[len(ratios) // 2]:.3f} of {[round(r, 3) for r in ratios]}")


if __name__ == "__main__":
    main()
