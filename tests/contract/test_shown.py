"""What a checkpoint says of a run's metrics, callbacks and loggers can be built again."""

import pytest
from omegaconf import OmegaConf

from genzoo.core.registry import check_targets
from support import ROOT, composed

OPTIONS = [
    f"{group}={path.stem}"
    for group in ("metrics", "callbacks", "logger")
    for path in sorted((ROOT / "conf" / group).glob("[!_]*.yaml"))
]


@pytest.mark.parametrize("option", OPTIONS)
def test_it_names_registered_classes_only(option):
    group = option.partition("=")[0]
    check_targets(OmegaConf.to_container(composed(option)[group], resolve=True), among_loggers=group == "logger")
