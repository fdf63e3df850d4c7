"""Ask and tell: a program that runs the trials of a sweep by itself.

`opening` has `trainyard.sweep`; `search` asks and tells, `trial` tracks one trial as a run of its own, and `asker` says
which program runs which trials, so that those of one that died are not waited for. What is searched and what is
suggested is the server's affair. The API is spoken to by `trainyard.client`; trials are tracked by `trainyard.track`.
"""
