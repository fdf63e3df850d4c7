"""Plans the child runs of parents, by the directors that plugins bring. `contracts.director` says what these promise.
`kinds` has the installed ones; `directors` keeps a task for each parent, whose `cycle` takes the lease, reads the view,
has it planned and writes the plan."""
