"""Layers and heads that several families use."""
