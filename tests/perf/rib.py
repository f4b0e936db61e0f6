"""How fast the RIB takes a full table, decides and tells: one thread, real prefixes, made-up attributes, and what it weighs.

Times are nanoseconds of processor time an operation, and the same in steps of a walk through 64 MB just before and after
(yardsticks): these may be compared with another day's."""

import functools

import tables

measure = functools.partial(tables.measure, tables.RIB)
