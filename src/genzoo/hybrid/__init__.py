"""Models that are made of parts of several families; no other family imports this one."""
