"""Callbell, a shared inbox for WhatsApp and its kin: it holds contacts and takes outcomes; it places no calls."""

from .client import Callbell

__all__ = ["Callbell"]
