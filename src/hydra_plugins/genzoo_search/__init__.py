"""genzoo's Hydra sweeper: a hyper-parameter search with Optuna."""
