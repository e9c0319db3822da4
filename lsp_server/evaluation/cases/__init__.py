"""Cutting cases from code: a text with a hole in it, and what the hole is known to have held.

`case`       what a case is
`cut`        holes, and what makes one worth asking for
`infile`     rests of lines, bodies of blocks and arguments: they need nothing but their own file
`crossfile`  uses of what another file defines
`package`    files as they see each other; `entities` has the terms, `python`, `script` and `plain`
             what differs between languages
`choice`     which of all cases are taken

Definitions are looked for here and not in Fimble's own index, which is judged by these cases too.
"""
