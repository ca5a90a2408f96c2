"""A bundle diagnosed: read, counted, looked at, weighed and answered."""

from collections.abc import Callable
from pathlib import Path

from netra.clock import isoformat_ns
from netra_ops.diagnosis.answering.answer import Diagnosis
from netra_ops.evidence.bundle import Bundle, read_bundle
