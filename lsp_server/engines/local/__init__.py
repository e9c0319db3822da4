"""A model on this machine, run by llama.cpp in a child process.

`engine.LocalEngine` lives in the server and speaks the engine protocol; `supervisor` starts,
watches and restarts the child, whose pipes and end are `process`'s; `worker` is the child: it reads
requests, and one thread of it owns the context (`scheduler` decides what that thread does next for
which `job`, `slots` where, `healing` how an answer starts in the middle of a word; `llama` wraps
the C interface).

Invariants: only the child loads native code, so a native crash, a hang or an out-of-memory kill
never ends the server. Only `llama.py` imports llama_cpp.
"""
