"""Many files → many results: found, read and checked in worker processes, kept on disk."""

from xlsx_tools.batch.result import Batch, FileResult, Ignored, Reconciliation, Stranger, Unit

__all__ = ["Batch", "FileResult", "Ignored", "Reconciliation", "Stranger", "Unit"]
