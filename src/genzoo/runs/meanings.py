"""genzoo's keys for settings of other tools: Lightning, its Hydra template, PyTorch-GAN, diffusers."""

from collections.abc import Mapping, Sequence

# Name in other tools -> genzoo's keys, most likely first (* matches one part of a key), or advice if there is no key.
_KEYS: Mapping[Sequence[str], Sequence[str] | str] = {
    ("lr", "learning_rate", "lr_g", "lr_d", "glr", "dlr", "base_lr"): ("model.optimizers.*.lr",),
    ("b1", "b2", "beta", "beta1", "beta2", "adam_beta1"): ("model.optimizers.*.betas",),
    ("optimizer", "optim", "opt"): ("model.optimizers",),
    ("scheduler", "lr_scheduler", "lr_policy", "schedule"): ("model.schedules",),
    ("epochs", "max_epochs", "n_epochs", "num_epochs", "num_train_epochs", "nepoch", "niter", "min_epochs"): (
        "trainer.rounds",
    ),
    ("steps", "max_steps", "train_steps", "num_steps", "max_train_steps", "total_steps"): ("trainer.rounds",),
    ("iterations", "iters", "n_iter", "n_iters", "max_iter", "max_iters", "num_iterations"): ("trainer.rounds",),
    ("gpus", "gpu", "gpu_ids", "n_gpu", "ngpu", "num_gpus", "n_gpus", "num_devices", "num_processes"): (
        "trainer.devices",
        "trainer.accelerator",
    ),
    ("device", "cuda", "use_cuda", "no_cuda", "use_gpu"): ("trainer.accelerator", "device"),
    ("distributed", "ddp", "multi_gpu", "num_nodes"): ("trainer.devices", "trainer.strategy"),
    ("mixed_precision", "amp", "fp16", "bf16", "half"): ("trainer.precision",),
    ("accumulate_grad_batches", "gradient_accumulation_steps", "grad_accum"): ("trainer.accumulate",),
    ("gradient_clip_val", "max_grad_norm", "clip_grad", "grad_clip", "clip_norm"): ("trainer.gradient_clip",),
    ("fast_dev_run", "dry_run", "limit_train_batches", "overfit_batches"): "use trainer=smoke",
    ("ckpt_path", "ckpt", "checkpoint", "resume_from", "resume_from_checkpoint", "load", "load_from", "restore"): (
        "resume",
        "ckpt",
    ),
    ("weights_path", "pretrained", "init_from", "pretrained_model", "finetune_from"): ("init", "ckpt"),
    ("checkpoint_path", "load_path"): ("resume", "ckpt"),
    ("batch_size", "batchsize", "bs", "train_batch_size", "mini_batch_size"): ("data.batch_size",),
    ("num_workers", "n_workers", "workers", "n_cpu", "pin_memory", "dataloader_num_workers"): (
        "leave it out: images are read without worker processes"
    ),
    ("dataset", "dataset_name", "datamodule"): ("data",),
    ("data_dir", "data_root", "dataroot", "data_path", "datapath", "dataset_path", "train_data_dir"): (
        "data.root",
        "paths.data",
    ),
    ("img_size", "image_size", "imagesize", "resolution", "imsize", "crop_size", "load_size"): ("data.size",),
    ("nc", "img_channels", "image_channels", "n_channels", "in_channels"): ("data.channels",),
    ("n_classes", "num_classes", "nclass"): ("data.classes",),
    ("train_val_test_split", "val_split", "n_train", "num_train"): ("data.train_size", "data.validation_fraction"),
    ("latent_dim", "z_dim", "zdim", "nz", "latent_size", "noise_dim", "code_dim"): ("model.latent.*.size",),
    ("ngf", "ndf", "nf", "base_channels", "dim", "hidden_dim", "hidden_size"): ("recipe.full",),
    ("net", "network", "arch", "model_name", "architecture", "generator_name"): ("model",),
    ("loss", "gan_mode", "gan_loss", "criterion", "adversarial_loss"): ("model.objective",),
    ("n_critic", "ncritic", "critic_iters", "d_steps", "disc_iters"): ("model.round.discriminator_steps",),
    ("lambda_gp", "gp_weight", "gp_lambda", "lambda"): ("model.penalties.*.weight", "model.penalties"),
    ("clip_value", "clip"): ("model.weight_clip", "trainer.gradient_clip"),
    ("ema", "use_ema", "ema_decay"): ("model.averages",),
    ("output_dir", "out_dir", "outdir", "save_dir", "log_dir", "logdir", "logging_dir", "outf", "results_dir"): (
        "paths.runs",
    ),
    ("default_root_dir", "dirpath", "exp_dir", "run_dir", "checkpoints_dir", "root_dir"): ("paths.runs",),
    ("name", "exp_name", "run_name", "task_name", "experiment_name"): ("logger.wandb.name",),
    ("tags", "notes", "entity", "group"): "use logger=wandb +logger.wandb.<its argument>=...",
    ("wandb", "use_wandb", "report_to", "tracker", "with_tracking"): "use logger=wandb",
    ("tensorboard", "use_tensorboard"): "use logger=tensorboard",
    ("mlflow", "use_mlflow", "tracking_uri", "mlflow_tracking_uri"): "use logger=mlflow",
    ("comet", "comet_ml", "use_comet"): "use logger=comet",
    ("aim", "use_aim"): "use logger=aim",
    ("log_interval", "log_every_n_steps", "logging_steps", "print_freq"): ("callbacks.losses.every",),
    ("sample_interval", "sample_every", "display_freq", "save_images_every"): ("callbacks.pictures.every",),
    ("save_every", "save_interval", "save_steps", "checkpointing_steps", "checkpoint_interval", "save_epoch_freq"): (
        "callbacks.checkpoints.every",
        "callbacks.checkpoints.keep_every",
    ),
    ("save_top_k", "every_n_epochs", "every_n_train_steps", "model_checkpoint"): (
        "callbacks.checkpoints.every",
        "callbacks.checkpoints.keep_every",
    ),
    ("profile", "profiler", "torch_profiler"): "use callbacks=profiler",
    ("monitor", "patience", "early_stopping"): "use callbacks=early_stopping",
    ("val_check_interval", "check_val_every_n_epoch", "eval_steps", "eval_every", "validation_steps"): (
        "callbacks.validation.every",
    ),
    ("n_samples", "num_samples", "num_images", "num_validation_images"): ("metrics.fidelity.samples",),
    ("manual_seed", "manualseed", "random_seed", "seed_everything", "rng_seed"): ("seed",),
    ("max_time", "time_limit", "timeout", "max_hours", "walltime"): ("trainer.limit_time",),
    (
        "test",
        "do_test",
        "eval",
        "evaluate",
        "do_eval",
        "validate",
    ): "use metrics=none, or genzoo evaluate ckpt=<run>",
    ("train", "do_train"): "leave it out; genzoo evaluate ckpt=<run> only measures",
    ("config", "cfg", "config_file"): "use --config-dir=<folder> or experiment=<name>",
    ("torch_compile", "use_compile", "jit"): ("compile",),
    ("benchmark", "cudnn_benchmark"): ("deterministic",),
}
KEYS: Mapping[str, Sequence[str] | str] = {name: meant for names, meant in _KEYS.items() for name in names}

# The same for options of groups, such as ``data=cifar``.
OPTIONS: Mapping[str, str] = {
    "fid": "fidelity",
    "kid": "fidelity",
    "inception_score": "fidelity",
    "precision_recall": "fidelity",
    "nll": "likelihood",
    "accuracy": "errors",
    "fashion": "fashion_mnist",
    "fmnist": "fashion_mnist",
    "folder": "images",
    "imagefolder": "images",
    "cuda": "gpu",
    "fast": "quick",
    "debug": "smoke",
    "tb": "tensorboard",
    "comet_ml": "comet",
    "early_stop": "early_stopping",
    "model_checkpoint": "best",
    "wgangp": "wgan_gp",
    "ac_gan": "acgan",
    "vanilla": "gan",
    "bc": "behavioural_cloning",
}

# Options of other platforms that cannot be had any more -> advice.
GONE: Mapping[str, str] = {
    "neptune": "Neptune's service has ended, and Lightning has removed its logger; use logger=mlflow, comet or aim",
}
