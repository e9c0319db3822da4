"""Tools of other programs, by the Model Context Protocol.

    config      which servers the user, or a folder that he trusts, names
    stdio       a server's process, which may hang, flood and die
    http        a server's answers, which may be endless
    connection  one server: its tools, and calls of them
    fleet       all servers of a workspace, started together and ended together

Only `connection` and what it needs import the package `mcp`, and they are imported only when there
is a server: it is an extra, and takes a second.
"""
