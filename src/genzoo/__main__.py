"""``python -m genzoo`` is ``genzoo``."""

from genzoo.cli.main import main

if __name__ == "__main__":
    main()
