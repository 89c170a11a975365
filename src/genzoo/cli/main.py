"""``genzoo <command> <overrides>``: chooses the script of a subcommand."""

import ast
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

import genzoo
from genzoo.core.errors import near

SCRIPTS = Path(__file__).parent / "commands"
COMPLETION = Path(__file__).parent / "completion.bash"


def main() -> None:
    """The console script: runs a subcommand, or prints the list of them, the version, or the shell's completion."""
    name, *arguments = sys.argv[1:] or ["--help"]
    if name in ("--help", "-h"):
        print(_overview())
    elif name == "--version":
        print(genzoo.__version__)
    elif name == "--completion":
        print(COMPLETION.read_text(), end="")
    elif name in commands():
        run_command(name, arguments)
    else:
        print(f"error: genzoo {name}: there is no such command. {near(name, commands())}", file=sys.stderr)
        sys.exit(2)


def run_command(name: str, arguments: Sequence[str]) -> None:
    """Runs the script of a subcommand in this process.

    The script becomes ``sys.argv[0]``, so that processes started for further devices or jobs run it, too.
    """
    script = str(SCRIPTS / f"{name}.py")
    sys.argv = [script, *arguments]
    runpy.run_path(script, run_name="__main__")


def commands() -> list[str]:
    """Returns the names of all subcommands."""
    return sorted(path.stem for path in SCRIPTS.glob("[!_]*.py"))


def _overview() -> str:
    """Returns one line per subcommand: the first clause of its script."""
    rows = [f"  {name:<13}{about(name)}" for name in commands()]
    return "\n".join(
        [
            f"genzoo {genzoo.__version__}: {genzoo.__doc__}\n",
            *rows,
            "\ngenzoo <command> --help shows the settings of a command, genzoo --version the version.",
            'eval "$(genzoo --completion bash)" completes commands, options and settings in bash and zsh.',
        ]
    )


def about(command: str) -> str:
    """Returns one line about a subcommand: the first clause of its script."""
    script = SCRIPTS / f"{command}.py"
    return (ast.get_docstring(ast.parse(script.read_text())) or "").partition(",")[0].rstrip(".") + "."
