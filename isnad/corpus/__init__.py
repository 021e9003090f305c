"""Annotate a corpus of any size: from one file to a folder of shards, on many processes, through interruptions."""

SHARD_ROWS = 256  # unless told otherwise


class CorpusError(ValueError):
    """A corpus cannot be annotated; the message names the file or the option, and the remedy."""
