"""The user's files, as far as the agent may touch them.

names.py      what a path must not be, told from its text
paths.py      a workspace: folders opened so that no link leads out of it
protected.py  names that are written only with approval each time
read.py       what may be shown to a model
state.py      a file as it is, link or not
write.py      a file put in the place of another, whole or not at all
journal.py    what was changed, and how it was before
undo.py       back to how it was, without losing what the user wrote since
snapshot.py   all files around a command
"""
