"""Now ``genzoo report``."""

raise SystemExit("error: python report.py is now: genzoo report")
