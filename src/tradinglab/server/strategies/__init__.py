"""Strategies and their immutable versions."""
