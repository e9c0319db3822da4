"""How good a model is on a user's own code: cases cut from it, asked, scored.

`repository`  the files that cases may be cut from
`cases`       how cases are cut; `masks` takes some of a repository
`ask`         one case asked, as an editor would; `run` asks all, and `kept` keeps the answers
`scoring`     how good an answer is, and how sure a difference between two models is
`report`      figures of all answers

What Fimble does to keep its suggestions clean is not used to judge them, so that a mistake there
can't hide itself.
"""
