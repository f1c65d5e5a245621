"""Downloads, updates and imports of bars as durable jobs, and the schedules by which they begin."""
