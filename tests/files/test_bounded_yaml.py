from pathlib import Path

import hypothesis.strategies as st
import pytest
import yaml
from hypothesis import given

from comparison.folders import run
from models import retrained, winner
from nas_hydra.cli.compare import run as compare
from nas_hydra.cli.predict import run as predict
from nas_hydra.files.small_file import read_yaml

ENDLESS = "a0: &a0 [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"a{place}: &a{place} [{','.join([f'*a{place - 1}'] * 9)}]\n" for place in range(1, 12)
)
"""Three hundred billion numbers, in a thousand characters."""
DEEP = "a0: &a0 [1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(
        st.characters(codec="utf-8", min_codepoint=32, exclude_characters="\x85"), max_size=3
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
)


@given(values)  # of YAML, U+0085 ends a line, and is read as a space
def test_what_is_written_is_read(tmp_path_factory, value):
    file = tmp_path_factory.getbasetemp() / "values.yaml"
    file.write_text(yaml.safe_dump(value, allow_unicode=True), encoding="utf-8")
    assert read_yaml(file) == value


@pytest.mark.parametrize("text", [ENDLESS, DEEP, "a: &a [*a]\n", "[" * 300 + "]" * 300])
def test_a_run_that_would_grow_without_end_is_one_message(text, capsys):
    run("one", [0.1])
    config = Path("one/.hydra/config.yaml")
    config.write_text(text + (config.read_text() if text[0] == "a" else ""))
    assert compare(["nas-hydra-compare", "one"]) == 2
    (message,) = capsys.readouterr().err.splitlines()
    assert message.startswith("error: ")
    assert "config.yaml cannot be read: " in message


def test_so_is_a_model(capsys):
    retrained(Path("model"), winner("mlp"))
    config = Path("model/best.yaml")
    config.write_text(ENDLESS + config.read_text())
    assert predict(["nas-hydra-predict", "model=model", "x.png"]) == 2
    assert "more than 50,000 values" in capsys.readouterr().err
