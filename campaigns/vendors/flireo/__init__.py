"""Flireo AI, generation A."""
