"""The life of a long job: queue, lease, events, artefacts, outcome."""
