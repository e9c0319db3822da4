"""What a language server knows of a folder, for the user's other processes there.

An editor that speaks both protocols has two processes of ours: the language server, which follows
its documents, and `fimble acp`, which doesn't see them. The second asks the first.

address.py   where the servers of a folder are found
host.py      the server's side
guest.py     the other side: documents of whoever has them open

One request on one connection to a local socket: a line of JSON there, and one back.
"""
