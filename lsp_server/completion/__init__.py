"""What to suggest at the cursor. In the order in which a request passes through:

`suggest`     takes a snapshot and a cursor, and puts the others together
`session`     the places where somebody types, with the texts known for each (`generation`)
`anchor`      what is frozen around such a place; `freeze` makes new ones, of what `window` chooses
`context`     what other files tell of the names used there (`uses`, `project`)
`rhythm`      how long to wait before the model is asked
`stop`        where its answer ends: a whole statement, never into what the suffix goes on with
`filters`     what of it is no code, or stands there already; `overlap` fits it to the line
`verify`      that it parses, and that what it names exists (`workspace.faults`)
`writer`      asks for it, and again where something in it doesn't exist
`price`       whether it is worth showing
`spare`       what is computed until the next key
`feedback`    what became of it (`suggested`), and of what was accepted (`kept`)
`stats`       how quick all this was (`tally` adds up, `history` keeps); `outcomes` of suggestions
"""
