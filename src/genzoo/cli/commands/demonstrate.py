"""Records demonstrations by a published expert, e.g. ``genzoo demonstrate data=hopper expert=log_Hopper-v0_3.h5``."""

from genzoo.cli.entry import command

if __name__ == "__main__":
    command("genzoo.runs.recording:record")
