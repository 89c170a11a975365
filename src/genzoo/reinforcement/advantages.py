"""Discounted returns and generalised advantage estimation."""

import numpy as np
from scipy.signal import lfilter


def discounted_sums(values: np.ndarray, discount: float, lengths: np.ndarray) -> np.ndarray:
    """Σ_l discount^l · values[t + l], to the end of the episode of step t (N,).

    Args:
        values: of the steps of whole episodes, concatenated (N,).
        discount: in [0, 1].
        lengths: of the episodes (E,).

    Example:
        >>> discounted_sums(np.array([1.0, 1.0, 1.0, 5.0]), 0.5, np.array([3, 1])).tolist()
        [1.75, 1.5, 1.0, 5.0]
    """
    episodes = np.split(values, lengths.cumsum()[:-1])
    # y_t = x_t + discount · y_{t+1} is a recursive filter that runs backwards in time.
    return np.concatenate([lfilter([1.0], [1.0, -discount], episode[::-1])[::-1] for episode in episodes])


def with_tails(rewards: np.ndarray, tails: np.ndarray, discount: float, lengths: np.ndarray) -> np.ndarray:
    """Rewards (N,) with the discounted bootstrapped value (E,) added to the last step of each episode."""
    rewards = rewards.copy()
    rewards[lengths.cumsum() - 1] += discount * tails
    return rewards


def generalised_advantages(
    rewards: np.ndarray, values: np.ndarray, tails: np.ndarray, lengths: np.ndarray, discount: float, gae_lambda: float
) -> np.ndarray:
    """A_t = Σ_l (γλ)^l δ_{t+l} with δ_t = r_t + γ V(s_{t+1}) - V(s_t).

    Args:
        rewards, values: r_t and V(s_t) of the steps of whole episodes, concatenated (N,).
        tails: the bootstrapped value after the last step of each episode (E,): 0 if the episode terminated.
        lengths: of the episodes (E,).
        discount, gae_lambda: γ and λ.

    Source: Schulman et al. 2016, arXiv 1506.02438, equation 16.

    Example:
        >>> generalised_advantages(np.ones(2), np.array([3.0, 1.0]), np.zeros(1), np.array([2]), 1.0, 0.5).tolist()
        [-1.0, 0.0]
    """
    following = np.append(values[1:], 0.0)  # V(s_{t+1}) within an episode
    following[lengths.cumsum() - 1] = tails  # and after its last step
    return discounted_sums(rewards + discount * following - values, discount * gae_lambda, lengths)
