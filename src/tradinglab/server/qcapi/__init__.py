"""Our server that speaks QuantConnect's REST API v2, for its own command line, its MCP server, and scripts.

It is a skin over the services: a project is a strategy, a backtest is a run. What clients rely on beside the paths:
bodies in four forms (:mod:`.bodies`), errors that are answered with HTTP 200 (:mod:`.answers`), and requests that are
signed with a token that is never sent (:mod:`.signing`). Each module of :mod:`.resources` declares its endpoints.
"""
