"""A command line: what it would run, whether it may, and running it where it can do no harm.

parse(line)      words and segments, or why the line is not plain
judge(line, …)   allow, ask or deny
find_sandbox()   bubblewrap, if it works here
run(line, …)     output as it comes, limits, and no process left behind
"""
