"""Stack traces: read, and folded to a sentence by which one is told from another. Pure."""

from netra_ops.logs.entries.stacks.folding import Folded, fold, sentence
from netra_ops.logs.entries.stacks.spread import Spread

__all__ = ["Folded", "Spread", "fold", "sentence"]
