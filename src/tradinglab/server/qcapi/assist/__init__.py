"""Help for authors that needs no model: from our own API surface, from tables, and from strategies of ours."""
