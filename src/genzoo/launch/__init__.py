"""Many runs: jobs, sweeps, hyper-parameter searches, SLURM clusters."""
