"""From what a model says is to be changed to the new text of a file.

    ladder.py   a passage is found and replaced, however it was quoted
    blocks.py   the search/replace blocks in a model's answer
    symbols.py  edits by name: a definition, an import, a renamed variable
    check.py    which errors an edit adds

Nothing here reads or writes a file.
"""
