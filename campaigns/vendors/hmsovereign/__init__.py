"""HMS Sovereign, which is Flireo's generation B and VoiceDock."""

from .client import HMSovereign

__all__ = ["HMSovereign"]
