"""Programs of a user's, such as ``evaluator=command`` runs; none of them imports anything heavy."""

import sys
from pathlib import Path

from nas_hydra.evaluator.command import CommandEvaluator

PYTHON = sys.executable
PROGRAMS = {
    "valley.py": """
import json, sys
x = float(next(word[2:] for word in sys.argv if word.startswith("x=")))
print("begins")
print(json.dumps({"loss": 9}))
print(json.dumps({"loss": (x - 3) ** 2, "name": "valley"}))
print("[1, 2]")
""",
    "tells.py": """
import json, os, pathlib, sys
known = {name: value for name, value in os.environ.items() if name.startswith(("NAS_H", "CUDA"))}
told = {"words": sys.argv[1:], "cwd": os.getcwd(), "environment": known}
pathlib.Path(known["NAS_HYDRA_TRIAL_FOLDER"], "told.json").write_text(json.dumps(told))
print('{"loss": 1}')
""",
    "fails.py": """
import sys
print('{"loss": 1}')
print("reading the data")
print("Traceback", "  ^^^^", "ValueError: too wide", sep="\\n", file=sys.stderr)
sys.exit(3)
""",
    "writes.py": """
import sys
open(sys.argv[1], "w").write(sys.argv[2])
""",
    "begets.py": """
import os, subprocess, sys, time
NAMES = ("child", "orphan")
CODE = '''
import os, sys, time
if sys.argv[1] == "orphan":
    os.setsid()
open(sys.argv[1], "w").write("%d" % os.getpid())
time.sleep(60)
'''
for name in NAMES:
    subprocess.Popen([sys.executable, "-S", "-c", CODE, name])
while not all(os.path.exists(name) and os.path.getsize(name) for name in NAMES):
    time.sleep(0.01)
if sys.argv[1] == "stays":
    time.sleep(60)
print('{"loss": 1}')
""",
}


def write(folder: Path) -> None:
    """All of them."""
    for name, text in PROGRAMS.items():
        (folder / name).write_text(text)


def evaluator(command: str, cwd: str | None = None, **settings) -> CommandEvaluator:
    """An evaluator that runs one of them; Python begins without what its site adds."""
    words = f"{PYTHON} -S {command}"
    return CommandEvaluator(words, seed=0, cwd=cwd, **{"measure": ["loss"], **settings})
