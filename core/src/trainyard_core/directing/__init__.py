"""Directors: `contracts.director` says what they promise. `kinds` has the installed ones; `directors` keeps a task for
each parent, whose `cycle` takes the lease, reads the view, has it planned and writes the plan."""
