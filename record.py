"""Now ``genzoo demonstrate``."""

raise SystemExit("error: python record.py is now: genzoo demonstrate")
