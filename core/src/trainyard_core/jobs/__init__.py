"""Background jobs of core and of plugins: enqueued in the transaction that needs them, and done later by any worker.
`contracts.job` says what they promise. Rows in SQL are the truth; `queue` writes them, `runner` calls the functions,
`schedule` says when periodic ones are due."""
