"""Command lines and configs by the hundred: each works, or says in a few lines why not."""

import shutil
import tempfile
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, example, given, settings
from omegaconf import OmegaConf

from command import SMALL
from forked import Ended, command
from nas_hydra.cli.arguments import groups

CONF = Path(__file__).parents[2] / "conf"
SPACE = ("search_space=mlp", "dataset.limit=60", "budget.trials=1", "hydra.run.dir=run")
"""A search of one small trial, which a second is enough for."""
LINES, CHARACTERS = 12, 2000
PROCESSOR, PATIENCE = 20, 100  # seconds; the clock's leave room for a machine that is busy


def leaves(config, place: str = "") -> list[str]:
    """Every dotted key of a config that holds no other."""
    found = []
    for key, value in config.items():
        below = f"{place}{key}"
        found += leaves(value, f"{below}.") if isinstance(value, dict) else [below]
    return found


def of_file(file: Path) -> list[str]:
    config = OmegaConf.to_container(OmegaConf.load(file))
    group = file.relative_to(CONF).parent.as_posix()
    config.pop("defaults", None)
    return [key if group == "." else f"{group.split('/')[0]}.{key}" for key in leaves(config)]


GROUPS = [*groups(), "hydra", "hydra/launcher", "hydra/sweeper", "hydra/job_logging"]
KEYS = [
    *sorted({key for file in CONF.rglob("*.yaml") for key in of_file(file)}),
    *("search_space.canonical", "search_space.encoder", "search_space.constraints"),
    *("hydra.run.dir", "hydra.verbose", "hydra.searchpath", "hydra.job.name", "hydra.sweep.dir"),
    *("optimizer._partial_", "tracker._partial_", "engine._convert_", "trainer._recursive_"),
    *("engine._target_", "tracker._target_", "dataset._target_", "scheduler._target_", "objective"),
    *("trainer.devices", "trainer.max_epochs", "trainer.limit_val_batches", "trainer.callbacks"),
]
SCALARS = st.one_of(
    st.sampled_from(
        [
            *("null", "0", "1", "-1", "2", "1e26", "-1e26", "nan", "inf", "true", "''", "", "???"),
            *("nope", "a.b", "/", ".", "..", "'a\nb'", "'\t'", "é", "\u202e", "=", "'=1'", "2GB"),
            *("builtins.len", "builtins.exit", "sys.exit", "os.getcwd", "builtins.dict", "torch"),
            *("torch.nn.ReLU", "nas_hydra.strategy.random.RandomSearch", "minimize", "maximize"),
            *("${nope}", "${oc.env:NOPE}", "${seed}", "${oc.select:a}", "${", "${a", "$", "\\"),
            *("${optimizer}", "${.}", "${..}", "${search_space}", "${oc.decode:'['}", "${nope:1}"),
            *("[]", "{}", "[1,2]", "{a:1}", "[", "}", "'", '"', "{a:", "[1,", "a,b", "1:2", "a b"),
            *("glob(*)", "range(1,1000000000)", "choice(1)", "sort(3)", "int(a)", "shuffle(1,2)"),
        ]
    ),
    st.integers().map(str),
    st.floats().map(str),
    st.text(max_size=4),
    st.sampled_from([100, 1_000, 60_000]).map(lambda long: "x" * long),
    st.sampled_from([20, 150, 600, 3000]).map(lambda deep: "[" * deep + "]" * deep),
    st.sampled_from([20, 150, 600, 3000]).map(lambda deep: "{a:" * deep + "1" + "}" * deep),
    st.sampled_from([100, 5000]).map(lambda long: "[" + ",".join(map(str, range(long))) + "]"),
)
OPENED = st.sampled_from(
    [
        *("{_choice_:[1,2]}", "{_choice_:[]}", "{_choice_:3}", "{_choice_:{a:1,b:2}}"),
        *("{_int_:{low:1,high:3}}", "{_int_:{low:3,high:1}}", "{_int_:[1,3]}", "{_int_:{low:a}}"),
        *("{_float_:{low:0.1,high:1.0,log:true}}", "{_float_:{low:-1,high:1,log:true}}"),
        *("{_float_:{low:0,high:1,step:0}}", "{_repeat_:3}", "{_repeat_:-1,_block_:1}"),
        *("[{_repeat_:100000000,_block_:{_choice_:[1,2]}}]", "{_choice_:[1],_name_:''}"),
        *("{_target_:torch.nn.ReLU}", "{_target_:builtins.exit}", "{_target_:torch.load,f:a}"),
        *("{_target_:nope.Nope}", "{_target_:5}", "{_target_:[]}", "{_target_:builtins.print}"),
        *("{_args_:[1]}", "{_partial_:true}", "{a:{_target_:torch.nn.ReLU}}", "{_args_:3}"),
    ]
)
VALUES = SCALARS | OPENED
PREFIXES = st.sampled_from(["", "", "", "+", "++", "~"])
KEY = st.sampled_from(KEYS)
MEMBERS = st.sampled_from(["_partial_", "_convert_", "_recursive_", "_args_", "_target_", "nope"])


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


OVERRIDES = st.one_of(
    joined(PREFIXES, st.sampled_from(GROUPS), st.just("="), VALUES),
    joined(PREFIXES, KEY, st.just("="), VALUES),
    joined(PREFIXES, KEY, st.just("="), VALUES),
    joined(PREFIXES, KEY, st.just("."), MEMBERS, st.just("="), VALUES),
    joined(PREFIXES, st.sampled_from([*GROUPS, *KEYS])),
    joined(st.sampled_from(GROUPS), st.just("@"), KEY | st.just("_global_"), st.just("=none")),
    st.text(max_size=6),
)
FLAGS = st.sampled_from(
    [
        *("--resolve", "--cfg", "--cfg=job", "--cfg=nope", "--info", "--info=nope", "-m", "--nope"),
        *("--config-name=nope", "--config-dir=nope", "--config-path=nope", "--package=a.b", "-c"),
        *("--config-dir", "--experimental-rerun=nope", "--version", "--hydra-help", "--run", "--"),
    ]
)


def check(arguments: list[str], files: dict[str, bytes] | None = None) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "work"
        folder.mkdir()
        for name, content in (files or {}).items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
        ended = command("main", folder, arguments, PROCESSOR, PATIENCE)
        trained = [*folder.rglob("trials.csv"), *folder.rglob("journal.log")]
    judge(ended, bool(trained))


def judge(ended: Ended, trained: bool) -> None:
    if trained and ended.code not in {0, 1, 2}:
        return  # it asked for a long training, and got it
    assert ended.code in {0, 1, 2}, ended
    assert "Traceback" not in ended.printed, ended.printed[-4000:]
    if ended.code == 1:  # only what training meets: everything else is known before it
        assert trained, ended.printed
    if ended.code == 2:
        assert not trained, ended.printed
        assert ended.printed.count("error: ") >= 1, ended.printed
        assert len(ended.printed.splitlines()) <= LINES, ended.printed[:4000]
        assert len(ended.printed) <= CHARACTERS, ended.printed[:4000]


def fuzz(examples: int):
    quiet = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(max_examples=examples, suppress_health_check=quiet, derandomize=True)


@pytest.mark.long
@fuzz(250)
@given(st.lists(OVERRIDES, min_size=1, max_size=2))
def test_overrides(overrides):
    check([*SMALL, *SPACE, *(word.replace("\0", "") for word in overrides)])


@pytest.mark.long
@fuzz(50)
@given(FLAGS, st.lists(OVERRIDES, max_size=1), st.integers(0, 8))
def test_flags(flag, overrides, place):
    words = [*SMALL, *SPACE, *(word.replace("\0", "") for word in overrides)]
    check([*words[:place], flag, *words[place:]])


FILES = sorted(CONF.glob("[!h]*/*.yaml"))  # every group but Hydra's
SLIPS = st.sampled_from(
    [
        *(b"\t", b"\0", b"\xff\xfe", b"'", b'"', b"[", b"{", b"}", b"]", b":", b"- ", b"#", b"%"),
        *(
            b": :",
            b"*nope",
            b"&a ",
            b"!!python/object:os.system ",
            b"!nope ",
            b"\n---\n",
            b"\n...\n",
        ),
        *(
            b"<<: 3\n",
            b"<<: *a\n",
            b"? ",
            b"| ",
            b"> ",
            b"@",
            b"`",
            b"\n  ",
            b"${",
            b"???",
            b"null",
        ),
        *(b"_target_: os.getcwd\n", b"_target_: 3\n", b"defaults: [nope]\n", b"defaults: 3\n"),
        *(b"defaults: [{nope: nope}]\n", b"model: 3\n", b"_partial_: true\n", b"x: [" * 500),
        *(b"x: &x [1]\ny: &y [*x,*x,*x,*x,*x,*x,*x,*x,*x]\nz: [*y,*y,*y,*y,*y,*y,*y]\n",),
    ]
)


@pytest.mark.long
@fuzz(200)
@given(st.sampled_from(FILES), st.lists(st.tuples(st.floats(0, 1), SLIPS), min_size=1, max_size=2))
@example(FILES[0], [(0.0, b"defaults: [mine]\n")])
def test_files(file, slips):
    content = file.read_bytes()
    for share, slip in slips:
        lines = content.splitlines(keepends=True)
        line = int(share * len(lines))
        content = b"".join([*lines[:line], slip, *lines[line:]])
    group = file.parent.name
    mine = {f"mine/{group}/mine.yaml": content}
    check([*SMALL, *SPACE, "--config-dir", "mine", f"{group}=mine"], mine)


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A folder with a run, everything that a search leaves, and the model of its winner."""
    folder = tmp_path_factory.mktemp("finished")
    arguments = [*SMALL, *SPACE, "report=true", "budget.trials=4"]
    ended = command("main", folder, arguments, 10 * PROCESSOR, PATIENCE)
    assert ended.code == 0, ended
    ended = command("retrain", folder, READERS["retrain"], 10 * PROCESSOR, PATIENCE)
    assert ended.code == 0, ended
    return folder


READERS = {
    "main": [*SMALL, *SPACE, "report=true", "budget.trials=4"],
    "compare": ["run", "run"],
    "explain": ["run=run"],
    "retrain": ["run=run", "seeds=1", "random=false", "baseline=none", "folder=model"],
    "export": ["run=model", "format=state_dict"],
    "predict": ["model=model", "model"],
}
DAMAGES = st.one_of(
    st.just(lambda content: b""),
    st.just(lambda content: content[: len(content) // 2]),
    st.floats(0, 1).map(lambda share: lambda content: content[: int(share * len(content))]),
    st.tuples(st.floats(0, 0.999), st.integers(1, 255)).map(
        lambda flip: lambda content: flipped(content, int(flip[0] * len(content)), flip[1])
    ),
    st.sampled_from([b"null", b"[]", b"{}", b"3", b"\xff\xfe", b"\0" * 9, b"{{", b"[" * 5000]).map(
        lambda other: lambda content: other
    ),
)


def flipped(content: bytes, place: int, bits: int) -> bytes:
    return content[:place] + bytes([content[place] ^ bits]) + content[place + 1 :]


@pytest.mark.long
@fuzz(120)
@given(st.data())
def test_damaged_folders(finished, data):
    """A damaged file of a run is mended, or told in a few lines, by all that read it."""
    files = sorted(file.relative_to(finished) for file in finished.rglob("*") if file.is_file())
    file, damage = data.draw(st.sampled_from(files)), data.draw(DAMAGES)
    program = data.draw(st.sampled_from(sorted(READERS)))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "work"
        shutil.copytree(finished, folder)
        (folder / file).write_bytes(damage((finished / file).read_bytes()))
        ended = command(program, folder, READERS[program], 5 * PROCESSOR, PATIENCE)
    assert ended.code in {0, 1, 2}, ended
    assert "Traceback" not in ended.printed, ended.printed[-4000:]
    if ended.code == 2:
        assert len(ended.printed.splitlines()) <= LINES, ended.printed[:4000]
        assert len(ended.printed) <= CHARACTERS, ended.printed[:4000]


WORDS = st.one_of(
    joined(
        st.sampled_from(
            [
                *(
                    "run=",
                    "trial=",
                    "pareto=",
                    "seeds=",
                    "baseline=",
                    "random=",
                    "folder=",
                    "force=",
                ),
                *("model=", "format=", "top=", "resize=", "output=", "start=", "train=", "wandb="),
                *("count=", "objective=", "trust=", "--by=", "--", "--output=", "--target=", ""),
            ]
        ),
        SCALARS,
    ),
    OVERRIDES,
)


@pytest.mark.long
@fuzz(100)
@given(st.sampled_from(sorted({*READERS, "space"} - {"main"})), st.lists(WORDS, max_size=3))
def test_words_of_the_other_commands(program, words):
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "work"
        folder.mkdir()
        words = [word.replace("\0", "") for word in words]
        ended = command(program, folder, words, PROCESSOR, PATIENCE)
    assert ended.code in {0, 1, 2}, ended
    assert "Traceback" not in ended.printed, ended.printed[-4000:]
    if ended.code:
        assert len(ended.printed.splitlines()) <= LINES, ended.printed[:4000]
        assert len(ended.printed) <= CHARACTERS, ended.printed[:4000]
