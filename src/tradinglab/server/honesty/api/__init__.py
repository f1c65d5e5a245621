"""The REST resources of trials and hold-outs."""
