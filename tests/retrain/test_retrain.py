"""``nas-hydra-retrain`` as it is typed, on real digits: what it writes and what it refuses."""

import json
import os
import re
import xml.etree.ElementTree as ET
from errno import ENOSPC
from pathlib import Path

import pytest
import torch
from markdown_it import MarkdownIt
from omegaconf import OmegaConf
from PIL import Image

from command import SMALL, nas_hydra
from nas_hydra.artifact import read_artifact
from nas_hydra.cli.retrain import run
from nas_hydra.dataset.cache import release_datasets
from nas_hydra.dataset.own import data_of
from nas_hydra.retrain import Request, retrain
from nas_hydra.retrain.training import Progress
from tracker.wandb_file import read_runs

ALONE = ("seeds=1", "baseline=none", "random=false", "references=false")


@pytest.fixture
def search(monkeypatch, capsys):
    def searched(*overrides: str, folder: str = "run") -> Path:
        assert nas_hydra(monkeypatch, *SMALL, f"hydra.run.dir={folder}", *overrides) == 0
        capsys.readouterr()
        return Path(folder)

    return searched


@pytest.fixture
def command(capsys):
    """Runs the command; its exit code, output and errors."""

    def typed(*words: str) -> tuple[int, str, str]:
        code = run(["nas-hydra-retrain", *words])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return typed


@pytest.fixture
def refusal(command):
    """Runs a command that is wrong; what it says. Nothing is written."""

    def typed(*words: str) -> str:
        before = sorted(map(str, Path().rglob("*")))
        code, _, problem = command(*words)
        assert code == 2, problem
        assert sorted(map(str, Path().rglob("*"))) == before
        return problem.splitlines()[-1]

    return typed


def metrics(folder: Path) -> dict:
    return json.loads((folder / "metrics.json").read_text())


@pytest.mark.long
def test_the_winner_becomes_a_model_beside_its_baselines(search, command):
    search("dataset.limit=300")
    summary = json.loads(Path("run/summary.json").read_text())
    code, out, err = command("run=run", "seeds=2", "trainer.max_epochs=4", "baseline=squeezenet1_1")
    assert code == 0, err
    folder = Path("run/retrain")
    assert f"trial {summary['best']['trial']} on the test images" in out
    assert sorted(path.name for path in folder.iterdir()) == [
        "MODEL_CARD.md",
        "best.yaml",
        "confusion.svg",
        "examples.npz",
        "metrics.json",
        "model.ckpt",
        "model.json",
    ]
    found = metrics(folder)
    assert found["images"] == {"trained_on": 300, "tested_on": 360}
    assert found["first_use_of_test_split"] is True
    roles = [one["role"] for one in found["networks"]]
    assert roles == ["winner", "random", "baseline", "reference", "reference"]
    for one in found["networks"]:
        tested = one["metrics"]["test_acc"]
        assert len(tested["values"]) == 2
        assert tested["mean"] == pytest.approx(sum(tested["values"]) / 2)
        assert one["errors"] == []
    assert OmegaConf.load(folder / "best.yaml").trainer.max_epochs == 4
    assert OmegaConf.load(folder / "best.yaml").scheduler.T_max == 4


@pytest.mark.long
def test_the_model_that_is_read_back_is_the_one_that_was_tested(search, command):
    search("dataset.limit=300")
    assert command("run=run", *ALONE, "trainer.max_epochs=4", "engine.threads=1")[0] == 0
    artifact, found = read_artifact(Path("run/retrain")), metrics(Path("run/retrain"))
    assert artifact.image.shape == (1, 8, 8)
    assert artifact.classes == [str(digit) for digit in range(10)]
    dataset = data_of(json.dumps(artifact.config["dataset"]))
    source = dataset.open("test")
    mean, std = (torch.tensor(part) for part in vars(artifact.description.normalize).values())
    pixels = source[torch.arange(len(source.labels))]
    with torch.inference_mode():
        predicted = artifact.model()((pixels - mean) / std).argmax(dim=1)
    accuracy = (predicted == source.labels).float().mean().item()
    tested = found["networks"][0]["metrics"]["test_acc"]
    assert accuracy == pytest.approx(tested["values"][0])
    assert accuracy == pytest.approx(found["model"]["test_acc"])
    assert accuracy > 0.2  # by chance it would be 0.1
    confused = torch.tensor(found["confusion"])
    assert confused.sum(dim=1).tolist() == source.labels.bincount().tolist()
    assert confused.diag().sum().item() == round(accuracy * 360)
    assert tested["std"] is None


@pytest.mark.long
def test_a_retraining_is_the_same_again_on_workers(search, command):
    search()
    assert command("run=run", *ALONE)[0] == 0
    workers = ("engine=processes", "engine.workers=1")
    assert command("run=run", "folder=again", *ALONE, *workers)[0] == 0
    one, other = metrics(Path("run/retrain")), metrics(Path("again"))
    assert one["networks"][0]["metrics"] == other["networks"][0]["metrics"]
    assert other["first_use_of_test_split"] is False
    assert "were tested before" in Path("again/MODEL_CARD.md").read_text()


@pytest.mark.long
def test_the_card_and_the_picture_tell_what_the_figures_say(search, command, monkeypatch):
    search()
    assert command("run=run", "seeds=2", "baseline=none", "dataset/augment=flip")[0] == 0
    card = Path("run/retrain/MODEL_CARD.md").read_text()
    found = metrics(Path("run/retrain"))
    mean = found["networks"][0]["metrics"]["test_acc"]["mean"]
    assert f"{100 * mean:.2f} % ± " in card
    assert "this is the first use of the test split" in card
    assert "| a random candidate |" in card
    assert "Augmentation: Flip." in card
    assert f"| depth | {found['search']['genotype']['depth']} |" in card
    assert "nas-hydra-retrain run=run seeds=2 baseline=none dataset/augment=flip" in card
    code = re.search(r"```python\n(.*?)```", card, re.DOTALL)[1]
    names: dict = {"images": torch.zeros(2, 1, 8, 8)}
    monkeypatch.chdir("run/retrain")
    exec(code, names)
    assert names["logits"].shape == (2, 10)
    picture = ET.parse("confusion.svg")
    boxes = picture.findall(".//{http://www.w3.org/2000/svg}rect")
    assert len(boxes) == 1 + 10 * 10


def test_names_of_classes_and_folders_are_text_in_the_card_and_the_picture(search, command):
    names = [
        *("<img src=x onerror=alert(1)>", "[a](javascript:alert)", "a|b", "*b*", "line\nbreak\x1b"),
        os.fsdecode(b"\xff"),
    ]
    for number in range(60):
        file = Path("images", names[number % 6], f"{number}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), number).save(file)
    images = ("dataset=image_folder", "dataset.root=images", "dataset.num_classes=6")
    folder = search(*images, "search_space=mlp", "dataset.size=4", "dataset.limit=null")
    folder = folder.rename("<b>run<script>")
    code, _, problem = command(f"run={folder}", *ALONE)
    assert code == 0, problem
    card = Path(folder, "retrain/MODEL_CARD.md").read_text()
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(card)
    assert re.findall("<(?:img|script|a|b|em)\\b[^>]*>", shown) == [
        '<img src="confusion.svg" alt="What it takes for what" />'
    ]
    seen = (
        "&lt;img src=x onerror",
        "[a](javascript:alert)",
        "*b*",
        r"line\nbreak\x1b",
        r"\xff",
    )
    assert [name for name in seen if name not in shown] == []
    drawn = "".join(ET.parse(Path(folder, "retrain/confusion.svg")).getroot().itertext())
    assert "<img src=x onerr" in drawn
    assert read_artifact(Path(folder, "retrain")).classes == [*sorted(names[:-1]), r"\xff"]


OWN = ("task._target_=evaluator.own.Hostile", "trainer.max_epochs=4")
TRUST = "trust=[evaluator.own]"


def test_what_was_searched_is_what_is_retrained(search, command, refusal):
    both = ("objective=val_acc", "+objective.val_zeros=minimize", "strategy=nsga2")
    search(*OWN, *both, "dataset.limit=300")
    assert "task._target_: is 'evaluator.own.Hostile'" in refusal("run=run", *ALONE)
    code, out, problem = command("run=run", *ALONE, TRUST)
    assert code == 0, problem
    own = metrics(Path("run/retrain"))["networks"][0]["metrics"]
    assert own["test_acc"]["mean"] < 0.2  # by the usual loss it is above 0.5
    assert "test_zeros" in own
    assert "test_zeros" in out
    assert "test_zeros" in Path("run/retrain/MODEL_CARD.md").read_text()


EARLY = "+trainer.callbacks=[{_target_: pytorch_lightning.callbacks.EarlyStopping, monitor: %s}]"


@pytest.mark.long
def test_what_monitors_the_validation_has_it_in_a_retraining_too(search, command):
    search("dataset.limit=300", EARLY % "val_loss", "trainer.max_epochs=3")
    code, _, problem = command("run=run", "seeds=1", "baseline=none")
    assert code == 0, problem
    found = metrics(Path("run/retrain"))
    watched = {"monitored_on": 60, "monitored_by": ["EarlyStopping"]}
    assert found["images"] == {"trained_on": 240, "tested_on": 360, **watched}
    assert all(one["errors"] == [] for one in found["networks"])
    card = " ".join(Path("run/retrain/MODEL_CARD.md").read_text().split())
    assert "The 60 of its validation split were left for what watches a training" in card
    assert "(EarlyStopping)" in card


def test_what_monitors_the_training_needs_no_validation(search, command):
    search("dataset.limit=100", EARLY % "train_loss")
    assert command("run=run", *ALONE)[0] == 0
    assert metrics(Path("run/retrain"))["images"] == {"trained_on": 100, "tested_on": 360}


@pytest.mark.long
def test_trials_by_number_and_the_whole_front(search, command):
    search("objective=val_acc_params", "strategy=nsga2", "budget.trials=4")
    front = [one["trial"] for one in json.loads(Path("run/summary.json").read_text())["pareto"]]
    assert command("run=run", "trial=1", *ALONE)[0] == 0
    assert metrics(Path("run/retrain-1"))["trial"] == 1
    assert command("run=run", "pareto=all", "folder=front", *ALONE)[0] == 0
    assert sorted(int(path.name) for path in Path("front").iterdir()) == sorted(front)


@pytest.mark.long
def test_a_network_that_a_table_knew_is_trained_on_images(command, monkeypatch):
    from integration.cells import CELLS, write_cells

    write_cells(Path("cells.csv"))
    assert nas_hydra(monkeypatch, *CELLS) == 0
    images = ("evaluator=train", "dataset=digits", "dataset.limit=100", "trainer.max_epochs=1")
    small = ("search_space.model.channels=4", "search_space.model.cells=1")
    code, _, problem = command("run=run", *ALONE, *images, *small)
    assert code == 0, problem
    assert metrics(Path("run/retrain"))["images"]["tested_on"] == 360


@pytest.mark.long
def test_a_wandb_run_beside_the_search(search, command):
    search("tracker=wandb", folder="sweep/one")
    assert command("run=sweep/one", "seeds=2", "baseline=none")[0] == 0
    (searched,) = read_runs(Path("sweep/one"))
    (retrained,) = read_runs(Path("sweep/one/retrain"))
    assert (searched.job_type, retrained.job_type) == ("search", "retrain")
    assert searched.group == retrained.group
    assert retrained.project == searched.project
    own = metrics(Path("sweep/one/retrain"))["networks"]
    assert retrained.summary["winner/test_acc"] == own[0]["metrics"]["test_acc"]["mean"]
    assert retrained.summary["verdict"].startswith("Trial ")
    assert retrained.summary["random/test_acc_std"] == own[1]["metrics"]["test_acc"]["std"]
    assert {"model.ckpt", "MODEL_CARD.md", "best.yaml"} <= retrained.artifacts["model"]
    assert retrained.config["retrained"]["trainer"]["max_epochs"] == 1


def test_who_watches_is_told_before_the_first_training_and_after_each(search, capsys):
    told: list[Progress] = []
    (found,) = retrain(Request(search(), seeds=2, baseline="none", random=False), watch=told.append)
    assert [(one.done, one.total) for one in told] == [(0, 2), (1, 2), (2, 2)]
    assert {one.what for one in told[1:]} == {
        f"trial {found.trial}, seed {seed}" for seed in (0, 1)
    }
    assert all(one.outcome.startswith("test_acc ") for one in told[1:])
    assert "/2  trial" not in capsys.readouterr().err


def test_what_there_is_not(refusal, search):
    assert "run: is missing; say run=" in refusal("seeds=2")
    assert "run: nowhere holds no .hydra/config.yaml" in refusal("run=nowhere")
    search()
    assert "trial: 99 is not in run; allowed: '0', '1', '2'" in refusal("run=run", "trial=99")
    assert "trial: and pareto=all exclude each other" in refusal("run=run", "trial=1", "pareto=all")
    assert "seeds" in refusal("run=run", "seeds=0")
    problem = refusal("run=run", "baseline=resnet19")
    assert "baseline: is 'resnet19'" in problem
    assert "did you mean 'resnet18'?" in problem
    assert "there is no option 'adamm'" in refusal("run=run", "optimizer=adamm")
    assert "trainer.max_epoch" in refusal("run=run", "trainer.max_epoch=3")


def test_a_model_is_written_whole_or_not_at_all(search, command, refusal, monkeypatch):
    search()
    Path("file").touch()
    problem = refusal("run=run", "folder=file/model")
    assert "folder: file/model cannot be made: /" in problem
    assert problem.endswith("/file is no folder. Say folder=OTHER")

    def broken(*_: object) -> None:
        raise OSError(ENOSPC, "No space left on device")

    monkeypatch.setattr("nas_hydra.retrain.files.card", broken)
    code, _, problem = command("run=run", *ALONE)
    assert code == 1
    assert problem.endswith("error: run/retrain cannot be written: No space left on device\n")
    assert not Path("run/retrain").exists()


def test_a_run_without_a_finished_trial(refusal, monkeypatch, capsys):
    assert nas_hydra(monkeypatch, *SMALL, "hydra.run.dir=run", "optimizer.lr=1e30") == 1
    capsys.readouterr()
    assert "run: run has no finished trial among 3; go on with the search" in refusal("run=run")
    assert "trial: 1 failed (diverged" in refusal("run=run", "trial=1")


@pytest.mark.long
def test_a_model_is_not_overwritten_unless_asked(search, command, refusal):
    search()
    assert command("run=run", *ALONE)[0] == 0
    assert "run/retrain holds a model already" in refusal("run=run", *ALONE)
    assert command("run=run", "trial=0", "folder=run/retrain", "force=true", *ALONE)[0] == 0
    assert metrics(Path("run/retrain"))["trial"] == 0


def picture_folder(root: Path, classes: str, each: int) -> None:
    from PIL import Image

    for label in classes:
        (root / label).mkdir(parents=True, exist_ok=True)
        for number in range(each):
            gray = (ord(label) * 40 + number) % 256
            Image.new("RGB", (16, 16), (gray, gray, gray)).save(root / label / f"{number}.png")


@pytest.mark.long
def test_a_dataset_that_has_changed_since_is_refused(search, command, refusal):
    picture_folder(Path("images"), "ab", 30)
    own = ("dataset=image_folder", "dataset.root=images", "dataset.num_classes=2")
    search(*own, "dataset.size=16", "dataset.limit=null", "dataset.batch_size=8")
    release_datasets()
    data_of.cache_clear()
    picture_folder(Path("images"), "ab", 40)
    problem = refusal("run=run", *ALONE)
    assert "dataset: has changed since the search: it had 48 images for training and" in problem
    assert "and has 64" in problem
    release_datasets()
    picture_folder(Path("images"), "abc", 40)
    assert "dataset.num_classes: is 2; the images have 3 classes" in refusal("run=run", *ALONE)
    more = (*ALONE, "dataset.num_classes=3")
    assert "it had 2 classes, and has 3" in refusal("run=run", *more)
    assert command("run=run", *more, "force=true")[0] == 0
    assert read_artifact(Path("run/retrain")).classes == ["a", "b", "c"]
