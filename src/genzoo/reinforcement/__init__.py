"""Learning by acting: policy gradients, imitation of experts, exploration."""
