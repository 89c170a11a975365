"""Compares the papers' numbers with the records in results/: docs/RESULTS.md."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.results.report:write_report")
