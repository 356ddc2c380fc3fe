"""Validation records: a query, and each expert's score on it. Readers for the published formats."""

from avengers_graph.records.reading import FORMATS, read_records
from avengers_graph.records.record import Record, check_names, check_records, expert_names
from avengers_graph.records.rows import SCORE_TYPES

__all__ = [
    "FORMATS",
    "SCORE_TYPES",
    "Record",
    "check_names",
    "check_records",
    "expert_names",
    "read_records",
]
