"""Hydra's sweeper of genzoo: a search by Optuna."""
