"""Does the audit itself work? Simulated counties in which it is known what is wrong.

For each plant (a way in which records mislead, or none) one model learns from a county of its own. Then many counties
are audited that the model never saw, and what the audits said is held against the truth. Run it with
``python -m experiments.audit_power --help``.

Which truth: the interval of a gap is over students, given the model, the schools with the sizes of their lists, their
calendar and their feeds. So counties come in worlds. A world is one set of schools, attended by several times as many
simulated students as a county has; the students of its 50 counties are drawn from them, each student by itself, and
every county has lists of its own. The truth of a cell is its gap over the rows of all counties of the world: that of a
county as many times larger, with the same model and lists of the same length per school. What the interval cannot
cover is what the students of one county do not show: other schools, another calendar, another training of the model.
How far the same gap lies from one set of schools to the next is printed where several were run.

Plant (c) moves neither feature nor label as the library defines them (features count objective incidents only; no day
of suspension is added), which a test shows; it stays for an audit that also judges by another label.
"""
