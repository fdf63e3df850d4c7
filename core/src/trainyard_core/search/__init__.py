"""From a query and a sort to SQL. Pure: trees in, statements out; `db.search` runs them.

Nothing that a person wrote is ever in the text of a statement: fields come from a list, values are arguments. The
project condition is joined to the query from outside, so no query reaches past it.
"""
