"""How fast a table of the fast path fills and changes: one view, real prefixes, beside librte_lpm's own rule management; and the
same for IPv6, beside rte_lpm6 and rte_fib6.

Times are nanoseconds of processor time an operation, and the same in steps of a walk through 64 MB just before and after
(yardsticks): these may be compared with another day's."""

import tables


def measure(figures, options, build):
    for program in (tables.FIB, tables.FIB6):
        tables.measure(program, figures, options, build)
