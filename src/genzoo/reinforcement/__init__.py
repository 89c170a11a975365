"""Reinforcement learning: policy gradients, imitation learning, exploration."""
