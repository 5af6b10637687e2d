"""A result as a notebook shows it."""

from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

import nas_hydra

EVIL = "<script>alert(1)</script>&\"'"
SPACE = """
model:
  _target_: torch.nn.Linear
  in_features: {_choice_: [1, 2, 3, 4, 5], _name_: "w<b>idth"}
  out_features: 10
"""


@pytest.fixture
def study(tmp_path):
    (tmp_path / "mine/search_space").mkdir(parents=True)
    (tmp_path / "mine/search_space/tiny.yaml").write_text(SPACE)
    words = ["search_space=tiny", "strategy=random", "budget.trials=4", "tracker=none"]
    words += [f"hydra.run.dir={tmp_path}/run", "report=false", "name='<i>mine</i>'"]
    with nas_hydra.Study.from_config(words, config_dir=tmp_path / "mine") as begun:
        yield begun


def elements(html: str, kind: str) -> list[ElementTree.Element]:
    """Those of one kind; the HTML is well formed, or this fails."""
    return [one for one in ElementTree.fromstring(html).iter() if one.tag.endswith(kind)]


def test_it_shows_the_winner_its_decisions_the_way_and_the_files(study):
    for value in (0.1, 0.3, None, 0.2):
        proposal = study.ask()
        if value is None:
            study.tell(proposal, error=EVIL)
        else:
            study.tell(proposal, {"val_acc": value})
    html = study.result._repr_html_()
    HTMLParser().feed(html)
    assert study._repr_html_() == html
    assert "3 of 4 trials complete" in html
    assert "winner: trial 1, val_acc 0.3" in html
    assert "w&lt;b&gt;idth" in html
    assert "<i>mine" not in html
    assert "<script" not in html
    assert len(elements(html, "circle")) == 3
    (way,) = elements(html, "polyline")
    heights = [float(point.partition(",")[2]) for point in way.get("points").split()]
    assert heights == sorted(heights, reverse=True)  # SVG counts downwards
    assert len({*heights}) == 2
    assert "<code>trials.csv</code>" in html


def test_before_the_first_trial_there_is_little_to_show(study):
    html = study._repr_html_()
    assert "0 of 0 trials complete" in html
    assert "winner" not in html
