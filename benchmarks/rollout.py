"""Steps a second of playing episodes with a policy, beside Stable-Baselines3's, on one core.

    python benchmarks/rollout.py cartpole        # at least 3 times theirs
    python benchmarks/rollout.py hopper          # at least 1.5 times theirs; needs the extra mujoco

Both step the same environment and store what happened, by policies of the same layers; theirs also asks the value
network, which cannot be left out. Batches of both take turns in one process; the ratio counts, not the rates.
"""

import argparse
import time

import torch
from gymnasium.wrappers import TimeLimit
from round import resolved
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import DummyVecEnv

from genzoo.reinforcement.rollout import sample
from genzoo.runs.build import build_data, build_module

HIDDEN = [64, 64]


class Silent(BaseCallback):
    """Goes on."""

    def _on_step(self):
        return True


def main():
    """Prints one line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("environment", choices=["cartpole", "hopper"])
    parser.add_argument("--steps", type=int, default=4000, help="of a batch")
    parser.add_argument("--batches", type=int, default=10)
    options = parser.parse_args()
    torch.set_num_threads(1)
    config = resolved("model=trpo", f"data={options.environment}", f"recipe.full.policy={HIDDEN}")
    data, policy = build_data(config), build_module(config).policy
    environment, limit = data.make(), data.spec.time_limit
    # Their environment is ours with Gymnasium's time limit around it.
    theirs = PPO(
        "MlpPolicy",
        DummyVecEnv([lambda: TimeLimit(data.make(), limit)]),
        n_steps=options.steps,
        policy_kwargs={"net_arch": {"pi": HIDDEN, "vf": HIDDEN}},
        device="cpu",
    )
    _, callback = theirs._setup_learn(10**9, Silent())

    def ours_plays(batch):
        return len(sample(environment, policy.actor(), options.steps, limit, seed=batch).rewards)

    def theirs_plays(batch):
        theirs.collect_rollouts(theirs.env, callback, theirs.rollout_buffer, options.steps)
        return options.steps

    ours_plays(0), theirs_plays(0)  # warm up
    steps, seconds = {ours_plays: 0, theirs_plays: 0}, {ours_plays: 0.0, theirs_plays: 0.0}
    for batch in range(1, options.batches + 1):
        for play in steps:
            start = time.perf_counter()
            steps[play] += play(batch)
            seconds[play] += time.perf_counter() - start
    ours, other = (steps[play] / seconds[play] for play in steps)
    print(f"{options.environment}: genzoo {ours:,.0f} steps/s, Stable-Baselines3 {other:,.0f}, {ours / other:.2f}x")


if __name__ == "__main__":
    main()
