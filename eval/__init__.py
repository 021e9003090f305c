"""The evaluation suite: runs on an exported artifact, through the same code as users call."""
