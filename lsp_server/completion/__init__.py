"""What to suggest at the cursor. In the order in which a request passes through:

`suggest`   takes a snapshot and a cursor, and puts the other three together
`window`    what the model is shown
`stop`      where its answer ends: a whole statement, never into what the suffix goes on with
`overlap`   what of it is kept beside brackets and words right of the cursor

That a suggestion parses, and that the names in it exist, is not checked yet.
"""
