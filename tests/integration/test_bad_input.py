"""Every mistake: one clear message, exit code 2, nothing trained, nothing written but the log."""

from pathlib import Path

import pytest

from command import SMALL, nas_hydra

MAX_PARAMS = "{_target_:nas_hydra.constraint.MaxParams}"
FLATTENED = (
    "[{_target_:torch.nn.Flatten},"
    "{_target_:torch.nn.Conv2d,in_channels:64,out_channels:'${search_space.width}',kernel_size:3}]"
)
EARLY_STOPPING = "{_target_:pytorch_lightning.callbacks.EarlyStopping,monitor:val_los}"
ADAMW = ("lr", "weight_decay", "fused")

MISTAKES = {
    "unknown group": (["stratgy=evolution"], ["stratgy", "did you mean 'strategy'?"]),
    "misspelt option": (
        ["strategy=evoluton"],
        [
            "strategy",
            "'evoluton'",
            "'evolution', 'gp', 'local_search'",
            "did you mean 'evolution'?",
        ],
    ),
    "unknown key": (["budget.trails=3"], ["budget.trails", "did you mean 'trials'?"]),
    "key the file leaves out": (["trainer.precision=32"], ["+trainer.precision=VALUE"]),
    "key of nobody": (["+foo=1"], ["foo: is read by nobody", "'search_space'"]),
    "argument of nobody": (
        ["+trainer.max_epoch=3"],
        ["trainer.max_epoch", "did you mean 'max_epochs'?"],
    ),
    "deleted group": (["~scheduler"], ["scheduler: is missing"]),
    "not an override": (["strategy"], ["strategy", "KEY=VALUE"]),
    "empty value": (["seed="], ["seed: is ''", "integer"]),
    "wrong type": (["optimizer.lr=fast"], ["optimizer.lr: is 'fast'", "number"]),
    "wrong type of a group": (["strategy.population_size=many"], ["strategy.population_size"]),
    "zero budget": (["budget.trials=0"], ["budget.trials: is 0", "1"]),
    "zero ahead": (["engine.ahead=0"], ["engine.ahead: is 0"]),
    "low above high": (
        ["optimizer.lr={_float_:{low:1.0,high:0.1}}"],
        ["optimizer.lr", "low is 1.0 and high is 0.1"],
    ),
    "empty choice": (["search_space.width._choice_=[]"], ["search_space.width", "at least one"]),
    "choice beside other keys": (
        ["+search_space.width.low=3"],
        ["search_space.width", "_choice_ stands beside 'low'"],
    ),
    "name used twice": (
        ["optimizer.lr={_float_:{low:0.1,high:0.2},_name_:width}"],
        ["the gene name 'width' is taken"],
    ),
    "open value in the wrong place": (["seed={_int_:{low:0,high:3}}"], ["seed"]),
    "population below tournament": (
        ["strategy/parents=tournament", "strategy.population_size=2"],
        ["strategy.population_size: is 2", "at least 3"],
    ),
    "unmeasured objective": (
        ["+objective.val_accc=maximize", "strategy=random"],
        ["objective.val_accc", "did you mean 'val_acc'?"],
    ),
    "unmeasured objective without a plus": (
        ["objective.val_los=minimize", "strategy=random"],
        ["'val_los', which is not measured", "did you mean 'val_loss'?", "objective.val_los"],
    ),
    "objective without any": (["~objective.val_acc"], ["objective: names no metric"]),
    "wrong direction": (["objective.val_acc=max"], ["objective.val_acc", "maximize"]),
    "outputs do not fit": (
        ["search_space.model._args_.1.num_classes=7"],
        ["(16, 7)", "(16, 10)", "width=", "kernel_size[0]="],
    ),
    "target that does not import": (
        ["search_space.model._args_.1._target_=nas_hydra.model.ClassifierHaed"],
        ["search_space.model._args_.1", "does not import", "did you mean 'ClassifierHead'?"],
    ),
    "target that does not import in an option rarely taken": (
        [
            "~search_space.width",
            "search_space.model._args_=[{_choice_:[{_target_:torch.nn.ReLU},{_target_:no.ReLU}]}]",
        ],
        ["search_space.model._args_.0._choice_.1._target_", "'no.ReLU' does not import"],
    ),
    "missing value": (["dataset=image_folder"], ["dataset.root: has no value yet"]),
    "missing dataset": (
        ["dataset=fashion_mnist", "dataset.download=false", "dataset.limit=null"],
        ["dataset.root: there is no FashionMNIST", "dataset.download=true"],
    ),
    "classes that do not fit": (["dataset.num_classes=9"], ["Say dataset.num_classes=10"]),
    "images of another shape": (
        ["dataset.input_shape=[1,9,9]"],
        ["dataset.input_shape: is [1, 9, 9]; the images are [1, 8, 8]", "=[1,8,8]"],
    ),
    "shape of two numbers": (["dataset.input_shape=[8,8]"], ["dataset.input_shape", "longer"]),
    "argument that no one gives": (
        ["~search_space.model._args_.0._block_.kernel_size"],
        [
            "search_space.model._args_.0._block_: does not fit nas_hydra.model.ConvBlock",
            "missing a required argument: 'kernel_size'",
        ],
    ),
    "layer that does not fit": (
        [f"search_space.model._args_={FLATTENED}"],
        [
            "a random candidate (width=",
            "in layer '1' (Conv2d) on an input of shape (2, 64)",
            "given 2 images of shape (1, 8, 8)",
        ],
    ),
    "constraints that no candidate meets": (
        [
            "search_space.width._choice_=[16]",  # the fewer networks there are to count
            f"+search_space.constraints=[{MAX_PARAMS}]",
            "+search_space.constraints.0.limit=10",
        ],
        [
            "search_space.constraints: 2000 random candidates in a row are refused",
            "0 meet the constraints (0.00%)",
            "Refused by nas_hydra.constraint.MaxParams (",
        ],
    ),
    "misspelt argument of a constraint": (
        [f"+search_space.constraints=[{MAX_PARAMS}]", "+search_space.constraints.0.limt=10"],
        ["search_space.constraints.0.limt: is no argument of", "did you mean 'limit'?"],
    ),
    "limit of a constraint left out": (
        [f"+search_space.constraints=[{MAX_PARAMS}]"],
        ["search_space.constraints.0: does not fit", "missing a required argument: 'limit'"],
    ),
    "misspelt constraint": (
        ["+search_space.constraints=[{_target_:nas_hydra.constraint.MaxParam,limit:9}]"],
        ["search_space.constraints.0._target_", "did you mean 'MaxParams'?"],
    ),
    "misspelt constraints": (
        [f"+search_space.constraint=[{MAX_PARAMS}]"],
        ["search_space.constraint: is read by nobody", "did you mean 'constraints'?"],
    ),
    "function of a space that is called too early": (
        ["+search_space.canonical={_target_:json.dumps,obj:3}"],
        ["search_space.canonical._target_: 'json.dumps' is a function", "_partial_: true"],
    ),
    "canonical form that is a number": (
        ["+search_space.canonical=5"],
        ["search_space.canonical: is 5; it must be a mapping", "{_target_: ..., ...}"],
    ),
    "encoder that is a list": (["+search_space.encoder=[1]"], ["search_space.encoder: is [1]"]),
    "constraints that are a text": (
        ["+search_space.constraints=few"],
        ["search_space.constraints: is 'few'; it must be a list"],
    ),
    "canonical form that ends the process": (
        ["+search_space.canonical={_target_:builtins.exit,_partial_:true}"],
        ["search_space.canonical: fails on a candidate: SystemExit"],
    ),
    "canonical form that is no plain value": (
        ["+search_space.canonical={_target_:builtins.set,_partial_:true}"],
        ["search_space.canonical: gives what is no plain value for a candidate: TypeError"],
    ),
    "encoder that knows nothing of candidates": (
        ["+search_space.encoder={_target_:builtins.len,_partial_:true}"],
        ["search_space.encoder._target_: 'builtins.len' is built into Python"],
    ),
    "encoder that gives no numbers": (
        ["+search_space.encoder={_target_:builtins.dict,_partial_:true}"],
        ["search_space.encoder: gives {'_target_': ", "finite numbers"],
    ),
    "engine of another kind": (
        ["engine._target_=builtins.dict"],
        ["engine._target_: 'builtins.dict' gives a dict, which is no Engine: it lacks 'start'"],
    ),
    "tracker that ends the process": (
        ["tracker._target_=sys.exit"],
        ["tracker._target_: 'sys.exit' is a function", "annotate its result: -> Tracker"],
    ),
    "trainer of another kind": (
        ["trainer={_target_:builtins.dict}"],
        ["trainer._target_: 'builtins.dict' gives a dict, and Trainer is wanted"],
    ),
    "callback of another kind": (
        ["+trainer.callbacks={mine:{_target_:builtins.dict}}"],
        ["trainer.callbacks.mine._target_: 'builtins.dict' gives a dict, and Callback is wanted"],
    ),
    "callbacks that are numbers": (
        ["+trainer.callbacks={mine:5}"],
        ["trainer.callbacks: is [5]", "instance of Callback"],
    ),
    "callback that monitors what nobody measures": (
        [f"+trainer.callbacks={{stop:{EARLY_STOPPING},other:null}}"],
        ["trainer.callbacks.stop.monitor: is 'val_los'", "'val_f1'", "did you mean 'val_loss'?"],
    ),
    "callback that needs what is not there": (
        ["+trainer.callbacks={_target_:pytorch_lightning.callbacks.LearningRateMonitor}"],
        ["trainer: trains no candidate", "`Trainer` that has no logger"],
    ),
    "scheduler that Lightning refuses": (
        ["scheduler._target_=torch.optim.lr_scheduler.ReduceLROnPlateau", "~scheduler.T_max"],
        ["scheduler.monitor: is missing", "'val_loss'", "'train_loss'"],
    ),
    "scheduler that refuses the optimizer": (
        ["scheduler._target_=torch.optim.lr_scheduler.CosineAnnealingLR", "scheduler.T_max=0"],
        ["scheduler.T_max: is 0; at least 1 is needed"],
    ),
    "training without an end": (
        ["trainer.max_epochs=-1"],
        ["trainer.max_epochs: is -1, and training would never end", "+trainer.max_steps"],
    ),
    "no training": (
        ["trainer.max_epochs=0"],
        ["trainer: training ended without val_acc", "at least one epoch"],
    ),
    "no validation": (
        ["+trainer.limit_val_batches=0"],
        ["trainer: training ended without val_acc, val_f1, val_loss; the trainer must"],
    ),
    "validation that is never reached": (
        ["+trainer.max_steps=1", "trainer.max_epochs=9"],
        ["trainer: training ended without val_acc, val_f1, val_loss; the trainer must"],
    ),
    "validation after the last epoch": (
        ["+trainer.check_val_every_n_epoch=2"],
        ["trainer: training ended without val_acc"],
    ),
    "augmentation that takes no labels": (
        ["dataset.augment.transforms=[{_target_:torch.nn.ReLU}]"],
        ["dataset.augment: fails on a batch: TypeError"],
    ),
    "design of another kind": (
        [
            "strategy=evolution",
            "strategy.design._target_=os.getcwd",
            "+strategy.design._partial_=true",
        ],
        ["strategy.design._target_: 'os.getcwd' is built into Python, and is no Design"],
    ),
    "two devices": (
        ["trainer.devices=2"],
        ["trainer.devices: is 2", "trainer.devices=1", "engine.workers", "engine.gpus_per_trial"],
    ),
    "two nodes": (["+trainer.num_nodes=2"], ["trainer.num_nodes: is 2", "engine.workers"]),
    "training in a process of its own": (
        ["+trainer.strategy=ddp_spawn"],
        ["trainer.strategy: is 'ddp_spawn'", "engine.workers", "engine.gpus_per_trial"],
    ),
    "no learning": (["optimizer.lr=0"], ["optimizer.lr: is 0; it must be above 0"]),
    "negative learning": (["optimizer.lr=-1"], ["optimizer", "Invalid learning rate: -1"]),
    "learning beyond all bounds": (["optimizer.lr=1e999"], ["optimizer.lr: is inf"]),
    "dataset of another kind": (
        ["dataset._target_=builtins.dict"],
        ["dataset._target_: 'builtins.dict' gives a dict, which is no Data: it lacks"],
    ),
    "optimizer of another kind": (
        ["optimizer={_target_:torch.nn.ReLU,_partial_:true}", *(f"~optimizer.{k}" for k in ADAMW)],
        ["optimizer._target_: 'torch.nn.ReLU' gives a ReLU, and Optimizer is wanted"],
    ),
    "scheduler of another kind": (
        ["scheduler={_target_:os.system,_partial_:true}", "~scheduler.T_max"],
        ["scheduler._target_: 'os.system' is built into Python", "knows nothing of the optimizer"],
    ),
    "part of a strategy of another kind": (
        ["strategy=evolution", "strategy.parents={_target_:builtins.dict}"],
        ["strategy.parents._target_: 'builtins.dict' gives a dict, which is no Parents"],
    ),
    "tracker that is left to others to make": (
        ["+tracker._partial_=true"],
        ["tracker._partial_: makes no sense here", "leave it out"],
    ),
    "conversion that there is not": (
        ["+engine._convert_=bogus"],
        ["engine._convert_: is 'bogus'; allowed: 'none', 'partial', 'object', 'all'"],
    ),
    "parts that are left as configs": (
        ["+evaluator._recursive_=false"],
        ["evaluator._recursive_: makes no sense beside a target of nas_hydra", "leave it out"],
    ),
    "unreachable storage": (
        ["record=storage", "record.storage.url=nothing://here"],
        ["record.storage.url"],
    ),
}


def errors(printed: str) -> list[str]:
    return [line for line in printed.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistake(mistake, monkeypatch, capsys, tmp_path):
    overrides, words = MISTAKES[mistake]
    code = nas_hydra(monkeypatch, *SMALL, *overrides)
    printed = capsys.readouterr()
    message, *more = errors(printed.err)
    assert code == 2
    assert not more
    assert "Traceback" not in printed.err + printed.out
    for word in words:
        assert word in message
    written = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert set(written) <= {"nas-hydra.log"}


def test_unwritable_folder(monkeypatch, capsys, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert nas_hydra(monkeypatch, *SMALL, "hydra.run.dir=file/run") == 2
    assert errors(capsys.readouterr().err)[0].startswith("error: hydra.run.dir: cannot write")


def test_folder_of_another_run_says_what_differs_and_is_left_alone(monkeypatch, capsys, tmp_path):
    assert nas_hydra(monkeypatch, *SMALL, "hydra.run.dir=run") == 0
    before = contents(tmp_path / "run")
    code = nas_hydra(monkeypatch, *SMALL, "hydra.run.dir=run", "seed=1", "optimizer.lr=0.2")
    (message,) = errors(capsys.readouterr().err)
    assert code == 2
    assert "optimizer.lr is 0.003 there and 0.2 here" in message
    assert "seed is 0 there and 1 here" in message
    assert contents(tmp_path / "run") == before


def test_folder_in_use_by_another_process(monkeypatch, capsys, tmp_path):
    from nas_hydra.record.journal import exclusive

    (tmp_path / "run").mkdir()
    with exclusive(tmp_path / "run"):
        assert nas_hydra(monkeypatch, *SMALL, "hydra.run.dir=run") == 2
    assert "still running" in errors(capsys.readouterr().err)[0]
    assert nas_hydra(monkeypatch, *SMALL, "hydra.run.dir=run") == 0


def contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log"]
    return {str(path): path.read_bytes() for path in [*files, folder / "journal.log"]}
