"""Layers and output distributions used by several model families."""
