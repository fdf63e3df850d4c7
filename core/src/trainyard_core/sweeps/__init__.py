"""Sweeps: runs that plan child runs, one for each trial of a search.

`director` looks at one sweep at a time and is the only one that plans; `directors` keeps one for each sweep of this
process. What they decide by is pure: `judging` (how a trial went), `rules` (what is ended before its time), `ending`
(how the sweep ends), `front` (the best). Optimizers propose; they never see a database, and nothing here knows an
algorithm.
"""
