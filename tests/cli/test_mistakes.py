# ruff: noqa: E501, a line is a line
"""Typical mistakes in commands, as people type them, each with its one line; all in one process, before training."""

import runpy
import sys

import numpy as np
import pytest
from hydra.core.global_hydra import GlobalHydra
from PIL import Image

from genzoo.cli.main import SCRIPTS
from support import ROOT


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """Runs an entry until a run folder would be made; its one line on standard error, and its status."""

    def never(*_):
        raise AssertionError("the command went through")

    monkeypatch.setattr("genzoo.runs.train.create_run_folder", never)
    monkeypatch.setattr("genzoo.runs.evaluate.find_measured", never)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")

    def run(command: str) -> str:
        script, *arguments = command.split()
        monkeypatch.setattr(sys, "argv", [str(SCRIPTS / f"{script}.py"), *arguments])
        try:
            with pytest.raises(SystemExit) as end:
                runpy.run_path(sys.argv[0], run_name="__main__")
        finally:
            GlobalHydra.instance().clear()
        assert end.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        return line.removeprefix("error: ")

    return run


EMPTY = "the value is empty (a shell variable that is not set?); give one, or leave {} out."
NO_KEY = "there is no such key."


@pytest.mark.parametrize(
    ("command", "line"),
    [
        # Options of groups.
        ("train data=mnits", "data=mnits: unknown. Did you mean 'mnist'"),
        ("train metrics=fidd", "metrics=fidd: unknown. Accepted: active_units, "),
        ("train trainer=quik", "trainer=quik: unknown. Did you mean 'quick'"),
        ("train model=InfoGAN", "model=InfoGAN: unknown. Did you mean 'infogan'?"),
        ("train data=MNIST", "data=MNIST: unknown. Did you mean 'mnist'?"),
        ("train metrics=fid", "metrics=fid: unknown. Did you mean 'fidelity'?"),
        ("train metrics=[samples,kid]", "metrics=kid: unknown. Did you mean 'fidelity'?"),
        ("train callbacks=profiler trainer=smoke", "callbacks.profiler.rounds=[10,12]: the run has trainer.rounds=4; choose rounds from 1"),
        ("train callbacks=profiler callbacks.profiler.rounds=10", "callbacks.profiler.rounds=10: a list is needed."),
        ("train callbacks=early_stop", "callbacks=early_stop: unknown. Did you mean 'early_stopping'?"),
        ("train callbacks=early_stopping", "callbacks.early_stopping.metric: a value is required; give callbacks.early_sto"),
        ("train callbacks=early_stopping callbacks.early_stopping.metric=test/fid", "callbacks.early_stopping.metric=test/fid: a validation"),
        ("train callbacks=early_stopping callbacks.early_stopping.metric=validation/fid metrics=none", "callbacks.early_stopping.metric=validation/fid: the run computes no metrics; choose"),
        ("train metrics=null", "metrics=null: expected the name of an option; give metrics=none."),
        ("train trainer=null", "trainer=null: expected the name of an option; give one of: cpu, ddp, "),
        ("train logger=neptune", "logger=neptune: Neptune's service has ended, and Lightning has removed its logger; use"),
        ("train logger=false", "logger=false: expected the name of an option; give logger=none."),
        ("train experiment=infogan/mnst", "experiment=infogan/mnst: unknown. Did you mean 'infogan/mnist'"),
        ("train experiment=dcgan_cifar10", "experiment=dcgan_cifar10: unknown. Did you mean 'dcgan/cifar10'"),
        ("train experiment=gan/mnist experiment=vae/mnist", "experiment=gan/mnist experiment=vae/mnist: experiment is g"),
        ("train model=_dcgan", "model=_dcgan: this is a part of options, not an option. Did you mean 'dcgan' or"),
        ("train model=dcgn", "model=dcgn: unknown. Did you mean 'dcgan' or 'cgan' or 'icgan'?"),
        ("train +model=gan", "+model=gan: there is model already; leave out the +."),
        ("train ~model", "model: it is missing; choose one of: aae, "),
        ("train -m hydra/launcher=slrm seed=0,1", "hydra/launcher=slrm: unknown. Did you mean 'slurm'?"),
        # Keys.
        ("train modle=gan", f"modle: {NO_KEY} Did you mean model"),
        ("train model.generator.chanels=3", f"model.generator.chanels: {NO_KEY} Did you mean model.generator.channels"),
        ("train model=gan data=cartpole", "data.channels: the model needs to know it, but the chosen data have no"),
        ("train model=trpo data=mnist", "data.policy: the model needs to know it, "),
        ("train model=pixelcnn data=shapes data.levels=16", "data.levels=16: recipe.likelihoods has none for it. Accepted: 2, 256; choose other data."),
        ("evaluate", "ckpt: a value is required; give ckpt=... on the command line."),
        ("train data=images logger=none", "data.root: a value is required; give data.root=... on the command line."),
        ("train lr=1e-3", f"lr: {NO_KEY} Did you mean model.optimizers.generator.lr or model.optimizers.discriminator.lr?"),
        ("train trainer.max_epochs=10", f"trainer.max_epochs: {NO_KEY} Did you mean trainer.rounds?"),
        ("train metrics=none metrics.fidelity.extractor=x", "metrics.fidelity.extractor: there is no such key with metri"),
        ("train model=gan model.information_weight.digit=2", "model.information_weight.digit: there is no such key with"),
        ("train data=shapes data.root=/tmp", "data.root: there is no such key with data=shapes. Accepted: data.batch_size"),
        ("train ~foo", f"foo: {NO_KEY} Accepted: callbacks, "),
        ("evaluate checkpoint=x", f"checkpoint: {NO_KEY} Did you mean ckpt?"),
        ("evaluate ckpt=x model=gan", "model: an evaluation does not read it, but takes it from the checkpoint; leave it"),
        # Keys that nothing reads.
        ("train model=gan_2d data=ring model.objective={_target_:x,real:1}", "model.objective: the mapping has keys that model.objective has not; set model.objective.<key>=... and add new ones as +model.objective.<key>=..."),
        ("train +init_from=runs/x", "init_from: nothing reads this key. Did you mean init?"),
        ("train +trainer.max_epochs=10", "trainer.max_epochs: nothing reads this key. Did you mean trainer.rounds?"),
        ("train +recipe.foo=3", "recipe.foo: nothing reads this key."),
        ("train +paths.foo=x", "paths.foo: nothing reads this key."),
        ("train +metrics.foo=bar", "metrics.foo: nothing reads this key."),
        ("train +metrics.fidd.samples=3", "metrics.fidd: it has no metrics.fidd._target_. Did you mean metrics.films or metrics.fidelity or metrics.paired?"),
        ("train +callbacks.stop.monitor=x", "callbacks.stop: it has no callbacks.stop._target_."),
        ("train +callbacks.checkpoints.monitor=3", "callbacks.checkpoints.monitor: Checkpoints has no such setting. Acce"),
        ("train +data.keep=3", "data.keep: MNIST has no such setting. Accepted: batch_size, channels, "),
        ("train +model.optimizers.generator.foo=3", "model.optimizers.generator.foo: Adam has no such setting."),
        ("evaluate ckpt=x +devise=cpu", "devise: an evaluation does not read it, but takes it from the checkpoint. Did"),
        # Empty values.
        *((f"train {key}=", f"{key}=: {EMPTY.format(key)}") for key in ("model", "experiment", "resume", "paths.runs")),
        ("train data=images data.root=", f"data.root=: {EMPTY.format('data.root')}"),
        ("evaluate ckpt=", f"ckpt=: {EMPTY.format('ckpt')}"),
        ("report page=", f"page=: {EMPTY.format('page')}"),
        # Switches.
        *(
            (f"train {key}={value}", f"{key}={value}: true or false is needed.")
            for key, value in (
                ("deterministic", "no"),
                ("compile", "on"),
                ("channels_last", "off"),
                ("global_batch_norm", "off"),
                ("debug", "1"),
                ("data.offline", "no"),
            )
        ),
        ("train model.optimizers.generator.fused=yes", "model.optimizers.generator.fused=yes: true or false or null is"),
        ("demonstrate expert=x.h5 deterministic=no", "deterministic=no: true or false is needed."),
        # Other values.
        ("train seed=0,1", "seed=0,1: several values; add -m for one run each, or write seed=[0,1] for a list."),
        ("train seed=abc", "seed=abc: an integer is needed."),
        ("train trainer.rounds=1e3", "trainer.rounds=1000.0: an integer is needed; write 1000."),
        ("train trainer.width=huge", "trainer.width=huge: unknown. Accepted: full, smoke."),
        ("train trainer.limit_time=2h", "trainer.limit_time=2h: a positive time as HH:MM:SS or DD:HH:MM:SS is needed; write"),
        ("train +trainer.max_time=02:00:00", "trainer.max_time: nothing reads this key. Did you mean trainer.limit_time?"),
        ("train trainer.gradient_clip=big", "trainer.gradient_clip=big: a number or null is needed."),
        ("train trainer.options=3", "trainer.options=3: a mapping is needed."),
        ("train trainer.accelerator=tpu", "trainer.accelerator=tpu trainer.devices=1: Requirement 'torch_xla"),
        ("train trust=os.nope", "trust=os.nope: a list is needed; write trust=[os.nope]."),
        ("train resume=3", "resume=3: a string or null is needed; write resume=\"'3'\"."),
        ("train data=images data.root=2024", "data.root=2024: a string is needed; write data.root=\"'2024'\"."),
        ("train model.optimizers.generator.lr=fast", "model.optimizers.generator.lr=fast: a number"),
        ("train callbacks.checkpoints.every=x", "callbacks.checkpoints.every=x: an integer or null is needed."),
        ("train model.latent=64", "model.latent=64: a mapping with a _target_ (Latent) is needed."),
        ("train logger=csv logger.csv=true", "logger.csv: expected a mapping with a _target_; correct or remove it."),
        ("train logger.wandb.name=${nope}", "the configuration: it refers to ${nope}, but there is no such key; correct"),
        ("train -m hydra.launcher.n_jobs=two seed=0,1", "hydra.launcher.n_jobs=two: Value 'two' of type 'str' could not"),
        (f"report results=/nowhere table_files={ROOT}/conf/tables", "results=/nowhere: there is no such folder; give an existing one."),
        ("report table_files=/nowhere", "table_files=/nowhere: there is no such folder; give an existing one."),
        # Batches.
        ("train data.batch_size=1", "data.batch_size=1: batch norm would get one image, but needs two; choose a batch"),
        ("train data.batch_size=16 trainer.accumulate=16", "data.batch_size=16 trainer.accumulate=16: batch norm would get one image"),
        ("train data.batch_size=16 trainer.accumulate=3", "trainer.accumulate=3: 16 images cannot be split evenly; choose a"),
        ("train trainer=ddp_cpu data.batch_size=2", "data.batch_size=2 on 2 devices: batch norm would get one image, bu"),
        # Syntax.
        ("train seed", "seed: this is not an override; write key=value, with quotes around special characters."),
        ("train --model=infogan", "--model=infogan: there is no such option, and settings have no dashes; write model=inf"),
        ("train --seed 3", "--seed: there is no such option, and settings have no dashes; write seed=<value>."),
        ("train -c", "argument --cfg/-c: expected one argument; --help shows the options."),
        ("train --config-name=nope", "--config-name=nope: unknown. Accepted: curves, demonstrate, edit, evaluate, explore, export, gallery, lesson, report, sample, train."),
    ],
)  # fmt: skip
def test_a_mistake_is_one_right_line(command, line, typed):
    told = typed(command)
    assert told.startswith(line)
    assert len(told) <= 240


def test_early_stopping_is_told_what_there_is_instead(typed):
    stop = "+callbacks.stop._target_=pytorch_lightning.callbacks.EarlyStopping +callbacks.stop.monitor=train/loss"
    assert "Lightning's EarlyStopping cannot work, since" in (told := typed(f"train {stop}"))
    assert told.endswith("use callbacks=early_stopping, or callbacks=best, which keeps the best checkpoint.")


@pytest.mark.parametrize("asked", ["callbacks=best", "metrics=fidelity"])
def test_what_is_asked_for_and_cannot_be_measured_stops_before_training(asked, typed, tmp_path):
    for i in range(4):
        Image.fromarray(np.full((32, 32, 3), i, np.uint8)).save(tmp_path / f"{i}.png")
    told = typed(f"train model=dcgan data=images data.root={tmp_path} {asked}")
    assert "has no labels to train a classifier on" in told
    assert "pip install 'genzoo[imagenet-features]'" in told


def test_a_metric_that_the_model_is_not_capable_of_stops_before_training_if_it_is_asked_for(typed):
    told = typed("train model=dcgan data=mnist metrics=[samples,errors]")
    assert told == "metrics=errors: the model lacks the capability Classifies; leave it out."
