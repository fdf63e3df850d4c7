"""Background jobs: `contracts.job` says what they promise. Rows in SQL are the truth; `queue` writes them, `runner`
calls the functions, `schedule` says when periodic ones are due."""
