"""The wheel holds the configurations as genzoo/conf; in a checkout they lie at the top level."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithConfigurations(build_py):
    """Builds the package, then copies conf into it."""

    def run(self):
        """Called by setuptools."""
        super().run()
        if not self.editable_mode:
            shutil.copytree("conf", Path(self.build_lib, "genzoo", "conf"), dirs_exist_ok=True)


setup(cmdclass={"build_py": BuildWithConfigurations})
