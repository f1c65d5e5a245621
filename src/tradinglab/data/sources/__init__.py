"""Bars from elsewhere: sources that are asked over the network, all by one protocol."""
