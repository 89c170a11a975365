"""The overview of all results."""

from genzoo.results.overview import overview
from genzoo.results.tables import Table
from support.results_rows import EXPERIMENT, FURTHER, record

OTHER = EXPERIMENT | {"name": "a/c", "title": "A on C"}
THIRD = EXPERIMENT | {"name": "z/d", "title": "Z on D"}
TITLES = {"a": "The A paper", "z": "The Z paper"}


def lines(experiments=(EXPERIMENT,), tables=(), records=None, **more):
    titles = {paper: TITLES[paper] for paper in dict.fromkeys(e["name"][0] for e in experiments)}
    return overview(titles, experiments, tables, records or {}, **more).splitlines()


def test_mean_and_standard_deviation_over_seeds_stand_beside_the_papers():
    # Mean and sample standard deviation of 4, 6 and 8 are 6 and 2.
    found = lines(records={"a/b": [record(0, 0.04), record(1, 0.06), record(2, 0.08)]})
    assert "| A on B | 5.00 ± 1.00 % | 6.00 ± 2.00 % (n = 3) | within |" in found


def test_the_best_checkpoint_counts_and_reconstructions_are_named():
    found = [record(0, 0.09, best={"rounds": 7, "metrics": {"test/x": 0.06}})]
    assert "| A on B | 5.00 ± 1.00 % | 6.00 % (n = 1) | reconstruction, within |" in lines(
        [EXPERIMENT | {"reconstruction": True}], records={"a/b": found}
    )
    assert "| A on B | 5.00 ± 1.00 % |  | reconstruction, not measured |" in lines(
        [EXPERIMENT | {"reconstruction": True}]
    )


def test_a_reconstruction_may_say_in_which_way():
    shorter = EXPERIMENT | {"reconstruction": "2 of 5 epochs"}
    assert "| A on B | 5.00 ± 1.00 % | 6.00 % (n = 1) | reconstruction (2 of 5 epochs), within |" in lines(
        [shorter], records={"a/b": [record(0, 0.06)]}
    )
    node = {"experiment": {"name": "a/b"}}
    axes = {"method": {"x": {"title": "X"}}, "set": {"y": {"title": "Y"}}}
    table = Table("a", "Errors", axes, {("x", "y"): node})
    (row,) = (line for line in lines([shorter], [table], {"a/b": [record(0, 0.06)]}) if "6.00" in line)
    assert "6.00 % (n = 1) reconstruction (2 of 5 epochs), within" in row


def test_further_metrics_have_lines_of_their_own():
    found = lines(
        [EXPERIMENT | {"further": FURTHER}],
        records={"a/b": [record(0, 0.04, metrics={"test/x": 0.045, "test/y": 50.0})]},
    )
    assert "| A on B | 5.00 ± 1.00 % | 4.50 % (n = 1) | within |" in found
    assert "|   its `test/y` | 42.60 | 50.00 (n = 1) | beyond |" in found
    assert "|   its `test/z` |  |  | not measured |" in found


def test_a_table_is_a_matrix_with_the_last_axis_as_columns():
    table = Table(
        "a",
        "Errors",
        {
            "data": {"mnist": {"title": "MNIST"}},
            "labels": {20: {}, 100: {}},
            "system": {"b": {}, "c": {"title": "See"}},
        },
        {
            ("mnist", 20, "b"): {"experiment": {"name": "a/b"}},
            ("mnist", 100, "c"): {"experiment": {"name": "a/c"}},
        },
    )
    found = lines([EXPERIMENT, OTHER], [table], {"a/b": [record(0, 0.055)]})
    start = found.index("**Errors**")
    assert found[start + 2 : start + 6] == [
        "| | b | See |",
        "|---|---|---|",
        "| MNIST, labels 20 | 5.00 ± 1.00 %<br>5.50 % (n = 1) within |  |",
        "| MNIST, labels 100 |  | 5.00 ± 1.00 %<br>- |",
    ]
    assert not any(line.startswith("| A on") for line in found)  # each row stands in one place


def test_papers_and_rows_that_are_measured_come_first_and_are_counted():
    found = lines([THIRD, EXPERIMENT, OTHER], records={"a/c": [record(0, 0.2)]})
    assert [line for line in found if line.startswith("## ")] == ["## The A paper", "## The Z paper"]
    assert [line[:8] for line in found if line.startswith("| A on")] == ["| A on C", "| A on B"]
    assert "| [The A paper](results/a.md) | 2 |  | 1 |  |  |  | 1 |" in found
    assert "| [The Z paper](results/z.md) | 1 |  |  |  |  |  | 1 |" in found


def test_rows_that_are_left_out_are_named_at_the_end():
    assert lines(left_out=["the humanoid. No expert."])[-1] == "- the humanoid. No expert."
    assert "Left out:" not in lines()
