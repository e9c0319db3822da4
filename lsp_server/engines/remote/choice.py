"""How an endpoint is asked for another answer than the greedy one."""

CHOICE_TEMPERATURE = 0.8
"""With it and the choice as the seed an answer is sampled: of what endpoints have in common, the
nearest to the n-th next likely first token. Whether it is the same each time is up to them.
"""
