"""Does the audit itself work? Simulated counties in which it is known what is wrong.

For each plant (a way in which records mislead, or none) one model learns from a county of its own. Then many counties
are audited that the model never saw, and what the audits said is held against the truth. Run it with
``python -m experiments.audit_power --help``.

Where risk is said to be equal, it is so for every group that is audited. Schools add nothing to absence of their own,
districts share one calendar and one wave of illness, every school sends each day on that day, and what a grade adds
is taken back on average, so that grade bands are alike. Schools still differ in size and in whom they serve.

Which truth: the interval of a gap is over students, given the model, the schools with the sizes of their lists, their
calendar and their feeds. So counties come in worlds. A world is one set of schools, attended by several times as many
simulated students as a county has; the students of its 100 counties are drawn from them, each student by itself, and
every county has lists of its own. The truth of a cell is its gap over the rows of all counties of the world: that of a
county as many times larger, with the same model and lists of the same share of each school. What the interval cannot
cover is what the students of one county do not show: other schools, another calendar, another training of the model.
How far the same gap lies from one set of schools to the next is printed where several were run.

Plant (c) moves no label that the library makes by itself: features count objective incidents only, and no day of
suspension is added, which a test shows. So there the outcome is one that a county would record itself, three incidents
in a year, and the same lists are judged by objective incidents too. Three in a year are rare: besides counties of the
usual size it has counties five times as large.

``python -m experiments.audit_power.scatter --help`` asks why intervals of whole schools are wider than they need be.
"""
