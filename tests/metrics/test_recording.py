"""Demonstrations that a run leaves are demonstrations that another one learns from."""

import numpy as np
import pytest

from genzoo.core.errors import GenzooError
from genzoo.metrics.demonstrations import RecordDemonstrations
from genzoo.runs.build import build_data
from genzoo.runs.evaluate import evaluate
from genzoo.runs.train import train
from support import composed, resolved


@pytest.mark.parametrize("data", ["cartpole", "pendulum"])
def test_what_evaluation_records_is_what_imitation_takes(data, tmp_path):
    quiet = ("logger=none", "metrics=none", "trainer.rounds=1", "recipe.batch_size=60", f"paths.runs={tmp_path}")
    train(composed("model=trpo", f"data={data}", "trainer=smoke", *quiet))
    (run,) = tmp_path.glob("trpo*/*")
    chosen = ("metrics=demonstrations", "metrics.demonstrations.trajectories=3", "device=cpu")
    values = evaluate(composed(f"ckpt={run}", *chosen, name="evaluate"))
    (file,) = run.glob("evaluation/*/*/demonstrations.npz")
    assert (file.parent / "metrics.json").is_file()

    given = (f"data.demonstrations={file}", "data.trajectories=null", "data.every=1")
    shown = build_data(resolved("model=trpo", f"data={data}", *given))
    assert shown.spec.demonstrations == len(shown.demonstrations.times) >= 3
    assert values["test/demonstrated_return"] == pytest.approx(shown.demonstrations.returns.mean().item(), rel=1e-5)
    spread = shown.demonstrations.returns.numpy().std()
    assert values["test/demonstrated_return_std"] == pytest.approx(spread, rel=1e-4, abs=1e-4)
    with np.load(file) as arrays:
        assert str(arrays["environment"]) == shown.id
        assert len(arrays["episode_lengths"]) == 3


def test_no_trajectories_are_refused():
    with pytest.raises(GenzooError, match=r"metrics.demonstrations.trajectories=0: a positive"):
        RecordDemonstrations(trajectories=0)
