"""One script per subcommand of ``genzoo``; processes that a run or a sweep starts execute the same script."""
