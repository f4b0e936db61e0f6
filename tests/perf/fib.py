"""How fast a table of the fast path fills and changes: one view, real prefixes, beside librte_lpm's own rule management.

Times are nanoseconds of processor time an operation, and the same in steps of a walk through 64 MB just before and after
(yardsticks): these may be compared with another day's."""

import functools

import tables

measure = functools.partial(tables.measure, tables.FIB)
