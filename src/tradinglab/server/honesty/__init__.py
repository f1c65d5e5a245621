"""What was tried on a strategy, and which days nothing may be tried on."""
