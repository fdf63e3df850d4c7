"""Gives the observers of plugins what the activity log holds, and keeps how far each has come. `contracts.observer`
says what they promise. `runner` follows the log for all observers of a worker, `session` gives one observer its events,
`backlog` decides which and when, `report` says how far they are."""
