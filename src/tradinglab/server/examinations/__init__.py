"""Examinations of finished backtests: what to doubt of one, and what other assumptions leave of it."""
