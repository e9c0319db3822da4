"""Which engine does what: for each role the engines that the user named, in his order.

`engine.RoleEngine` is what the rest of Fimble asks. `filling` and `chatting` go on with the next
engine where one fails, also in the middle of an answer; `order` knows which are down, and has them
tried again.

Invariants: an engine that is down costs no request anything as long as another one is up. What is
asked of several engines is asked as if all of them were remote if one is, so that nothing private
reaches that one when it stands in for another.
"""
