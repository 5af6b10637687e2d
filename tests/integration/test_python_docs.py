"""What docs/python.md shows runs as it stands there, but for the size of the search."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

TEXT = (Path(__file__).parents[2] / "docs/python.md").read_text()
SMALL = '"budget.trials=2", "dataset.limit=100", "trainer.max_epochs=1", "engine.workers=1"'
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


@pytest.mark.long
@pytest.mark.parametrize("place", range(len(BLOCKS)))
def test_a_program_of_the_documentation_runs(place):
    program = BLOCKS[place].replace('"budget.trials=20"', f'{SMALL}, "tracker=none"')
    assert program != BLOCKS[place]
    Path("program.py").write_text(program)
    ran = subprocess.run([sys.executable, "program.py"], text=True, capture_output=True)
    assert ran.returncode == 0, ran.stderr
    assert "val_acc" in ran.stdout
