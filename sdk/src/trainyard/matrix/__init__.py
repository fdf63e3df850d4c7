"""What a sweep is once nothing is left to decide: its space, what it is judged by, and when it is stopped.

Plain structs without behaviour that matters, shared by the language (which makes them), the server (which keeps them)
and optimizers (which search them). The language's own words for them are in `trainyard.spec.matrix`.
"""
