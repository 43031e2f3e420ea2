"""Flireo AI, generation A (its Dutch reference): calls now or later, contacts, webhooks; `Flireo` is its client."""

from .client import Flireo

__all__ = ["Flireo"]
