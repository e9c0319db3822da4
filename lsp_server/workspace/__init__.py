"""What Fimble knows about a folder of code: an index of its definitions, names and passages.

`ignore`    which files belong to it; `secrets` finds those that hold credentials
`private`   which of them go to no other machine; `masking` puts placeholders in the place of
            credentials, also of those that are only `guesses`
`walk`      goes through the folder
`extract`   turns a file into an entry; `passages` cuts it up, `words` splits identifiers
`schema`    the database file: opened, checked, and begun anew when it is of no use
`index`     takes entries and answers questions: `queries` has the statements, `modules` says
            where an import may lead
`worker`    the process that builds and updates the index
`indexer`   starts that process and talks to it
`resolve`   follows names from file to file; `expressions` says what expressions are, `faults` which
            names, attributes and arguments do not exist

Paths are relative to the workspace's root, with `/`, everywhere but in `walk` and `extract`.
Whatever goes wrong with the database, nobody sees more of it than an index with less in it: all
that it holds can be read from the files again.
"""
