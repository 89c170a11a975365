"""Hydra's launcher of genzoo for SLURM: every job of a multirun is a job of the cluster."""
