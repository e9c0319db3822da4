"""Chats of a client, whatever protocol it speaks.

room.py      the sessions of one folder: begun, resumed, run one turn at a time, ended
seats.py     the client, and the agents of open sessions
records.py   what is stored of them
telling.py   events as a client is shown them
review.py    what a turn changed
replay.py    what was said in a stored session, as events
shapes.py    sessions, modes and questions as JSON
messages.py  the methods of the Language Server Protocol's side
words.py     what the user may say besides messages: /undo, /trust, /mode
"""
