"""How one model is best asked, found out by asking it: about 30 small tasks, some in several ways.

`tasks.py` has the tasks (`prompts/agent/probe.toml`), `verdict.py` says which calls are right,
`trial.py` asks one task, `race.py` finds the best way to call tools, `skills.py` measures the rest;
`measure.py` is the entrance, its `scorecard.py` what comes of it, which `remembered.py` keeps.
"""
