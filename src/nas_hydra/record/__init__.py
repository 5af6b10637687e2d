"""The record: every finished trial, on disk the moment it is finished."""

from nas_hydra.record.base import Record

__all__ = ["Record"]
