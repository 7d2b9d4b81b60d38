"""Does it work on real students? The Open University Learning Analytics Dataset, week by week.

Kuzilek, Hlosta, Zdrahal (2017), Open University Learning Analytics dataset, Scientific Data 4:170171.

For weeks 2, 4, 6, 8 and 12 of one presentation: who of those still registered will not pass? Documents and black boxes
learn from the presentations before, on the panel's features and those of the study; plain models learn from features
made by hand from the same files. The logistic document also learns from the training students as they were a few days
before and after. "chosen" is the document learner that did best inside the training presentations, settled before the
test is looked at. Run it with ``python -m experiments.oulad --help``; tables are in ``results``.
"""
