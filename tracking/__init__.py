"""Tell Weights & Biases about a run, whatever becomes of Weights & Biases.

Imports nothing of ours, so that training and evaluation, which may not import each other, share it.
"""

from tracking.config import Tracking, TrackingError
from tracking.run import Tracker, track

__all__ = ["Tracker", "Tracking", "TrackingError", "track"]
