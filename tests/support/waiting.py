"""Which players of a model move in a round."""

import torch

from support import cpu_trainer


def moved(module, data):
    """Player -> whether it has moved in the next round."""
    data.setup()
    before = {player: [p.clone() for n in ns for p in n.parameters()] for player, ns in module.players().items()}
    data.rounds = module.progress.rounds + 1
    cpu_trainer().fit(module, datamodule=data)
    after = {player: [p for n in ns for p in n.parameters()] for player, ns in module.players().items()}
    return {
        player: any(not torch.equal(a, b) for a, b in zip(before[player], after[player], strict=True))
        for player in before
    }
