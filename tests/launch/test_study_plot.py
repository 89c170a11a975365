"""The plot of a search."""

from types import SimpleNamespace

from genzoo.launch import study_plot

SPACE = {"model.lr": {"low": 1e-4, "high": 1.0, "log": True}, "width": [8, 16]}
TRIALS = [
    SimpleNamespace(number=number, value=value, params={"model.lr": lr, "width": width})
    for number, value, lr, width in ((0, 5.0, 0.1, 8), (2, 7.0, 0.001, 16), (3, 4.0, 0.01, 8))
]


def test_it_draws_values_by_trial_and_by_setting(monkeypatch):
    monkeypatch.setattr(study_plot, "as_picture", lambda figure: figure)
    history, rate, width = study_plot.study_picture(TRIALS, SPACE).axes
    points, best = history.lines
    assert (list(points.get_xdata()), list(points.get_ydata())) == ([0, 2, 3], [5.0, 7.0, 4.0])
    assert list(best.get_ydata()) == [5.0, 5.0, 4.0]
    assert list(rate.lines[0].get_xdata()) == [0.1, 0.001, 0.01]
    assert (rate.get_xscale(), rate.get_xlabel()) == ("log", "model.lr")
    assert list(width.lines[0].get_xdata()) == ["8", "16", "8"]
    assert [label.get_text() for label in width.get_xticklabels()] == ["8", "16"]


def test_it_is_a_picture():
    assert study_plot.study_picture(TRIALS, SPACE).size == (1440, 420)
