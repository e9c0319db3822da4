"""A model on this machine, run by llama.cpp in a child process.

`engine.LocalEngine` lives in the server and speaks the engine protocol; `supervisor` starts,
watches and restarts the child, of which `life` is what is known, and whose pipes and end are
`process`'s; `worker` is the child. There, `prompter` makes a `job` of a request (`healing` has it
start in the middle of a word), and one thread works on the jobs: `scheduler` decides on which,
`slots` where, `drafts` how many tokens to guess, `pace` with how many threads. `calibration` finds
the `speed` to start with, `states` outlive the worker. For a chat, `chatting` makes the job, by the
model's `chat_template`, and `sampling` may pick its tokens. Completion and chat have a `lane` each.
`llama`, `context` and `grammar` wrap the C interface.

Invariants: only the child loads native code, so a native crash, a hang or an out-of-memory kill
never ends the server. Only those three import llama_cpp.
"""
