"""Calls of tools in a model's text: read them however it writes them, and ask for them.

`schema.py` has the types, `parser.py` the entrance. One file a form reads calls where they stand:
`objects.py` JSON, `python.py`, `xml.py`, `tags.py` what a tag announces, `react.py`, `fences.py`.
`extent.py` finds where brackets end, `repair.py` makes values of broken JSON, `settle.py`, with
`names.py` and `coerce.py`, fits what was written to a tool's schema.
"""
