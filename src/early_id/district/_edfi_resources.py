"""Queries that make the objects of Ed-Fi resources of canonical tables: one per resource, references nested."""

from __future__ import annotations

from collections.abc import Mapping

_GRADES = (
    "'Preschool', 'Transitional Kindergarten', 'Kindergarten', 'First grade', 'Second grade', 'Third grade', "
    "'Fourth grade', 'Fifth grade', 'Sixth grade', 'Seventh grade', 'Eighth grade', 'Ninth grade', 'Tenth grade', "
    "'Eleventh grade', 'Twelfth grade', 'Grade 13'"
)
#: What several resources are made from.
STEPS = (
    "CREATE MACRO standard(name, code) AS 'uri://ed-fi.org/' || name || 'Descriptor#' || code",
    "CREATE MACRO own(name, code) AS 'uri://simulated.county/' || name || 'Descriptor#' || code",
    f"CREATE MACRO grade_name(grade) AS standard('GradeLevel', [{_GRADES}][grade + 3])",
    "CREATE MACRO number(id) AS CAST(id AS BIGINT)",
    "CREATE MACRO school(id) AS {'schoolId': number(id)}",
    "CREATE MACRO student(id) AS {'studentUniqueId': id}",
    "CREATE MACRO year_type(year) AS {'schoolYear': year}",
    "CREATE MACRO session(id, year, name) AS {'schoolId': number(id), 'schoolYear': year, 'sessionName': name}",
    "CREATE MACRO calendar_code(id, year) AS id || '-' || year",
    # A course is known by a code within its school.
    """
    CREATE MACRO course_code(course, id) AS
    CASE WHEN ends_with(course, '-' || id) THEN course[:-length(id) - 2] ELSE course END
    """,
    """
    CREATE TABLE terms AS
    WITH own AS (
        FROM calendar SELECT school_id, school_year, term, min(day) AS begins, max(day) AS ends, count(*)
            AS days GROUP BY ALL
    )
    FROM own SELECT *, row_number() OVER (PARTITION BY school_id, school_year ORDER BY begins) AS place
    """,
    "CREATE TABLE standing AS FROM enrollments WHERE retracted_at IS NULL",
    """
    CREATE TABLE work AS
    SELECT grades.*, school_year, begins, ends, course_code(course_id, grades.school_id) AS local_course,
        course_code(course_id, grades.school_id) || '-' || grades.term AS section
    FROM grades JOIN terms USING (school_id, term) WHERE retracted_at IS NULL
    """,
    """
    CREATE MACRO section(id, year, term, course, section) AS {
        'localCourseCode': course, 'schoolId': number(id), 'schoolYear': year, 'sectionIdentifier': section,
        'sessionName': term
    }
    """,
    # Where a student belonged last speaks for the student.
    """
    CREATE TABLE homes AS
    SELECT student_id, arg_max(district_id, entered_on) AS district_id,
        max(school_year) - coalesce(arg_max(grade_level, entered_on), 6) - 6 AS born
    FROM standing JOIN schools USING (school_id) GROUP BY student_id
    """,
    """
    CREATE MACRO program(id, name) AS {
        'educationOrganizationId': number(id), 'programName': name,
        'programTypeDescriptor': standard('ProgramType', name)
    }
    """,
    """
    CREATE MACRO members(name) AS TABLE
    SELECT student_id, district_id, valid_from, valid_to FROM groups JOIN homes USING (student_id)
    WHERE attribute = name AND value = 'yes'
    """,
)
_TERM_NAMES = "['Fall Semester', 'Spring Semester', 'Summer Semester', 'Other'][least(place, 4)]"
_PERIOD_NAMES = "['First Semester', 'Second Semester', 'Summer Semester', 'End of Year'][least(place, 4)]"
_RACES = """
    CASE value WHEN 'American Indian' THEN ['American Indian or Alaska Native'] WHEN 'Black'
        THEN ['Black or African American']
        WHEN 'Pacific Islander' THEN ['Native Hawaiian or Pacific Islander'] WHEN 'Two or more' THEN ['Asian', 'White']
        WHEN 'Hispanic' THEN [] ELSE [value] END
"""


def _program(attribute: str, name: str) -> str:
    return f"""
        SELECT valid_from AS "beginDate", valid_to AS "endDate",
            {{'educationOrganizationId': number(district_id)}} AS "educationOrganizationReference",
            program(district_id, '{name}') AS "programReference", student(student_id) AS "studentReference"
        FROM members('{attribute}')
    """


#: Resource to the query for its objects.
RESOURCES: Mapping[str, str] = {
    "localEducationAgencies": """
        SELECT DISTINCT number(district_id) AS "localEducationAgencyId", district_name AS "nameOfInstitution"
            FROM schools
    """,
    "schools": """
        SELECT number(school_id) AS "schoolId", school_name AS "nameOfInstitution",
            {'localEducationAgencyId': number(district_id)} AS "localEducationAgencyReference",
            list_transform(range(low_grade, high_grade + 1),
                grade -> {'gradeLevelDescriptor': grade_name(grade)}) AS "gradeLevels"
        FROM schools
    """,
    "students": """
        SELECT student_id AS "studentUniqueId", 'Student' AS "firstName", student_id AS "lastSurname",
            make_date(born, 7, 1) AS "birthDate"
        FROM homes
    """,
    "studentSchoolAssociations": """
        SELECT student(student_id) AS "studentReference", school(school_id) AS "schoolReference", entered_on
            AS "entryDate",
            grade_name(grade_level) AS "entryGradeLevelDescriptor", left_on AS "exitWithdrawDate",
            CASE WHEN outcome IS NOT NULL THEN standard('ExitWithdrawType', 'Dropout') ELSE own('ExitWithdrawType',
                exit_reason)
                END AS "exitWithdrawTypeDescriptor",
            year_type(school_year) AS "schoolYearTypeReference", "primary" AS "primarySchool"
        FROM standing LEFT JOIN (
            SELECT student_id, school_id, occurred_on AS left_on, outcome FROM outcomes
            WHERE outcome = 'dropout' AND value = 'yes' AND retracted_at IS NULL
        ) USING (student_id, school_id, left_on)
    """,
    "studentEducationOrganizationAssociations": f"""
        WITH told AS (
            SELECT student_id,
                max(value) FILTER (attribute = 'gender') AS sex,
                max(value) FILTER (attribute = 'race_ethnicity') AS value,
                list({{'studentCharacteristicDescriptor': standard('StudentCharacteristic', CASE attribute
                        WHEN 'low_income' THEN 'Economic Disadvantaged' WHEN 'foster' THEN 'Foster Care'
                            ELSE 'Homeless' END),
                    'periods': [{{'beginDate': valid_from, 'endDate': valid_to}}]}} ORDER BY attribute, valid_from
                ) FILTER (attribute IN ('low_income', 'foster', 'homeless') AND groups.value = 'yes') AS characteristics
            FROM groups GROUP BY student_id
        )
        SELECT {{'educationOrganizationId': number(district_id)}} AS "educationOrganizationReference",
            student(student_id) AS "studentReference", standard('Sex', sex) AS "sexDescriptor",
            value = 'Hispanic' AS "hispanicLatinoEthnicity",
            list_transform({_RACES}, race -> {{'raceDescriptor': standard('Race', race)}}) AS races,
            coalesce(characteristics, []) AS "studentCharacteristics"
        FROM told JOIN homes USING (student_id)
    """,
    "studentLanguageInstructionProgramAssociations": _program("english_learner", "Bilingual"),
    "studentSpecialEducationProgramAssociations": _program("students_with_disabilities", "Special Education"),
    "calendars": """
        SELECT DISTINCT calendar_code(school_id, school_year) AS "calendarCode", school(school_id) AS "schoolReference",
            year_type(school_year) AS "schoolYearTypeReference", standard('CalendarType', 'School')
                AS "calendarTypeDescriptor"
        FROM calendar
    """,
    "calendarDates": """
        SELECT {'calendarCode': calendar_code(school_id, school_year), 'schoolId': number(school_id),
            'schoolYear': school_year}
                AS "calendarReference",
            day AS date, [{'calendarEventDescriptor': standard('CalendarEvent', 'Instructional day')}]
                AS "calendarEvents"
        FROM calendar
    """,
    "sessions": f"""
        SELECT school(school_id) AS "schoolReference", year_type(school_year) AS "schoolYearTypeReference",
            term AS "sessionName", begins AS "beginDate", ends AS "endDate", standard('Term', {_TERM_NAMES})
                AS "termDescriptor",
            days AS "totalInstructionalDays"
        FROM terms
    """,
    "gradingPeriods": f"""
        SELECT standard('GradingPeriod', {_PERIOD_NAMES}) AS "gradingPeriodDescriptor", term AS "gradingPeriodName",
            school(school_id) AS "schoolReference", year_type(school_year) AS "schoolYearTypeReference",
            begins AS "beginDate", ends AS "endDate", days AS "totalInstructionalDays"
        FROM terms
    """,
    "studentSchoolAttendanceEvents": """
        SELECT CASE kind WHEN 'excused' THEN standard('AttendanceEventCategory', 'Excused Absence')
                WHEN 'unexcused' THEN standard('AttendanceEventCategory', 'Unexcused Absence')
                WHEN 'tardy' THEN standard('AttendanceEventCategory', 'Tardy')
                WHEN 'partial' THEN standard('AttendanceEventCategory', 'Partial')
                WHEN 'suspension_out' THEN own('AttendanceEventCategory', 'Out of School Suspension')
                ELSE own('AttendanceEventCategory', 'In School Suspension') END AS "attendanceEventCategoryDescriptor",
            occurred_on AS "eventDate", school(school_id) AS "schoolReference",
            session(school_id, school_year, term) AS "sessionReference", student(student_id) AS "studentReference",
            CAST(round(thousandths / 1000, 2) AS DECIMAL(3, 2)) AS "eventDuration"
        FROM absences
        JOIN (FROM calendar SELECT school_id, day AS occurred_on, school_year, term) USING (school_id, occurred_on)
        WHERE retracted_at IS NULL
    """,
    "sectionAttendanceTakenEvents": """
        SELECT {'calendarCode': calendar_code(school_id, school_year), 'date': day, 'schoolId': number(school_id),
                'schoolYear': school_year} AS "calendarDateReference",
            section(school_id, school_year, term, 'HOMEROOM', 'HOMEROOM-' || term) AS "sectionReference",
                known_at AS "eventDate"
        FROM attendance_feed JOIN calendar USING (school_id, day)
    """,
    "courses": """
        SELECT local_course AS "courseCode", {'educationOrganizationId': number(school_id)}
            AS "educationOrganizationReference",
            local_course AS "courseTitle", 1 AS "numberOfParts",
            [{'academicSubjectDescriptor': own('AcademicSubject', max(subject))}] AS "academicSubjects"
        FROM work GROUP BY school_id, local_course
    """,
    "courseOfferings": """
        SELECT DISTINCT local_course AS "localCourseCode", school(school_id) AS "schoolReference",
            {'courseCode': local_course, 'educationOrganizationId': number(school_id)} AS "courseReference",
            session(school_id, school_year, term) AS "sessionReference"
        FROM work
    """,
    "sections": """
        SELECT DISTINCT section AS "sectionIdentifier", {'localCourseCode': local_course, 'schoolId': number(school_id),
            'schoolYear': school_year, 'sessionName': term} AS "courseOfferingReference"
        FROM work
    """,
    "studentSectionAssociations": """
        SELECT DISTINCT begins AS "beginDate", ends AS "endDate",
            section(school_id, school_year, term, local_course, section) AS "sectionReference",
            student(student_id) AS "studentReference"
        FROM work
    """,
    "grades": f"""
        SELECT standard('GradeType', CASE kind WHEN 'final' THEN 'Final' ELSE 'Progress Report' END)
            AS "gradeTypeDescriptor",
            {{'gradingPeriodDescriptor': standard('GradingPeriod', {_PERIOD_NAMES}), 'gradingPeriodName': work.term,
                'schoolId': number(work.school_id), 'schoolYear': work.school_year}} AS "gradingPeriodReference",
            {{'beginDate': work.begins, 'localCourseCode': local_course, 'schoolId': number(work.school_id),
                'schoolYear': work.school_year, 'sectionIdentifier': section, 'sessionName': work.term,
                'studentUniqueId': student_id}} AS "studentSectionAssociationReference",
            mark AS "letterGradeEarned", CAST(hundredths / 100 AS DECIMAL(9, 2)) AS "numericGradeEarned",
            assessed_on AS "currentGradeAsOfDate"
        FROM work JOIN terms USING (school_id, term) WHERE kind <> 'assignment'
    """,
    "gradebookEntries": """
        SELECT DISTINCT section || '/' || assessment_id || '/' || school_id AS "gradebookEntryIdentifier",
            'uri://simulated.county' AS namespace, section(school_id, school_year, term, local_course, section)
                AS "sectionReference",
            coalesce(due_on, begins) AS "dateAssigned", due_on AS "dueDate", assessment_id AS title
        FROM work WHERE kind = 'assignment'
    """,
    "studentGradebookEntries": """
        SELECT {'gradebookEntryIdentifier': section || '/' || assessment_id || '/' || school_id, 'namespace': 'uri://simulated.county'}
                AS "gradebookEntryReference",
            student(student_id) AS "studentReference", CAST(hundredths / 100 AS DECIMAL(9, 2)) AS "numericGradeEarned",
            CASE WHEN mark = 'missing' THEN NULL ELSE mark END AS "letterGradeEarned",
            CASE WHEN mark = 'missing' THEN NULL ELSE assessed_on END AS "dateFulfilled",
            standard('SubmissionStatus', CASE WHEN mark = 'missing' THEN 'Missing' ELSE 'Graded' END)
                AS "submissionStatusDescriptor"
        FROM work WHERE kind = 'assignment'
    """,
    "studentAcademicRecords": """
        SELECT {'educationOrganizationId': number(school_id)} AS "educationOrganizationReference",
            year_type(year(occurred_on)) AS "schoolYearTypeReference", student(student_id) AS "studentReference",
            standard('Term', 'Spring Semester') AS "termDescriptor",
            [{'diplomaTypeDescriptor': standard('DiplomaType', 'Regular diploma'),
                'diplomaAwardDate': occurred_on}] AS diplomas
        FROM outcomes WHERE outcome = 'graduation' AND value = 'yes' AND retracted_at IS NULL
    """,
    "disciplineIncidents": """
        SELECT DISTINCT incident_id AS "incidentIdentifier", school(school_id) AS "schoolReference", occurred_on
            AS "incidentDate"
        FROM incidents WHERE retracted_at IS NULL
    """,
    "studentDisciplineIncidentBehaviorAssociations": """
        SELECT own('Behavior', behavior) AS "behaviorDescriptor",
            {'incidentIdentifier': incident_id, 'schoolId': number(school_id)} AS "disciplineIncidentReference",
            student(student_id) AS "studentReference",
            [{'disciplineIncidentParticipationCodeDescriptor': standard('DisciplineIncidentParticipationCode',
                'Perpetrator')}]
                AS "disciplineIncidentParticipationCodes"
        FROM incidents WHERE retracted_at IS NULL
    """,
    "disciplineActions": """
        SELECT 'A' || incident_id || '-' || student_id AS "disciplineActionIdentifier", occurred_on AS "disciplineDate",
            student(student_id) AS "studentReference", school(school_id) AS "responsibilitySchoolReference",
            list_filter([
                CASE WHEN suspension_days > 0 THEN {'disciplineDescriptor': standard('Discipline',
                    'Out of School Suspension')} END,
                CASE WHEN expelled THEN {'disciplineDescriptor': standard('Discipline', 'Expulsion')} END
            ], one -> one IS NOT NULL) AS disciplines,
            suspension_days AS "actualDisciplineActionLength",
            [{'studentDisciplineIncidentBehaviorAssociationReference': {'behaviorDescriptor': own('Behavior', behavior),
                'incidentIdentifier': incident_id, 'schoolId': number(school_id), 'studentUniqueId': student_id}}]
                AS "studentDisciplineIncidentBehaviorAssociations"
        FROM incidents WHERE retracted_at IS NULL AND (suspension_days > 0 OR expelled)
    """,
}
