"""Now ``genzoo curves``."""

raise SystemExit("error: python curves.py is now: genzoo curves")
