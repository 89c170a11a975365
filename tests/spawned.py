"""What tests send to spawned processes, which import it by name."""

import pytorch_lightning as pl
import torch
import torch.distributed as dist


class InjectedNoise:
    """A latent part drawn for the global batch and sliced by rank, so that 2 ranks see what 1 sees."""

    size, entropy, varies_along_rows = 100, 0.0, True

    def __init__(self):
        self.calls = 0

    def sample(self, n, generator=None, device=None):
        ranks, rank = (dist.get_world_size(), dist.get_rank()) if dist.is_initialized() else (1, 0)
        draws = torch.randn(
            n * ranks, self.size, generator=torch.Generator().manual_seed(self.calls), dtype=torch.float64
        )
        self.calls += 1
        return draws[rank * n : (rank + 1) * n]


class Double(pl.Callback):
    def on_train_batch_start(self, trainer, module, batch, batch_idx):
        for stream in batch:
            stream.images.data = stream.images.data.double()


class KeepWeights(pl.Callback):
    """Saves each rank's weights, as the module of a spawned process is not the parent's."""

    def __init__(self, folder):
        self.folder = folder

    def on_train_end(self, trainer, module):
        torch.save(
            (module.state_dict(), module.progress.state_dict()),
            self.folder / f"{trainer.world_size}-{trainer.global_rank}.pt",
        )
