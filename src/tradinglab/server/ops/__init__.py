"""What operators look at: health, request ids."""
