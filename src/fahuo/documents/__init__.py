"""Documents as pure rendering: labels (PDF, ZPL), pick lists, packing slips, and the lint of labels made elsewhere.

Facts in, bytes out: nothing here reads a database, a clock or the network.
"""
