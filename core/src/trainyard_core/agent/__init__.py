"""The agent: takes assigned runs, has its scheduler start them, and reports what it observes. It decides nothing and
remembers nothing that matters."""
