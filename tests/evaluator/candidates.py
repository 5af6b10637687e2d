"""Closed candidates of handwritten digits."""


def sequential(*layers: dict) -> dict:
    return {"_target_": "torch.nn.Sequential", "_args_": list(layers)}


def convolutions(depth: int, width: int) -> dict:
    block = {"_target_": "nas_hydra.model.ConvBlock", "out_channels": width, "kernel_size": 3}
    head = {"_target_": "nas_hydra.model.ClassifierHead", "num_classes": 10}
    return sequential(*[{**block, "pool": 2}] * depth, head)


def candidate(**changes) -> dict:
    """One that is trained for an epoch on 200 images."""
    parts = {
        "model": convolutions(1, 8),
        "optimizer": {"_target_": "torch.optim.SGD", "_partial_": True, "lr": 0.1},
        "scheduler": {},
        "trainer": {
            "_target_": "pytorch_lightning.Trainer",
            "max_epochs": 1,
            "accelerator": "cpu",
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 0,
        },
        "dataset": {
            "_target_": "nas_hydra.dataset.digits.Digits",
            "input_shape": [1, 8, 8],
            "num_classes": 10,
            "batch_size": 16,
            "validation": 0.2,
            "holdout": 0.2,
            "limit": 200,
            "seed": 0,
            "memory_limit": None,
            "workers": 0,
            "augment": {"_target_": "nas_hydra.dataset.augment.Augmentation", "transforms": []},
        },
        "task": {"_target_": "nas_hydra.task.classification.Classification"},
    }
    return {**parts, **changes}
