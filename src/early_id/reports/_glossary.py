"""The words of an audit in plain words, in the order a reader meets them."""

from __future__ import annotations

from typing import NamedTuple


class Entry(NamedTuple):
    """One word: the anchor a page links to, the word and its other names, and what it means."""

    anchor: str
    word: str
    meaning: str


GLOSSARY = (
    Entry(
        "as-of",
        "Date, week (as-of date)",
        "The day a list is drawn for. Only what had reached the system by then was used.",
    ),
    Entry(
        "listed",
        "Listed, on the list",
        "Among the first students of a school in the order of the score, as many as the school’s team can reach. "
        "That number is the list size, or capacity.",
    ),
    Entry(
        "outcome",
        "Turned out to need outreach",
        "The outcome the model looks ahead to is on record later. It is what was recorded, not all that happened.",
    ),
    Entry(
        "onset",
        "Event still ahead (onset)",
        "On that date the outcome had not happened yet. Only such weeks are counted, because afterwards nobody can be "
        "reached in time.",
    ),
    Entry(
        "recall",
        "Weeks on the list (recall at the list)",
        "Of the weeks in which a student who turned out to need outreach still had the event ahead, the share in which "
        "the list held that student. High is good: the rest was missed.",
    ),
    Entry(
        "reached",
        "Children reached",
        "Of the students who turned out to need outreach, the share listed at least once 8 school weeks or more before "
        "the event. Each child counts once.",
    ),
    Entry(
        "lead",
        "The middle child (median lead time)",
        "Half of the students who turned out to need outreach were first listed at least this many full school weeks "
        "before the event, where a student who was never listed counts as 0.",
    ),
    Entry(
        "precision",
        "Of weeks listed, needed it (precision)",
        "Of the weeks a list held a student, the share of students who turned out to need outreach.",
    ),
    Entry(
        "omission",
        "Of weeks not listed, needed it (false omission rate)",
        "The same for the weeks a student was not on the list: who was left out.",
    ),
    Entry(
        "need",
        "Weeks of students who needed outreach (base rate)",
        "How common the outcome is in a group. Lists of one size cannot hold everybody where it is common.",
    ),
    Entry(
        "others",
        "All others",
        "All students outside the group. The difference is the group’s share minus theirs, in percentage points.",
    ),
    Entry(
        "interval",
        "Interval (95 %)",
        "How far chance among students could move a number: about 95 of 100 such intervals hold the true value. Wide "
        "means few students.",
    ),
    Entry(
        "simultaneous",
        "Interval for all groups together (simultaneous)",
        "With many groups some differ by chance. These intervals are wider, so that all of them hold at once with 95 % "
        "confidence. Verdicts rest on them.",
    ),
    Entry(
        "tolerance",
        "Tolerance",
        "A difference that is accepted as too small to matter. It was set before the audit.",
    ),
    Entry("gap", "Gap", "The group is behind, by more than the tolerance, and chance does not explain it."),
    Entry(
        "cannot-tell",
        "Cannot tell",
        "Too few students to say that there is a gap, or that there is none. It does not mean that all is well.",
    ),
    Entry(
        "masked",
        "Masked, suppressed",
        "Not printed, because a few students, or one, could be recognised from it or from a difference. A gap may hide "
        "there.",
    ),
    Entry(
        "hindsight",
        "With hindsight (ceiling)",
        "What lists of the same size would have held had everybody’s outcome been known. No model can do better.",
    ),
    Entry(
        "not-scored",
        "Not scored",
        "Too little is on record for a score, so that the student can never be on a list.",
    ),
    Entry(
        "auroc",
        "Order (AUROC)",
        "Of two students on one date, one of whom turned out to need outreach, how often the score put that one first. "
        "0.5 is a coin, 1 is perfect.",
    ),
    Entry(
        "auroc-within",
        "Order within a school (AUROC within school)",
        "The same for two students of one school. It shows whether students are told apart, and not only schools.",
    ),
    Entry(
        "ratio",
        "Observed over expected",
        "How often the outcome came for each time the model expected it. 1 is right; above 1 it expects too little.",
    ),
    Entry(
        "slope",
        "Slope",
        "Whether high and low probabilities are as far apart as they should be. 1 is right; below 1 they are too far "
        "apart.",
    ),
    Entry(
        "bar",
        "Bar",
        "What the model itself has to clear before anybody is asked to use it, whatever the group.",
    ),
    Entry(
        "exception",
        "Exception, acknowledgement",
        "What a reviewer writes, with a name and a reason, to allow lists in spite of a gap, or without knowing "
        "whether there is one. An exception ends on a day.",
    ),
)
