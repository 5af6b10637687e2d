"""Reads what the W&B SDK wrote offline; W&B has no public reader of ``run-*.wandb``.

The file is LevelDB's log format behind a header of 7 bytes: blocks of 32 KiB, in them chunks of
crc (4 bytes), length (2), kind (1) and data; a record is one full chunk, or a first, any number of
middle and a last one. Every record is a protobuf message.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import wandb
from wandb.proto.wandb_internal_pb2 import Record

IDENT = b":W&B"
FILE_HEADER = 7
BLOCK = 32 * 1024
CHUNK_HEADER = struct.Struct("<IHB")
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


@dataclass
class WandbRun:
    """One ``run-*.wandb`` file."""

    id: str = ""
    name: str = ""
    group: str = ""
    job_type: str = ""
    project: str = ""
    tags: list[str] = field(default_factory=list)
    config: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    summary: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, set[str]] = field(default_factory=dict)
    """Type -> names of the files in it."""
    step_metrics: dict[str, str] = field(default_factory=dict)
    exit_code: int | None = None
    folder: Path = Path()

    @property
    def table(self) -> dict[str, Any]:
        """The table of all trials: ``columns`` and ``data``."""
        return json.loads((self.folder / "files" / self.summary["trials"]["path"]).read_text())


def read_runs(folder: Path) -> list[WandbRun]:
    """Every W&B run of a search's folder, the oldest first.

    W&B's service writes the last records after ``finish`` has returned, so it is stopped first.
    """
    wandb.teardown()
    files = sorted(folder.glob("wandb/*run-*/run-*.wandb"), key=lambda path: path.stat().st_mtime)
    return [read_run(file) for file in files]


def read_run(file: Path) -> WandbRun:
    run = WandbRun(folder=file.parent)
    for data in records(file.read_bytes()):
        record = Record.FromString(data)
        kind = record.WhichOneof("record_type")
        if kind in READERS:
            READERS[kind](run, getattr(record, kind))
    return run


def records(content: bytes) -> Iterator[bytes]:
    assert content.startswith(IDENT)
    parts: list[bytes] = []
    for kind, data in chunks(content):
        parts.append(data)
        if kind in (FULL, LAST):
            yield b"".join(parts)
            parts = []


def chunks(content: bytes) -> Iterator[tuple[int, bytes]]:
    at = FILE_HEADER
    while at + CHUNK_HEADER.size <= len(content):
        left = BLOCK - at % BLOCK
        if left < CHUNK_HEADER.size:  # too small for a header: padding
            at += left
            continue
        _, length, kind = CHUNK_HEADER.unpack_from(content, at)
        at += CHUNK_HEADER.size
        assert kind in (FULL, FIRST, MIDDLE, LAST)
        yield kind, content[at : at + length]
        at += length


def read_header(run: WandbRun, record: Any) -> None:
    run.id, run.name, run.project = record.run_id, record.display_name, record.project
    run.group, run.job_type, run.tags = record.run_group, record.job_type, list(record.tags)
    read_config(run, record.config)


def read_config(run: WandbRun, record: Any) -> None:
    run.config |= {item.key: json.loads(item.value_json) for item in record.update if item.key}


def read_history(run: WandbRun, record: Any) -> None:
    run.history.append({name_of(item): json.loads(item.value_json) for item in record.item})


def read_summary(run: WandbRun, record: Any) -> None:
    run.summary |= {name_of(item): json.loads(item.value_json) for item in record.update}


def read_artifact(run: WandbRun, record: Any) -> None:
    run.artifacts[record.type] = {entry.path for entry in record.manifest.contents}


def read_metric(run: WandbRun, record: Any) -> None:
    run.step_metrics[record.name or record.glob_name] = record.step_metric


def read_exit(run: WandbRun, record: Any) -> None:
    run.exit_code = record.exit_code


def name_of(item: Any) -> str:
    return item.key or ".".join(item.nested_key)


READERS = {
    "run": read_header,
    "config": read_config,
    "history": read_history,
    "summary": read_summary,
    "artifact": read_artifact,
    "metric": read_metric,
    "exit": read_exit,
}
