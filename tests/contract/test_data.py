"""Every conf/data/*.yaml is what it says; what is missing, damaged or contradictory is one line; no network is used."""

import importlib.util
import re

import pytest
from gymnasium.spaces import Discrete
from omegaconf import OmegaConf

from genzoo.core.batches import DataSpec, Events, Showers
from genzoo.core.errors import GenzooError
from genzoo.core.registry import check_targets
from genzoo.runs.build import build_data
from support import DATA, ENVIRONMENTS, composed, loaded
from support.contract_sets import CHOSEN, DRAWN, FILES

DAMAGES = {
    "cut off": lambda content: content[: len(content) // 2],
    "empty": lambda content: b"",
    "another format": lambda content: b"<html>404</html>",
    "changed": lambda content: content[:-3] + bytes([content[-3] ^ 1]) + content[-2:],
}
YOURS = ("arrays", "table", "huggingface", "torchvision")
DOMAINS = ("facade_windows", "paired_folders", "two_folders")
SOURCES = (
    {"stream": "shards"}
    | dict.fromkeys(("images", "lsun", "midi_folder", *DOMAINS), "folder")
    | {name: name for name in YOURS}
)
NAMES = {"lsun": "images"} | dict.fromkeys(DOMAINS, "folder_domains")  # of configurations for a set of another name
HERE = [name for name in ENVIRONMENTS if "mujoco" not in DATA[name] or importlib.util.find_spec("mujoco")]
pytestmark = pytest.mark.usefixtures("digits_are_read_once")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder of data sets, which is not there yet; other programs' caches are empty."""
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "scikit"))
    return tmp_path / "data"


@pytest.fixture
def configured(folder):
    """A function that gives the resolved configuration of a set."""

    def configure(name, *overrides):
        model = ("model=trpo",) if name in ENVIRONMENTS else ()
        own = FILES[name].overrides if name in FILES else DRAWN.get(name) or CHOSEN.get(name, ())
        config = composed(f"data={name}", *model, *own, "recipe.batch_size=7", "trainer.rounds=5", "seed=3")
        config.merge_with_dotlist([f"paths.data={folder}", *overrides])
        return OmegaConf.to_container(config, resolve=True)

    return configure


def error_of(act):
    """The one line in which it ends."""
    with pytest.raises(GenzooError) as caught:
        act()
    message = str(caught.value)
    assert "\n" not in message
    return message


@pytest.mark.parametrize("name", DATA)
def test_it_is_under_this_contract(name):
    assert name in {*FILES, *DRAWN, *ENVIRONMENTS}, (
        f"conf/data/{name}.yaml: add it to FILES, with a function that writes small files in its format, or, if it is "
        "drawn on the spot, to DRAWN in tests/support/contract_sets.py"
    )


# Facts.


def check_images(data, said):
    """What the data yield is what their specification says, which is what the configuration says."""
    spec, splits = data.spec, loaded(data)
    for key in ("channels", "size", "levels", "classes"):
        assert said.get(key) in (getattr(spec, key), None), key
    assert splits.keys() == {"train", "validation", "test"}
    for name, (images, labels, factors, target, given) in splits.items():
        assert data.count(name) == len(images) == len(labels)
        if not len(images):
            assert name == "validation"
            continue
        assert images.shape[1:] == spec.shape
        assert {key: value.shape[1:] for key, value in (given or {}).items()} == spec.given
        assert (factors is None) == (spec.factors == ())
        assert factors is None or factors.shape == (len(images), len(spec.factors))
        if spec.paired:
            assert target.shape == (len(images), spec.target_channels, spec.size, spec.size)
        for domain in spec.domains:
            assert data.domain(domain, name).images.shape[2:] == (spec.size, spec.size)
        shown = data.evaluation_images(name).images
        if spec.kinds & {Events, Showers}:
            assert shown.min() == 0 < shown.max()
        elif spec.levels is None:
            assert -1 <= shown.min() < 0 < shown.max() <= 1
        elif spec.levels == 2:
            assert shown.unique().tolist() == [0, 1]
        else:
            assert 2 < len(shown.unique()) <= spec.levels
            assert int(shown.max()) < spec.levels
    labels = {label for split in splits.values() for label in split.labels.tolist()}
    assert labels == (set(range(spec.classes)) or {-1})
    assert isinstance(spec, DataSpec)


@pytest.mark.parametrize("name", [*FILES, *DRAWN])
def test_images_are_what_the_configuration_says(name, configured, folder, monkeypatch, no_network):
    if name in FILES:
        FILES[name].write(folder, monkeypatch)
    config = configured(name)
    check_targets(config["data"])
    data, said = build_data(config), config["data"]
    assert (data.name, data.spec.name) == 2 * (NAMES.get(name, name),)
    assert tuple(config["shape"]) == data.spec.shape
    assert (data.batch_size, data.rounds, data.seed) == (7, 5, 3)
    check_images(data, said)
    assert data.source == SOURCES.get(name, "official")
    assert not no_network


@pytest.mark.parametrize("name", HERE)
def test_an_environment_is_what_the_configuration_says(name, configured, no_network):
    config = configured(name)
    check_targets(config["data"])
    data, said = build_data(config), config["data"]
    assert (data.name, data.spec.name) == (name, name)
    assert (data.batch_size, data.rounds, data.seed) == (7, 5, 3)
    for key in ("observations", "actions", "policy", "task"):
        assert getattr(data.spec, key) == said[key]
    assert data.spec.time_limit == (said["time_limit"] or 200)
    environment = data.make()
    seen, _ = environment.reset(seed=0)
    assert seen.shape == (said["observations"],)
    space = environment.action_space
    assert isinstance(space, Discrete) == (said["policy"] == "Categorical")
    assert said["actions"] == (space.n if isinstance(space, Discrete) else space.shape[0])
    environment.step(space.sample())
    environment.close()
    assert data.spec.demonstrations == (len(data.demonstrations.times) if said["demonstrations"] else 0)
    assert not no_network


@pytest.mark.parametrize("name", [*FILES, *DRAWN, *(name for name in HERE if name not in CHOSEN)])
def test_a_fact_cannot_be_set_to_another_value(name, configured, folder, monkeypatch):
    if name in FILES:
        FILES[name].write(folder, monkeypatch)
    config = configured(name)
    keys = re.findall(r"^ *(\w+): .*# .*\bfixed by the (?:data|shards)\b", DATA[name], re.MULTILINE)
    assert keys or name == "oracle_sentences"  # all of whose numbers can be chosen
    for key in {*keys} - {"task"}:  # nothing in an environment says it
        fact = config["data"][key]
        laws = {"Categorical": "Gaussian", "Gaussian": "Categorical"}
        wrong = laws.get(fact) or (7 if fact is None else fact + 1)
        changed = {**config, "data": {**config["data"], key: wrong}}
        message = error_of(lambda changed=changed: build_data(changed).spec)
        assert message.startswith(f"data.{key}={wrong}: ")
        assert f"{key}={fact}" in message or key == "classes", message  # of a ring and a folder they are counted


# What is missing.


@pytest.mark.parametrize("name", FILES)
def test_missing_files_are_one_line_that_says_what_to_do(name, configured, folder, no_network, caplog):
    files, config = FILES[name], configured(name)
    if files.stand_in is None:
        message = error_of(lambda: loaded(build_data(config)))
    else:
        data = build_data(config)
        check_images(data, config["data"])
        assert data.source == files.stand_in
        (message,) = [record.getMessage() for record in caplog.records]
        assert "\n" not in message
    assert str(folder / files.place) in message
    assert files.remedy in message
    assert bool(no_network) == files.downloads == ("download: no answer from http" in message)
    assert not folder.exists()


@pytest.mark.parametrize("name", [name for name, files in FILES.items() if files.downloads])
def test_without_a_wish_to_download_nothing_is_asked_for(name, configured, no_network, caplog):
    data = build_data(configured(name, "data.offline=true"))
    if FILES[name].stand_in is None:
        message = error_of(lambda: loaded(data))
    else:
        loaded(data)
        message = caplog.text
    assert "download: disabled (data.offline=true)" in message
    assert not no_network


@pytest.mark.parametrize("name", HERE)
def test_missing_demonstrations_are_named(name, configured, folder):
    config = configured(name, "data.demonstrations=shown.npz")
    message = error_of(lambda: build_data(config).spec)
    assert message.startswith("data.demonstrations=shown.npz: ")
    assert f"{folder}/demonstrations; give one" in message


# What is damaged.


@pytest.mark.parametrize(
    ("name", "damage"),
    [(name, damage) for name, files in FILES.items() for damage in DAMAGES if damage != "changed" or files.checksums],
)
def test_each_damaged_file_is_named_in_one_line(name, damage, configured, folder, monkeypatch, no_network):
    FILES[name].write(folder, monkeypatch)
    config = configured(name)
    paths = [path for path in sorted(folder.glob(FILES[name].read)) if path.is_file()]
    assert paths
    for path in paths:
        whole = path.read_bytes()
        path.write_bytes(DAMAGES[damage](whole))
        message = error_of(lambda: loaded(build_data(config)))
        assert (path.name if FILES[name].names_files else str(folder)) in message, message
        path.write_bytes(whole)
    assert not no_network
    assert len(loaded(build_data(config))["train"].images)


@pytest.mark.parametrize("name", HERE)
def test_damaged_demonstrations_are_named(name, configured, folder):
    path = folder / "demonstrations" / "shown.npz"
    path.parent.mkdir(parents=True)
    data = build_data(configured(name, "data.demonstrations=shown.npz"))
    path.write_bytes(b"PK\x03\x04 half of it")
    message = error_of(lambda: data.spec)
    assert message.startswith(f"data.demonstrations: {path} is not a complete .npz")
