"""Settings of a run of seconds, as ``genzoo.train`` takes them."""

from support import SHAPES

SETTINGS = {key: int(value) if value.isdigit() else value for key, _, value in (one.partition("=") for one in SHAPES)}
SETTINGS |= {"trainer": "smoke", "recipe.batch_size": 16, "logger": "none", "metrics": "none"}
RUN = SETTINGS | {"callbacks.pictures": None, "callbacks.validation": None}
