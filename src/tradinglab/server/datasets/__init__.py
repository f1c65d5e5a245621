"""What there is to trade and what bars there are of it: instruments, watch-lists, the catalogue of the data sources."""
