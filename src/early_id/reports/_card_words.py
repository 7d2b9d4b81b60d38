"""What a model card says in the same words for every model: whom it is about, what it is for, what it is not for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: Whom the card is about, and who uses the model.
PEOPLE = (
    (
        "Whom it is about",
        "Students enrolled in the schools whose records were read, while they are enrolled. No group (race or "
        "ethnicity, gender, language, disability, income, foster or homeless status) is an input of the score.",
    ),
    (
        "Who reads its lists",
        "The outreach team of a student’s own school, such as clinicians, family navigators, peer specialists and "
        "behavioral health coaches. They see the students of their school, the reasons in dated facts, and a strength.",
    ),
    (
        "Who decides",
        "Adults who know the student. A place on a list is a reason to ask how somebody is; the team may leave it at "
        "that, and writes down why.",
    ),
    (
        "Who answers for it",
        "The person named in the sign-off, until the date there. Families and students may ask which facts put a name "
        "on a list, and have a wrong record corrected at the school.",
    ),
)
FOR = (
    "Choosing, within the capacity of a school’s team, which students a caring adult reaches out to first.",
    "Starting a conversation from dated facts that staff and family can check.",
)
NOT_FOR = (
    "Discipline, suspension, expulsion, or any search or supervision of a student.",
    "Grading, placement, tracking, promotion to the next grade, or referral to special education.",
    "Access to a programme, course, activity or service: nobody is kept out, or put last, because of a score.",
    "Immigration, police, probation, courts, child welfare investigations, insurance, or employers.",
    "Judging teachers, schools or families.",
    "A diagnosis, or a statement about what a student is like: the sum of points speaks of records.",
    "Students, schools, outcomes or list sizes other than those named here.",
    "Lists without a signed audit, or after its end date.",
)
LIMITS = (
    "It knows only what is recorded, and when it is recorded. Late or missing records make it late or silent; students "
    "without enough data are listed as “not scored”, never as fine.",
    "It sees at most attendance, marks, incidents and moves between schools. It sees nothing of health, home, "
    "friendships or what a student would say; a quiet student in need may leave no trace in these records.",
    "The outcome is what schools wrote down. Where it is recorded less often than it happens, or unevenly between "
    "groups, the model learns that, and neither this card nor the audit can see it in the same records.",
    "Early in a school year little of it is on record yet, and a list can rest on little but the year before.",
    "Weeks after an outreach on record are in the data. Where outreach helped, the record says that the facts before "
    "it did no harm; results without such weeks stand beside the others where they may be printed.",
    "A fact that raises the points is not a cause, and changing it does not by itself change the outcome.",
    "Of the ways of learning whose points never move against the declared direction, the one kept is the one whose "
    "lists held most of the weeks with the event still ahead, on the very test data reported here and audited. Its "
    "results, and only its own, are therefore a little too good; the next year will tell.",
    "Intervals say how far chance among students could move a number, for this model and these lists as drawn. Another "
    "training, another year, other policies or calendars would move it further, and no interval here says how far.",
    "It was tested on later dates in the same schools. What it is worth anywhere else is unknown.",
)
#: What has to be said besides of one outcome.
OF_LABEL: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "suspension": (
            "Suspension is a decision of adults. Looking ahead to it can repeat past decisions; read the share of "
            "subjective offenses beside it.",
        ),
        "chronic_absence": (
            "Absences count the same whatever their reason; who is excused is decided by adults, and not everywhere "
            "alike.",
        ),
        "course_failure": (
            "A failing mark is given by adults, by rules that differ between teachers and schools.",
        ),
    }
)
#: Where the records came from, in words.
SOURCES: Mapping[str, str] = MappingProxyType(
    {
        "folder": "tables of the district, one file each",
        "calpads": "CALPADS files",
        "edfi": "an Ed-Fi export",
        "oneroster": "a OneRoster bundle",
        "oulad": "OULAD, open data of a university’s online courses",
    }
)
#: Which weeks a figure is about.
WEEKS: Mapping[str, str] = MappingProxyType(
    {
        "all": "All weeks",
        "onset": "Event still ahead",
        "early onset": "Event ahead, school days 20 to 100, absent less than 10 % so far",
        "onset, untreated": "Event ahead, no outreach on record",
        "onset, unseen": "Event ahead, students the model had learned nothing from",
    }
)
