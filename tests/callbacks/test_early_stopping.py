"""Early stopping by given values: when it ends, what it leaves, and that a resume does not change it."""

import json
from types import SimpleNamespace

import pytest
import torch

from genzoo.callbacks.early_stopping import EarlyStopping
from genzoo.core.batches import DataSpec
from genzoo.core.capabilities import Samples
from genzoo.core.errors import GenzooError
from genzoo.core.registry import register
from genzoo.metrics.evaluation import Evaluation
from genzoo.runs.evaluate import evaluate
from genzoo.runs.train import train
from support import composed, train_until_cut

KEY = "callbacks.early_stopping"


@register
class Given:
    """A metric that gives ``values[round]``, and the rounds in which it was computed on validation data."""

    needs = frozenset({Samples})

    def __init__(self, values, name="given"):
        self.values, self.name, self.computed = values, name, []

    def __call__(self, module, data, split):
        self.computed += [module.progress.rounds] if split == "validation" else []
        return Evaluation({self.name: self.values[module.progress.rounds]})


def stopping(values, *more):
    """A run with these values after 0, 1, 2 ... rounds."""
    given = f"+metrics.given={{_target_: {__name__}.Given, values: [{','.join(map(str, values))}]}}"
    chosen = ("model=gan", "metrics=[samples]", given, "callbacks=early_stopping", "callbacks.validation=null")
    return (*chosen, f"trainer.rounds={len(values) - 1}", f"{KEY}.metric=validation/given", f"{KEY}.every=1", *more)


def rounds_of(path):
    return torch.load(path, weights_only=True)["progress"]["rounds"]


def report_of(run):
    return json.loads((run / "metrics.json").read_text())


# With a patience of two: it waits in rounds 3, 5 and 6, as an equal value is no improvement.
VALUES = [9, 5, 4, 4, 3, 3, 3, 0, 0]
PATIENCE = f"{KEY}.patience=2"


@pytest.mark.parametrize(
    ("values", "more", "end"),
    [
        (VALUES, [PATIENCE], 6),
        (
            [9, 5, 4, 3.5, 3, 2.5, 2, 0, 0],
            [PATIENCE, f"{KEY}.min_delta=0.9"],
            8,
        ),  # compared with the best, not the last
        ([9, 5, 4.5, 4.4, 0, 0], [PATIENCE, f"{KEY}.min_delta=0.9"], 3),
        ([0, 1, 2, 1, 3, 2, 1, 0, 9], [f"{KEY}.patience=3", f"{KEY}.mode=max"], 7),
        ([9, 5, 8, 6, 8, 7, 0, 0], [f"{KEY}.patience=1", f"{KEY}.every=2"], 4),
        ([9, 5, "nan", "nan", 1, 1], [PATIENCE], 3),
    ],
)
def test_the_run_ends_as_finished_after_so_many_evaluations_without_an_improvement(
    configured, only_run, values, more, end
):
    train(configured(*stopping(values, *more)))
    report = report_of(only_run())
    assert rounds_of(only_run() / "last.ckpt") == report["rounds"] == end
    assert (report["state"], report["of_rounds"]) == ("finished", len(values) - 1)
    assert ("ended_by" in report) == (end < len(values) - 1)


def test_the_last_line_and_metrics_json_say_why(configured, only_run):
    train(configured(*stopping(VALUES, PATIENCE)))
    why = "validation/given has not improved on 3 in 2 evaluations"
    assert report_of(only_run())["ended_by"] == why
    (line,) = [line for line in (only_run() / "run.log").read_text().splitlines() if "finished after" in line]
    assert "finished after 6 of 8 rounds in " in line
    assert line.endswith(why)


def test_a_resumed_run_ends_after_the_same_round(configured, only_run, monkeypatch):
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=1")
    train_until_cut(configured(*stopping(VALUES, PATIENCE, *saving)), 6, monkeypatch)
    assert rounds_of(only_run() / "last.ckpt") == 5
    train(configured(f"resume={only_run()}", f"trust=[{__name__}]"))
    assert rounds_of(only_run() / "last.ckpt") == 6


def test_a_checkpoint_that_was_written_before_the_rounds_evaluation_gives_the_same_end(configured, only_run):
    best = f"+callbacks.best.metric={{_target_: {__name__}.Given, values: [9,5,4,4,9,9,9,9,9]}}"
    both = ("callbacks=[best,early_stopping]", "callbacks.best.every=1", "~callbacks.best.metric", best)
    # Best writes best.ckpt after round 2, before this callback's turn. Without that evaluation the run would end later.
    values = [9, 9, 1, 3, 2, 2, 2, 2, 2]
    train(configured(*stopping(values, PATIENCE, *both)))
    assert rounds_of(only_run() / "last.ckpt") == 4
    assert rounds_of(only_run() / "best.ckpt") == 2
    train(configured(f"resume={only_run() / 'best.ckpt'}", f"trust=[{__name__}]"))
    assert rounds_of(only_run() / "last.ckpt") == 4


def test_an_interruption_is_no_evaluation(configured, only_run, monkeypatch):
    from genzoo.callbacks.time_limit import TimeLimit

    now = iter(range(100))
    monkeypatch.setattr(TimeLimit.__init__, "__defaults__", (lambda: next(now),))
    values = [9, 9, 1, 3, 2, 2, 2, 2, 2]
    saving = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=100")  # so only at the end
    with pytest.raises(KeyboardInterrupt):
        train(configured(*stopping(values, f"{KEY}.every=2", "trainer.limit_time=00:00:03", *saving)))
    assert rounds_of(only_run() / "last.ckpt") == 3
    state = torch.load(only_run() / "last.ckpt", weights_only=True)["callbacks"]["EarlyStopping"]
    assert state == {"best": 1, "waited": 0, "evaluated": 2, "of_rounds": state["of_rounds"]}


def test_a_run_that_has_ended_early_has_finished(configured, only_run, capsys):
    train(configured(*stopping(VALUES, PATIENCE)))
    again = configured(f"resume={only_run()}", f"trust=[{__name__}]")
    train(again)
    assert "has ended after 6 of its 8 rounds (validation/" in capsys.readouterr().out
    report = report_of(only_run())
    evaluate(composed(f"ckpt={only_run()}", f"trust=[{__name__}]", "metrics=samples", name="evaluate"))
    (evaluation,) = only_run().glob("evaluation/test/*")
    assert report_of(evaluation)["state"] == "finished"
    (only_run() / "metrics.json").unlink()  # killed while the metrics were computed
    train(again)
    assert rounds_of(only_run() / "last.ckpt") == 6
    assert {key: report_of(only_run())[key] for key in ("state", "ended_by", "metrics")} == {
        key: report[key] for key in ("state", "ended_by", "metrics")
    }


def test_a_run_that_has_ended_early_goes_on_with_more_rounds(configured, only_run, monkeypatch):
    train(configured(*stopping([*VALUES, *[9] * 6], PATIENCE)))
    assert rounds_of(only_run() / "last.ckpt") == 6
    given = [f"resume={only_run()}", "trainer.rounds=15"]
    monkeypatch.setattr("genzoo.runs.train.given_now", lambda: ({}, given))
    train(configured(*given, f"trust=[{__name__}]"))
    assert rounds_of(only_run() / "last.ckpt") > 6


def test_it_combines_with_the_best_checkpoint_and_the_callbacks_of_every_run(configured):
    names = list(configured("callbacks=[best,early_stopping]").callbacks)
    assert {"interruption", "checkpoints", "best", "early_stopping"} <= set(names)
    assert set(configured("callbacks=default").callbacks) == set(names) - {"best", "early_stopping"}


def test_a_metric_that_is_not_computed_is_one_line_with_those_that_are(configured, only_run):
    line = rf"^{KEY}\.metric=validation/nope: no metric of this run computes it\. Accepted: validation/given\.$"
    with pytest.raises(GenzooError, match=line):
        train(configured(*stopping(VALUES, f"{KEY}.metric=validation/nope")))
    assert not (only_run() / "last.ckpt").exists()


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"metric": "test/given"}, r"metric=test/given: a validation metric is needed"),
        ({"mode": "least"}, r"mode=least: unknown\. Accepted: min, max"),
        ({"patience": 0}, r"patience=0"),
        ({"min_delta": -1.0}, r"min_delta=-1.0: zero or a positive number"),
    ],
)
def test_a_wrong_setting_is_one_line(setting, message):
    with pytest.raises(GenzooError, match=message):
        EarlyStopping(**({"metric": "validation/given", "metrics": {"given": Given([1])}} | setting))


@pytest.mark.parametrize("state", [{}, {"best": "x", "waited": 0, "evaluated": 0}, {"best": 1.0, "waited": 0.5}])
def test_a_forged_state_is_refused(state):
    with pytest.raises(GenzooError, match=r"callbacks\.EarlyStopping: the checkpoint's values are not numbers"):
        EarlyStopping("validation/given", {"given": Given([1])}).load_state_dict(state)


def test_only_the_metric_that_computes_the_value_is_computed_and_only_on_rank_0_and_all_ranks_end_together():
    """Two ranks, one after the other: the second gets what the first has sent."""
    sent, ends, computed = [], [], []
    for rank in range(2):
        metrics = {"other": Given([1] * 9, "other"), "given": Given(VALUES)}
        stop = EarlyStopping("validation/given", dict(metrics), patience=2, every=1)
        inbox = iter(list(sent))
        strategy = SimpleNamespace(
            broadcast=(lambda value: sent.append(value) or value) if rank == 0 else lambda value, i=inbox: next(i)
        )
        trainer = SimpleNamespace(
            **{"is_global_zero": rank == 0, "strategy": strategy, "loggers": [], "should_stop": False},
            datamodule=SimpleNamespace(rounds=8, spec=DataSpec("images", (1, 8, 8))),
        )
        module = SimpleNamespace(
            progress=SimpleNamespace(rounds=0, seen=0),
            capabilities=lambda: {Samples},
            inference=lambda: torch.no_grad(),
        )
        stop.on_train_start(trainer, module)
        while not trainer.should_stop:
            module.progress.rounds += 1
            stop.on_train_batch_end(trainer, module)
        ends.append(module.progress.rounds)
        computed.append({name: metric.computed for name, metric in metrics.items()})
    assert ends == [6, 6]
    assert computed == [{"other": [0], "given": [0, 1, 2, 3, 4, 5, 6]}, {"other": [], "given": []}]
