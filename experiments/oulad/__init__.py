"""Does it work on real students? The Open University Learning Analytics Dataset, week by week.

Kuzilek, Hlosta, Zdrahal (2017), Open University Learning Analytics dataset, Scientific Data 4:170171.

For weeks 2, 4, 6, 8 and 12 of one presentation: who of those still registered will not pass? Three contestants learn
from the presentations before, on the same features. Run it with ``python -m experiments.oulad --help``.
"""
