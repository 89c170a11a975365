"""Hydra's launcher of genzoo: every job of a multirun is a process of its own."""
