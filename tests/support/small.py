"""Settings of a run of seconds, as ``genzoo.train`` takes them."""

from support import SHAPES

RUN = {key: int(value) if value.isdigit() else value for key, _, value in (one.partition("=") for one in SHAPES)}
RUN |= {"trainer": "smoke", "recipe.batch_size": 16, "logger": "none", "metrics": "none"}
RUN |= {"callbacks.pictures": None, "callbacks.validation": None}
