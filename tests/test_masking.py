"""A password is shown, written and sent nowhere; what holds none stays as it is."""

import json
import string
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from command import SMALL, nas_hydra
from nas_hydra.masking import MASK, masked, masked_text, masked_words
from nas_hydra.record.storage import storage

PASSWORD = "pa55-word!"
LETTERS = string.ascii_letters + string.digits + "-_.!$%~+/:=@&;*()"
PLAIN = st.text(LETTERS, min_size=4, max_size=20).filter(lambda text: set(text) != {"*"})


@given(PLAIN, st.text("abc:/@ ="))
def test_no_password_of_a_url_is_left(password, around):
    text = f"{around} postgresql+psycopg2://me:{password}@host:5432/db {around.replace('@', '')}"
    assert "postgresql+psycopg2://me:***@host:5432/db" in masked_text(text)
    assert masked_text(masked_text(text)) == masked_text(text)


@given(st.text(LETTERS + " '", min_size=1).filter(lambda text: text.strip("*") != ""))
def test_the_password_of_a_value_may_hold_anything(password):
    url = f"mysql://me:{password}@host/db"
    assert masked({"url": url}) == {"url": "mysql://me:***@host/db"}
    assert masked_words([f"a.b={url}"]) == ["a.b=mysql://me:***@host/db"]


def test_a_password_may_stand_in_the_query_of_a_url():
    assert masked_text("mysql://host/db?user=me&password=abc&a=1") == (
        "mysql://host/db?user=me&password=***&a=1"
    )


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://me@host/db",
        "postgresql://host:5432/db",
        "postgresql://me:${oc.env:PASSWORD}@host/db",
        "postgresql://${oc.env:USER}:${oc.env:PASSWORD}@host/db",
        "${oc.env:DATABASE_URL}",
        "a: b@c",
        "sqlite:///all.db",
    ],
)
def test_what_holds_no_password_stays(text):
    assert masked({"url": text}) == {"url": text}
    assert masked_words([f"record.storage.url={text}"]) == [f"record.storage.url={text}"]


def test_names_are_secret_by_whole_words():
    secret = ("password", "db_password", "wandb_token", "api_key", "apiKey", "API_KEY", "secret")
    for name in secret:
        assert masked({name: "abc"}) == {name: MASK}
        assert masked_words([f"+tracker.{name}=abc"]) == [f"+tracker.{name}={MASK}"]
        assert masked({"deep": [{name: ["abc"]}]}) == {"deep": [{name: [MASK]}]}
    assert masked({"password": 12345}) == {"password": MASK}
    kept = {"monkey": "abc", "keys": "a", "key_dim": 64, "token": 4, "api_key": None, "secret": ""}
    kept |= {"token_rate": 0.1, "keyboard": "a", "api_key_file": "${oc.env:FILE}", "key": True}
    assert masked(kept) == kept
    words = ["seed=3", "+x={key: {_choice_: [1, 2]}}", "~dataset.key", "optimizer.monkey=a"]
    assert masked_words(words) == words
    assert masked_words(["a={b: {token: abc, c: 1}}"]) == ["a={b: {token: ***, c: 1}}"]


@pytest.mark.long
@pytest.mark.parametrize("from_environment", [False, True])
def test_a_search_tells_its_password_nowhere(from_environment, monkeypatch, capfd):
    opened = storage("sqlite:///real.db")
    url = f"postgresql://me:{PASSWORD}@host/db"
    monkeypatch.setattr("nas_hydra.record.storage.get_storage", lambda _: opened)
    monkeypatch.setattr("nas_hydra.record.storage.RDBStorage", lambda *_, **__: None)
    monkeypatch.setenv("MY_URL", url)
    given = "${oc.env:MY_URL}" if from_environment else url
    words = (*SMALL, "report=true", "record=storage", f"record.storage.url={given}", "dataset=fake")
    words = (*words, "tracker=wandb", "tracker.mode=offline", "hydra.run.dir=run")
    quoted = [word.replace(given, f"'{given}'") for word in words]
    assert nas_hydra(monkeypatch, *quoted) == 0
    printed = "".join(capfd.readouterr())
    assert PASSWORD not in printed
    for file in Path("run").rglob("*"):
        assert not file.is_file() or PASSWORD.encode() not in file.read_bytes(), file
    written = yaml.safe_load(Path("run/.hydra/config.yaml").read_text())["record"]["storage"]["url"]
    assert written == (given if from_environment else f"postgresql://me:{MASK}@host/db")
    assert "host/db" in Path("run/report.html").read_text() or from_environment
    assert nas_hydra(monkeypatch, *quoted) == 0  # it goes on, and is finished
    assert "is finished already" in capfd.readouterr().err
    assert json.loads(Path("run/summary.json").read_text())
