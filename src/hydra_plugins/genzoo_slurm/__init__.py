"""genzoo's Hydra launcher for SLURM: each job of a multirun is submitted to the cluster."""
