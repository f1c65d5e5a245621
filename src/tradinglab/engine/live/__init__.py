"""The same loop on a paced timeline: a strategy that trades on paper while time goes by."""
