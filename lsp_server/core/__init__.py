"""Pure building blocks: text, syntax, tokens, fill-in-the-middle templates.

Invariant: nothing here waits, opens a socket or starts a process. The only files read are the
package's own prompt files (`prompts.py`).
"""
