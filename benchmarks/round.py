"""The cost of a round through train.py's whole path, beside a bare PyTorch loop of the same networks.

    python benchmarks/round.py infogan          # whole path: at most 1.05x on a CPU
    python benchmarks/round.py gan              # 784-256-256 MLPs, batch 100: at most 1.2x on a CPU
    python benchmarks/round.py infogan --device cuda

Both loops take turns in one process, so that a busy machine slows both alike; the ratio counts, not the times. The
whole path logs, draws pictures, validates and saves as the recipe's default configuration does.
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

from genzoo.build import build_data, build_module
from genzoo.core.images import from_levels
from genzoo.tasks import train

CONF = Path(__file__).resolve().parents[1] / "conf"
COMMON = ["data=shapes", "data.size=28", "data.channels=1", "data.n_train=5000", "trainer.marks=[benchmark]"]
# Rounds to warm up, rounds to measure (as many as hold pictures, validation and checkpoints in their usual proportion).
MODELS = {
    "infogan": (["model=infogan", "trainer.rounds=1000"], 50, 200),
    "gan": (
        ["model=gan", "model.generator.hidden=256", "model.discriminator.units=256", "model.discriminator.pieces=1"],
        200,
        1500,
    ),
}


class Stopwatch(pl.Callback):
    """Times the rounds after the warm-up and ends the run."""

    warm_up = measured = 0
    milliseconds: float

    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        """Starts after the warm-up; stops after the measured rounds, their callbacks included."""
        if batch_idx == self.warm_up:
            self.start = synchronised_clock(module.device)
        if batch_idx == self.warm_up + self.measured:
            elapsed = synchronised_clock(module.device) - self.start
            Stopwatch.milliseconds = elapsed / self.measured * 1000
            trainer.should_stop = True


def synchronised_clock(device):
    """Seconds, once the device has done all it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def bare(config, warm_up, measured, device):
    """Milliseconds a round of the plainest loop: no Lightning, no checks, no logs."""
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

    def play(real):
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

    per_epoch = len(images) // batch
    for i in range(warm_up + measured):
        if i % per_epoch == 0:
            order = torch.randperm(len(images), device=device)
        if i == warm_up:
            start = synchronised_clock(device)
        chosen = order[i % per_epoch * batch :][:batch]
        play(from_levels(images[chosen]))
    return (synchronised_clock(device) - start) / measured * 1000


def main():
    """Prints a line a repetition and their summary."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model", choices=MODELS)
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--logger", default="default")
    options = parser.parse_args()
    overrides, warm_up, measured = MODELS[options.model]
    device = torch.device(options.device)
    Stopwatch.warm_up, Stopwatch.measured = warm_up, measured
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    ratios = []
    for _ in range(options.repetitions):
        with tempfile.TemporaryDirectory() as runs, initialize_config_dir(str(CONF), version_base="1.3"):
            cfg = compose(
                "train",
                [
                    *(*overrides, *COMMON, f"logger={options.logger}", f"paths.runs={runs}", "metrics.code_error=null"),
                    *(
                        "+callbacks.stopwatch._target_=__main__.Stopwatch",
                        f"trainer={'gpu' if device.type == 'cuda' else 'cpu'}",
                    ),
                ],
            )
            plain = bare(OmegaConf.to_container(cfg, resolve=True), warm_up, measured, device)
            train(cfg)
        ratios.append(Stopwatch.milliseconds / plain)
        times = f"genzoo {Stopwatch.milliseconds:.2f} ms a round, bare {plain:.2f} ms"
        print(f"{options.model}, {name}: {times}, {ratios[-1]:.3f}x", flush=True)
    print(f"median ratio {sorted(ratios)[len(ratios) // 2]:.3f} of {[round(r, 3) for r in ratios]}")


if __name__ == "__main__":
    main()
