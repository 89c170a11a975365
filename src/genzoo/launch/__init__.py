"""Many runs: jobs, sweeps, searches, clusters."""
