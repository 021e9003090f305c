"""Behaviour tests in the manner of CheckList (Ribeiro et al. 2020): what the guidelines say must hold, and does it?"""

from eval.behaviour.suite import run

__all__ = ["run"]
