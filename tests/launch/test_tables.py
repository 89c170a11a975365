"""The tables of a sweep."""

import csv
import json

import numpy as np
import pytest

from genzoo.launch.sweeps import Job, Sweep
from genzoo.launch.tables import as_latex, as_markdown, as_text, by_setting, write_settings

FID = {"gan": [30.0, 34.0, 29.0], "wgan_gp": [20.0, 22.0]}
RUNS = [
    (
        {"model": model, "seed": str(seed), "data.label_seed": str(seed)},
        {"test/fid": fid} | ({"best/test/fid": fid - 2} if seed else {}),
    )
    for model, of in FID.items()
    for seed, fid in enumerate(of)
]


def test_means_and_deviations_are_taken_over_the_seeds_of_each_setting():
    rows = by_setting(RUNS)
    assert [(row["model"], row["runs"]) for row in rows] == [("gan", 3), ("wgan_gp", 2)]
    for row in rows:
        of = FID[row["model"]]
        assert row["test/fid"] == pytest.approx((np.mean(of), np.std(of, ddof=1)))
        assert row["best/test/fid"].mean == pytest.approx(np.mean(of[1:]) - 2)
        assert "seed" not in row
    assert rows[1]["best/test/fid"].std is None  # of one run


def test_a_summary_is_written_in_four_formats(tmp_path):
    write_settings(by_setting(RUNS), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"summary.txt", "summary.csv", "summary.md", "summary.tex"}
    assert (tmp_path / "summary.txt").read_text().splitlines() == [
        "model    runs  test/fid  best/test/fid",
        "gan      3     31 ± 2.6  29.5 ± 3.5",
        "wgan_gp  2     21 ± 1.4  20",
    ]
    with open(tmp_path / "summary.csv") as file:
        gan, wgan = csv.DictReader(file)
    assert float(gan["test/fid"]) == 31
    assert float(gan["test/fid std"]) == pytest.approx(7**0.5)
    assert wgan["best/test/fid std"] == ""


def test_markdown_and_latex_escape_what_they_would_read():
    rows = [{"model": "a|b_c", "x": "50%"}]
    assert as_markdown(rows) == "| model | x |\n| --- | --- |\n| a\\|b_c | 50% |\n"
    assert r"a|b\_c & 50\% \\" in as_latex(rows)


def test_columns_are_aligned_also_where_rows_lack_a_value():
    assert as_text([{"model": "gan", "a": 1}, {"model": "wgan", "b": 0.123456}]) == (
        "model  a  b\ngan    1\nwgan      0.1235"
    )


def test_a_sweep_summarises_its_seeds_with_the_best_checkpoints(tmp_path, capsys):
    sweep = Sweep(tmp_path / "sweep")
    for seed in (0, 1):
        run = tmp_path / f"run{seed}"
        run.mkdir()
        found = {"metrics": {"test/fid": 10.0 + seed}, "best": {"rounds": 3, "metrics": {"test/fid": 5.0 + seed}}}
        (run / "metrics.json").write_text(json.dumps(found))
        sweep.jobs.append(Job(seed, ["model=gan", f"seed={seed}"], "done", str(run)))
    sweep.run(sweep.jobs, ["never"], 1)
    assert "2     10.5 ± 0.71  5.5 ± 0.71" in capsys.readouterr().out
    assert "| 2 | 10.5 ± 0.71 | 5.5 ± 0.71 |" in (sweep.folder / "summary.md").read_text()
    assert "best/test/fid" in (sweep.folder / "table.csv").read_text()


def test_a_sweep_without_seeds_has_no_summary(tmp_path):
    sweep = Sweep(tmp_path / "sweep")
    sweep.jobs += [Job(0, ["model=gan"], "done"), Job(1, ["model=wgan"], "done")]
    sweep.run(sweep.jobs, ["never"], 1)
    assert not list(sweep.folder.glob("summary.*"))
