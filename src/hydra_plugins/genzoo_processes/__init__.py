"""genzoo's Hydra launcher: each job of a multirun is a separate process."""
