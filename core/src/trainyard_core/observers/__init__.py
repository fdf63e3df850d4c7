"""Observers of the activity log: `contracts.observer` says what they promise. `runner` follows the log for all
observers of a worker, `session` gives one observer its events, `backlog` decides which and when, `retention` shortens
the log behind them, `report` says how far they are."""
