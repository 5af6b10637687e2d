"""The record: every finished trial, on disk the moment it is finished."""

from nas_hydra.record.study import StudyRecord

__all__ = ["StudyRecord"]
