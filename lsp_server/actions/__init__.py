"""What may be done at a place in the code: the lightbulb. In the order in which a request passes:

`action`    what is asked and what is offered: requests, actions, edits
`offer`     which actions belong to a place; each provider in its table offers those of one sort
`repairs`   the provider of fixes that need no model
`troubles`  what is wrong, as the client's diagnostics tell it; `checks` finds the same by itself
`fixes/`    how each sort of trouble is mended
`verify`    whether a text is sound with an edit in it
`mend`      the provider of fixes that a model writes, `finish` that of bodies: `pieces` are what it
            is given, `tries` asks it, `rewritten` makes edits of its answers, `judge` says whether
            they are good
`rewrite`   changes code as the user says, `simplify` what could be shorter, judged alike
`explain`   offers explanations, and streams them
`error`     explains what was printed, a traceback or a compiler's errors
`tested`    offers to write a test and to make tests pass, which the agent does
`document`  offers comments for functions that have none; `comments` are how they look
`annotate`  offers types for functions that lack them: `signatures` reads which there are,
            `annotations` says which of a model's may be put in, `returned` which a body contradicts
`own`       offers what the user's own files describe, which `own_files` reads
`asking`    the model, and whether a file may be shown to it
`whole`     looks through a file for what is wrong, where no other tool tells
`resolve`   does what an action describes, once it is chosen
`lightbulb` remembers what was offered, until one of it is chosen

Offsets are bytes of an immutable snapshot; nothing here knows the editor's protocol.
"""
