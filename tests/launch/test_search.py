"""The search: trials drawn, reported, pruned, stored; and one search through train.py."""

import os

import optuna
import pytest
from optuna.distributions import CategoricalDistribution
from optuna.trial import TrialState

from genzoo.callbacks.search import Search as Callback
from genzoo.callbacks.study import open_study
from genzoo.core.errors import GenzooError
from genzoo.launch.search import Search
from genzoo.metrics.fidelity import Fidelity
from support import SHAPES, forked

SPACE = {"model.lr": {"low": 1e-4, "high": 1.0, "log": True}, "width": [8, 16], "depth": {"low": 1, "high": 4}}
FINISHED = {"state": "finished"}


def search(folder, space=SPACE, fixed=("a=1",), startup=2):
    return Search(folder, space, list(fixed), seed=0, startup=startup)


def report(made, trial, *values):
    """Reports intermediate values as a run does, from its own process, after each measurement."""
    running = optuna.trial.Trial(open_study(made.path), made.study.trials[trial]._trial_id)
    for step, value in enumerate(values):
        running.report(value, step)
    return running


def test_settings_lie_in_the_space_and_follow_the_seed(tmp_path):
    one, two = search(tmp_path / "one"), search(tmp_path / "two")
    for trial in one.ask(5):
        settings = one.settings(trial)
        assert settings.keys() == SPACE.keys()
        assert 1e-4 <= settings["model.lr"] <= 1.0
        assert settings["width"] in (8, 16)
        assert settings["depth"] in (1, 2, 3, 4)
    two.ask(5)
    assert [one.settings(i) for i in range(5)] == [two.settings(i) for i in range(5)]


def test_a_trial_ends_with_its_last_value_pruned_failed_or_not_at_all(tmp_path):
    made = search(tmp_path)
    made.ask(5)
    for trial in (0, 1, 2):
        report(made, trial, 9.0, 4.0 + trial)
    made.tell(0, FINISHED, "done")
    made.tell(1, {"state": "unfinished"}, "done")
    made.tell(2, {}, "failed")
    made.tell(3, FINISHED, "done")  # no value was reported
    made.tell(4, {}, "interrupted")
    states = [trial.state for trial in made.study.trials]
    assert states == [*(TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.FAIL, TrialState.RUNNING)]
    assert made.study.trials[0].value == 4.0
    assert made.finished == 4
    assert "best of 1 finished trials (1 pruned, 2 failed): trial 0, 4: model.lr=" in made.summary()
    assert (tmp_path / "study.png").is_file()


def test_a_restarted_search_continues_its_unfinished_trials_first(tmp_path):
    made = search(tmp_path)
    assert made.ask(3) == [0, 1, 2]
    report(made, 0, 1.0)
    made.tell(0, FINISHED, "done")
    settings = [made.settings(i) for i in range(3)]
    again = search(tmp_path)
    assert again.finished == 1
    assert again.ask(1) == [1]
    assert again.ask(3) == [1, 2, 3]
    assert [again.settings(i) for i in range(3)] == settings
    assert again.ask(0) == []


@pytest.mark.parametrize(("space", "fixed"), [({"width": [8]}, ("a=1",)), (SPACE, ("a=2",))])
def test_the_storage_of_another_search_is_refused(tmp_path, space, fixed):
    search(tmp_path)
    with pytest.raises(GenzooError, match=r"hydra.sweep.dir=.*: the search there has .*; give the same command"):
        search(tmp_path, space, fixed)


@pytest.mark.parametrize("text", ["not a journal", "[" * 100_000, "{}", '{"op_code": 99, "worker_id": "x"}', "5"])
def test_a_damaged_storage_is_refused(tmp_path, text):
    (tmp_path / "study.journal").write_text(f"{text}\n")
    with pytest.raises(GenzooError, match=r"study.journal is not the journal of a search"):
        search(tmp_path)


def test_a_startup_that_is_not_a_number_is_refused(tmp_path):
    search(tmp_path).study.set_user_attr("startup", "many")
    with pytest.raises(GenzooError, match=r"study.journal is not the journal of a search \(startup is 'many'\)"):
        open_study(tmp_path / "study.journal")


@pytest.mark.parametrize("settings", [{"trust": "[harm]"}, {"model.lr": 0.1, "width": 9, "depth": 1}])
def test_settings_outside_of_the_space_never_become_overrides(tmp_path, settings):
    made = search(tmp_path)
    made.study.enqueue_trial(settings)
    trial = made.study.ask({key: CategoricalDistribution([value]) for key, value in settings.items()})
    with pytest.raises(GenzooError, match=r"trial 0 of the search there has settings outside of hydra\.sweeper\.space"):
        made.settings(trial.number)


@pytest.mark.parametrize("given", [3, {"low": 1.0}, {"low": 2.0, "high": 1.0}, {"low": 0.0, "high": 1.0, "log": True}])
def test_an_invalid_range_is_refused(tmp_path, given):
    with pytest.raises(GenzooError, match=r"hydra.sweeper.space.x=.*a list of values, or low and high"):
        search(tmp_path, {"x": given})


def test_an_empty_space_is_refused(tmp_path):
    with pytest.raises(GenzooError, match=r"hydra.sweeper.space: empty"):
        search(tmp_path, {})


class Strategy:
    @staticmethod
    def broadcast(value):
        return value


class Trainer:
    """The attributes of Lightning's Trainer that the callback reads."""

    is_global_zero, loggers, should_stop = True, (), False
    strategy = Strategy()


@pytest.mark.parametrize(("value", "pruned"), [(0.5, False), (50.0, True)])
def test_a_run_that_is_worse_than_the_median_of_the_others_is_ended(tmp_path, monkeypatch, value, pruned):
    made = search(tmp_path, startup=2)
    made.ask(3)
    for trial in (0, 1):
        report(made, trial, 1.0 + trial, 1.0)
        made.tell(trial, FINISHED, "done")
    callback = Callback(metric=Fidelity(), storage=str(made.path), trial=2)
    monkeypatch.setattr("genzoo.callbacks.best.Best.act", lambda self, trainer, module: setattr(self, "last", value))
    trainer = Trainer()

    class Module:
        class progress:
            rounds = 1

    callback.act(trainer, Module)
    assert trainer.should_stop is pruned
    assert search(tmp_path).study.trials[2].intermediate_values == {1: value}


def test_without_a_search_the_callback_only_keeps_the_best_checkpoint(monkeypatch):
    calls = []
    monkeypatch.setattr("genzoo.callbacks.best.Best.act", lambda self, trainer, module: calls.append(1))
    Callback(metric=Fidelity()).act(None, None)
    assert calls == [1]


def test_a_search_through_train_py_continues_with_more_trials(tmp_path, monkeypatch):
    # The stand-in metric is the generator's weight decay, so small ones are best; a failing trial fails alone.
    (tmp_path / "standing_in.py").write_text(
        "from genzoo.metrics.evaluation import Evaluation\nfrom genzoo.core.registry import register\n\n"
        "@register\nclass Decay:\n"
        "    needs = frozenset()\n"
        "    def __init__(self, **fidelitys): ...\n"
        "    def __call__(self, module, data, split):\n"
        "        decay = module.optimizers()[1].param_groups[0]['weight_decay']\n"
        "        return Evaluation({'decay': decay})\n"
    )

    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "decay.yaml").write_text(
        "# @package _global_\n"
        "defaults:\n  - override /callbacks: search\n  - override /hydra/sweeper: search\n"
        "hydra:\n  sweeper:\n    space:\n"
        "      +model.optimizers.generator.weight_decay: {low: 0.0, high: 0.5}\n"
    )

    paths = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", paths)  # of the jobs

    def run(trials):
        return forked.run(
            *("train.py", "--config-dir", str(tmp_path), "-m", "sweep=decay", "model=gan", *SHAPES, "trainer=smoke"),
            *("recipe.batch_size=16", "logger=none", "metrics=none", "trust=[standing_in]"),
            *("callbacks.search.metric={_target_: standing_in.Decay}", f"hydra.sweeper.trials={trials}"),
            *(f"paths.runs={tmp_path}/runs", f"hydra.sweep.dir={tmp_path}/study", "hydra.launcher.n_jobs=2"),
        )

    first = run(1)
    assert first.returncode == 0, first.stdout + first.stderr
    second = run(2)
    assert second.returncode == 0, second.stdout + second.stderr
    study = open_study(tmp_path / "study" / "study.journal")
    assert [trial.state for trial in study.trials] == [TrialState.COMPLETE] * 2
    for trial in study.trials:
        assert trial.value == pytest.approx(trial.params["+model.optimizers.generator.weight_decay"])
    assert second.stdout.count("job 1:") == 2  # its start and its end
    assert "job 0:" not in second.stdout
    best = min(study.trials, key=lambda trial: trial.value)
    assert f"best of 2 finished trials (0 pruned, 0 failed): trial {best.number}," in second.stdout
