import numpy as np
import pytest

from genzoo.reinforcement.advantages import discounted_sums, generalised_advantages, with_tails

LENGTHS = np.array([3, 1, 5])
RANDOM = np.random.default_rng(0)
REWARDS, VALUES, TAILS = RANDOM.normal(size=9), RANDOM.normal(size=9), np.array([0.0, 0.7, -0.4])


def episodes(*arrays):
    ends = LENGTHS.cumsum()
    return zip(*(np.split(array, ends[:-1]) for array in arrays), strict=True)


def test_sums_are_those_of_the_definition():
    expected = [
        sum(0.9**k * reward for k, reward in enumerate(rewards[t:]))
        for (rewards,) in episodes(REWARDS)
        for t in range(len(rewards))
    ]
    assert np.allclose(discounted_sums(REWARDS, 0.9, LENGTHS), expected)


@pytest.mark.parametrize("gae_lambda", [0.0, 0.8, 1.0])
def test_advantages_mix_all_estimates_of_several_steps(gae_lambda):
    """Â = (1 - λ) Σ_k λ^{k-1} Â^(k), with Â^(k) the estimate of k steps (equations 10 to 16)."""
    expected = []
    for (rewards, values), tail in zip(episodes(REWARDS, VALUES), TAILS, strict=True):
        following, n = np.append(values, tail), len(rewards)
        for t in range(n):
            estimates = [
                sum(0.9**i * rewards[t + i] for i in range(k)) + 0.9**k * following[t + k] - values[t]
                for k in range(1, n - t + 1)
            ]
            weights = [(1 - gae_lambda) * gae_lambda**i for i in range(len(estimates) - 1)]
            expected.append(np.dot([*weights, gae_lambda ** (len(estimates) - 1)], estimates))
    found = generalised_advantages(REWARDS, VALUES, TAILS, LENGTHS, discount=0.9, gae_lambda=gae_lambda)
    assert np.allclose(found, expected)


def test_the_value_of_what_comes_after_an_episode_is_a_part_of_its_returns():
    found = discounted_sums(with_tails(REWARDS, TAILS, 0.9, LENGTHS), 0.9, LENGTHS)
    before = discounted_sums(REWARDS, 0.9, LENGTHS)
    steps_left = np.concatenate([np.arange(n, 0, -1) for n in LENGTHS])
    assert np.allclose(found - before, 0.9**steps_left * np.repeat(TAILS, LENGTHS))


def test_what_is_given_is_left_as_it_is():
    rewards = REWARDS.copy()
    with_tails(rewards, TAILS, 0.9, LENGTHS)
    assert np.array_equal(rewards, REWARDS)
