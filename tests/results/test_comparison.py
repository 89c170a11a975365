"""Our number against the paper's."""

import pytest

from genzoo.results.comparison import comparable, published, verdict
from support.results_rows import EXPERIMENT, record


def judged(*records, std=0.01, value=0.05):
    experiment = EXPERIMENT | {"reference": EXPERIMENT["reference"] | {"std": std, "value": value}}
    return verdict(experiment, records, experiment["reference"])


@pytest.mark.parametrize(
    ("records", "state"),
    [
        ((), "not measured"),
        ((record(0, 0.1, metrics={"test/y": 1.0}),), "not measured"),
        ((record(0, 0.05), record(1, 0.05, rounds=1500, of_rounds=2000)), "unfinished: round 1,500 of 2,000"),
        ((record(0, 0.05, config_hash="older"),), "earlier configuration"),
        ((record(0, 0.0601),), "beyond"),  # 0.05 + 0.01 is the end of the paper's interval
        ((record(0, 0.0599),), "within"),
        ((record(0, 0.061), record(1, 0.071), record(2, 0.081)), "beyond"),  # 0.071 - 0.01 > 0.05 + 0.01
        ((record(0, 0.055), record(1, 0.069), record(2, 0.083)), "within"),  # 0.069 - 0.014 < 0.06
    ],
)
def test_two_numbers_agree_if_their_intervals_overlap(records, state):
    assert judged(*records) == state


def test_without_any_spread_one_percent_of_the_papers_number_counts():
    assert judged(record(0, 0.0504), std=None) == "within"
    assert judged(record(0, 0.0506), std=None) == "beyond"


def test_without_a_published_number_a_run_is_only_measured():
    assert judged(record(0, 0.1), std=None, value=None) == "measured"
    assert published(EXPERIMENT["reference"] | {"value": None}) == ""


def test_the_best_checkpoint_counts_where_runs_kept_one():
    assert judged(record(0, 0.5, best={"rounds": 7, "metrics": {"test/x": 0.05}})) == "within"


def test_records_of_an_earlier_configuration_do_not_mix_with_those_of_the_present_one():
    now, older = record(0, 0.04), record(1, 0.5, config_hash="older")
    assert comparable(EXPERIMENT, [now, older]) == [now]
    assert comparable(EXPERIMENT, [older]) == [older]
