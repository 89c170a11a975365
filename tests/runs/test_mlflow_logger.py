"""MLflow's runs, read back from its SQLite store with MLflow's own client."""

import json
import shutil
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from genzoo.core.errors import GenzooError
from genzoo.runs.train import train
from support import train_until_cut

pytest.importorskip("mlflow", reason="mlflow is an extra")
COMMON = ("logger=mlflow", "model=gan", "trainer.rounds=8", "metrics=[samples]", "callbacks.validation=null")
SAVING = ("callbacks.checkpoints.times=null", "callbacks.checkpoints.every=4")


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """A store without runs: MLflow takes seconds to create its tables."""
    from mlflow.tracking import MlflowClient

    path = tmp_path_factory.mktemp("mlflow") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}")
    return path


@pytest.fixture
def stored(tables, tmp_path, monkeypatch):
    """The one run of the store beside the runs: a function that returns MLflow's client and the run."""
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.chdir(tmp_path)  # MLflow's folder of artifacts, unless it is told another
    store = tmp_path / "runs" / "mlflow"
    store.mkdir(parents=True)
    shutil.copyfile(tables, store / "mlflow.db")

    def read():
        client = MlflowClient(f"sqlite:///{store}/mlflow.db")
        (run,) = client.search_runs([client.get_experiment_by_name("genzoo").experiment_id])
        return client, run

    return read


def steps(client, run, name):
    return [entry.step for entry in client.get_metric_history(run.info.run_id, name)]


def run_folder(tmp_path):
    (path,) = (tmp_path / "runs").glob("*/*/last.ckpt")
    return path.parent


def test_a_run_holds_metrics_by_images_seen_pictures_films_and_the_configuration(configured, stored, tmp_path):
    train(configured("logger=mlflow", "seed=7", "metrics=smoke"))
    client, run = stored()
    assert steps(client, run, "train/generator_loss") == [16, 32, 48, 64]
    report = json.loads((run_folder(tmp_path) / "metrics.json").read_text())
    assert report["metrics"].items() <= run.data.metrics.items() != set()
    assert (run.data.params["seed"], run.data.params["data/size"]) == ("7", "28")
    assert run.data.params["genzoo"].startswith("0.")
    assert (run.info.run_name, run.info.status) == ("infogan-seed7", "FINISHED")
    names = [file.path for file in client.list_artifacts(run.info.run_id, "samples")]
    assert "samples/grid-000004.png" in names
    (film,) = client.list_artifacts(run.info.run_id, "films")
    found = client.download_artifacts(run.info.run_id, film.path, str(tmp_path))
    assert Path(found).read_bytes() == (run_folder(tmp_path) / "samples" / "grid.gif").read_bytes()


def test_a_resumed_run_continues_the_mlflow_run_and_logs_each_value_once(configured, stored, tmp_path, monkeypatch):
    train_until_cut(configured(*COMMON, *SAVING), 6, monkeypatch)
    client, broken = stored()
    assert steps(client, broken, "train/generator_loss") == [16, 32, 48, 64, 80, 96]
    assert broken.info.status == "FAILED"
    train(configured(*COMMON, f"resume={run_folder(tmp_path)}"))
    client, run = stored()
    assert run.info.run_id == broken.info.run_id
    assert run.info.status == "FINISHED"
    assert steps(client, run, "train/generator_loss") == [16 * round for round in range(1, 9)]
    pictures = Counter(file.path for file in client.list_artifacts(run.info.run_id, "samples"))
    assert pictures["samples/grid-000006.png"] == 1


def test_a_run_that_the_store_does_not_know_starts_a_new_one(configured, stored, tables, tmp_path, monkeypatch):
    train_until_cut(configured(*COMMON, *SAVING), 6, monkeypatch)
    shutil.copyfile(tables, tmp_path / "runs" / "mlflow" / "mlflow.db")
    train(configured(*COMMON, f"resume={run_folder(tmp_path)}"))
    client, run = stored()
    assert steps(client, run, "train/generator_loss") == [80, 96, 112, 128]
    assert (run_folder(tmp_path) / "mlflow" / "id").read_text() == run.info.run_id


def test_a_store_that_fails_during_the_run_is_one_warning(configured, stored, tmp_path, monkeypatch):
    from mlflow.tracking import MlflowClient

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(MlflowClient, "log_artifact", fail)
    train(configured(*COMMON))
    assert (run_folder(tmp_path) / "metrics.json").is_file()
    log = (run_folder(tmp_path) / "run.log").read_text()
    assert log.count("logger.mlflow failed (OSError: disk full) and is disabled") == 1


def test_a_server_comes_from_the_command_line_or_the_environment_never_from_a_checkpoint(
    configured, stored, tmp_path, tables, monkeypatch
):
    uri = f"sqlite:///{shutil.copyfile(tables, tmp_path / 'other.db')}"
    train_until_cut(configured(*COMMON, *SAVING, f"logger.mlflow.tracking_uri={uri}"), 6, monkeypatch)
    with pytest.raises(GenzooError, match=r"the checkpoint stores logger\.mlflow\.tracking_uri"):
        train(configured(f"resume={run_folder(tmp_path)}"))


def test_two_runs_that_start_at_the_same_time_open_the_store_one_after_the_other(tmp_path, monkeypatch):
    from genzoo.runs import mlflow_logger

    inside, most = [], []

    class Slow:
        experiment = None

        def __init__(self, *_, **__):
            inside.append(self)
            time.sleep(0.1)
            most.append(len(inside))
            inside.remove(self)

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setattr(mlflow_logger, "ContinuedMLFlowLogger", Slow)
    folders = [str(tmp_path / "gan-shapes" / name) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(mlflow_logger.mlflow_logger, folders))
    assert most == [1, 1]


def test_an_experiment_that_another_run_creates_in_between_is_used(tables, tmp_path, monkeypatch):
    from mlflow.tracking import MlflowClient

    from genzoo.runs.mlflow_logger import mlflow_logger

    monkeypatch.chdir(tmp_path)
    create = MlflowClient.create_experiment

    def twice(self, name, **options):
        create(self, name, **options)
        return create(self, name, **options)

    monkeypatch.setattr(MlflowClient, "create_experiment", twice)
    uri = f"sqlite:///{shutil.copyfile(tables, tmp_path / 'other.db')}"
    logger = mlflow_logger(save_dir=str(tmp_path / "run"), tracking_uri=uri)
    logger.log_metrics({"loss": 1.0}, step=16)
    assert logger.experiment.get_run(logger.version).data.metrics == {"loss": 1.0}


def test_mlflows_variable_chooses_the_store(tables, tmp_path, monkeypatch):
    from genzoo.runs.mlflow_logger import mlflow_logger

    uri = f"sqlite:///{shutil.copyfile(tables, tmp_path / 'other.db')}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir(tmp_path)
    logger = mlflow_logger(save_dir=str(tmp_path / "run"))
    logger.log_metrics({"loss": 1.0}, step=16)
    assert logger.experiment.get_run(logger.version).data.metrics == {"loss": 1.0}
