"""What a turn does where the model is too small to choose its own steps.

    request -> router: which workflow -> code decides the steps -> the model writes small things

A model of 1.5B parameters can't steer an open loop: it forgets the task, copies its input, makes
half an edit. So here it is only asked for an answer in two sentences, for one of a few names, or
for the source of one function, and what it writes is parsed, tested, and asked for again.

    router.py      a request's words -> a `Route`
    work.py        what a workflow has: the model, the files, commands; it tells what it does
    flows.py       the table of workflows
    size.py        which models are too small
    names.py       the names in a request, looked up in the index
    likely.py      definitions that a request may mean, where it names none
    carriers.py    who uses a definition, and under which name
    verify.py      the project's nearest tests, run and read
    rewrite.py     one function written anew by the model, tested; only a good try stays
    lean.py        a function as a small model is shown it
    gaps.py        a function with one line taken out
    mutants.py     a function with one small thing changed, without a model

The others are a workflow each.
"""
