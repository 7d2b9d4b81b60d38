"""Incidents and what followed them, from Ed-Fi."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from early_id.district._sources._reading import Reading

_BEHAVIORS, _ACTIONS = "studentDisciplineIncidentBehaviorAssociations", "disciplineActions"
# One row a student and incident, however many behaviors were written up: it is objective if one of them is, subjective
# if all are, and else nobody says.
_INVOLVED = f"""
    CREATE TABLE involved AS
    WITH told AS (
        SELECT part.*, happened.day, means('Behavior', behavior) AS basis, row_number() OVER (
            PARTITION BY part.student, part.school, part.incident ORDER BY part._file, part._line
        ) AS place
        FROM {_BEHAVIORS} AS part JOIN disciplineIncidents AS happened USING (incident, school)
    )
    FROM told SELECT *,
        string_agg(code(behavior), '; ' ORDER BY code(behavior)) OVER same AS behaviors,
        CASE WHEN bool_or(basis = 'objective') OVER same THEN 'objective'
            WHEN bool_and(coalesce(basis = 'subjective', false)) OVER same THEN 'subjective' END AS basis_of_all
    WINDOW same AS (PARTITION BY student, school, incident)
"""
_TAKEN = f"""
    CREATE TABLE action_taken AS
    WITH named AS (
        SELECT *, list_transform(entries(disciplines), one -> means('Discipline', one->>'disciplineDescriptor'))
            AS words,
            entries(incidents)[1] AS link
        FROM {_ACTIONS}
    )
    SELECT action, day, student, school, _file, _line, list_contains(words, 'expelled') AS expelled,
        list_contains(words, 'suspension_out') AS suspended,
        ceil(TRY_CAST(coalesce(actual_length, length) AS DOUBLE)) AS days,
        link->>'$.studentDisciplineIncidentBehaviorAssociationReference.incidentIdentifier' AS incident,
        link->>'$.studentDisciplineIncidentBehaviorAssociationReference.schoolId' AS incident_school
    FROM named
"""
# Two suspensions of one day for one incident are one suspension that was entered twice.
_FOLLOWED = """
    CREATE TABLE followed AS
    WITH by_day AS (
        FROM action_taken SELECT student, incident_school AS school, incident, day, bool_or(expelled) AS expelled,
            max(CASE WHEN suspended THEN coalesce(greatest(days, 1), 1) ELSE 0 END) AS days
        WHERE incident IS NOT NULL GROUP BY ALL
    )
    FROM by_day SELECT student, school, incident, bool_or(expelled) AS expelled, CAST(sum(days) AS BIGINT)
        AS days GROUP BY ALL
"""
_INCIDENTS = """
    SELECT involved.student AS student_id, involved.school AS school_id, incident AS incident_id,
        plain_day(involved.day) AS occurred_on, behaviors AS behavior, basis_of_all AS basis,
        coalesce(followed.days, 0) AS suspension_days, coalesce(followed.expelled, false) AS expelled,
        involved._file, involved._line
    FROM involved LEFT JOIN followed USING (student, school, incident) WHERE place = 1
"""
# What followed is not lost because nobody exported what it followed from.
_ALONE = """
    SELECT student AS student_id, school AS school_id, 'action ' || action AS incident_id, plain_day(day)
        AS occurred_on,
        'not recorded' AS behavior, CAST(NULL AS VARCHAR) AS basis,
        CASE WHEN suspended THEN CAST(coalesce(greatest(days, 1), 1) AS BIGINT) ELSE 0 END AS suspension_days,
        coalesce(expelled, false) AS expelled, _file, _line
    FROM action_taken AS own
    WHERE NOT EXISTS (
        FROM involved WHERE involved.student = own.student AND involved.school = own.incident_school
            AND involved.incident = own.incident
    )
"""
_MERGED = """
    SELECT more._file, more._line, first._file AS to_file, first._line AS to_line
    FROM {sheet} AS more
    JOIN involved AS first
        ON first.place = 1 AND first.student IS NOT DISTINCT FROM more.student
        AND first.school IS NOT DISTINCT FROM more.{school} AND first.incident = more.incident
    WHERE (more._file, more._line) <> (first._file, first._line)
"""


def discipline(reading: Reading) -> None:
    """Write one incident a student, with the days of suspension that followed."""
    connection = reading.connection
    acted = """
        list_transform(entries(parts), part -> means('ParticipationCode',
            part->>'disciplineIncidentParticipationCodeDescriptor'))
    """
    reading.leave_out(
        _BEHAVIORS,
        f"len({acted}) > 0 AND NOT list_contains({acted}, 'acted')",
        "victims, witnesses and reporters are not read",
    )
    reading.hold_back(
        _BEHAVIORS,
        f"NOT EXISTS (FROM disciplineIncidents AS one WHERE one.incident = {_BEHAVIORS}.incident "
        f"AND one.school = {_BEHAVIORS}.school)",
        "EID-SRC-004",
        "no incident {incident} of school {school}",
    )
    connection.execute(_INVOLVED)
    named = """
        list_transform(entries(disciplines), one -> coalesce(means('Discipline', one->>'disciplineDescriptor'),
            'unknown'))
    """
    reading.hold_back(
        _ACTIONS, f"list_contains({named}, 'unknown')", "EID-SRC-005", "discipline {disciplines}"
    )
    reading.report(
        _ACTIONS,
        f"list_contains({named}, 'suspension_out') AND TRY_CAST(coalesce(actual_length, length) AS DOUBLE) IS NULL",
        "EID-EDF-005",
        "action {action} of student {student}",
    )
    for query in (_TAKEN, _FOLLOWED):
        connection.execute(query)
    reading.rows("incidents", _INCIDENTS)
    reading.rows("incidents", _ALONE)
    reading.merged(_MERGED.format(sheet="involved", school="school"))
    reading.merged(_MERGED.format(sheet="action_taken", school="incident_school"))
    reading.looked_up(
        "disciplineIncidents",
        "(incident, school) IN (SELECT incident, school FROM involved)",
        "no student of the export took part",
    )
