"""The house's figures of series that are uploaded, or of runs."""
