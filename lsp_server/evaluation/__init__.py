"""How good a model is on a user's own code: cases cut from it, asked, scored.

`scoring`   how good an answer is, and how sure a difference between two models is

What Fimble does to keep its suggestions clean is not used to judge them, so that a mistake there
can't hide itself.
"""
