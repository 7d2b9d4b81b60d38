"""A hand-made Ed-Fi export: two schools, six students, what ODS exports hold and what goes wrong in them."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

TODAY = "2024-12-31"
Resources = dict[str, list[dict[str, Any]]]


def d(name: str, code: str, space: str = "ed-fi.org") -> str:
    return f"uri://{space}/{name}Descriptor#{code}"


def student(number: str) -> dict[str, Any]:
    return {"studentUniqueId": number, "link": {"rel": "Student", "href": "/ed-fi/students/x"}}


def school(number: int) -> dict[str, Any]:
    return {"schoolId": number}


def _enrolled(number: str, place: int, entry: str, **more: Any) -> dict[str, Any]:
    return {"studentReference": student(number), "schoolReference": school(place), "entryDate": entry, **more}


def _event(number: str, place: int, day: str, category: str, **more: Any) -> dict[str, Any]:
    session = {"schoolId": place, "schoolYear": 2025, "sessionName": "Fall"}
    return {
        "attendanceEventCategoryDescriptor": d("AttendanceEventCategory", category),
        "eventDate": day,
        "schoolReference": school(place),
        "sessionReference": session,
        "studentReference": student(number),
        **more,
    }


def _date(place: int, day: str, *events: str, code: str = "main") -> dict[str, Any]:
    return {
        "calendarReference": {"calendarCode": code, "schoolId": place, "schoolYear": 2025},
        "date": day,
        "calendarEvents": [{"calendarEventDescriptor": d("CalendarEvent", event)} for event in events],
    }


_SECTION = {
    "localCourseCode": "ALG",
    "schoolId": 101,
    "schoolYear": 2025,
    "sectionIdentifier": "ALG-1",
    "sessionName": "Fall",
}


def _grade(number: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "gradeTypeDescriptor": d("GradeType", kind),
        "gradingPeriodReference": {
            "gradingPeriodDescriptor": d("GradingPeriod", "First Nine Weeks"),
            "gradingPeriodName": "Q1",
            "schoolId": 101,
            "schoolYear": 2025,
        },
        "studentSectionAssociationReference": {
            **_SECTION,
            "beginDate": "2024-09-02",
            "studentUniqueId": number,
        },
        **more,
    }


def _entry(number: str, entry: str, **more: Any) -> dict[str, Any]:
    reference = {"gradebookEntryIdentifier": entry, "namespace": "uri://x"}
    return {"gradebookEntryReference": reference, "studentReference": student(number), **more}


def _took_part(number: str, incident: str, behavior: str, *parts: str) -> dict[str, Any]:
    codes = [
        {"disciplineIncidentParticipationCodeDescriptor": d("DisciplineIncidentParticipationCode", part)}
        for part in parts
    ]
    return {
        "behaviorDescriptor": d("Behavior", behavior),
        "disciplineIncidentReference": {"incidentIdentifier": incident, "schoolId": 101},
        "studentReference": student(number),
        "disciplineIncidentParticipationCodes": codes,
    }


def _action(
    action: str, number: str, day: str, discipline: str, incident: str | None, **more: Any
) -> dict[str, Any]:
    link = {
        "behaviorDescriptor": d("Behavior", "State Offense"),
        "incidentIdentifier": incident,
        "schoolId": 101,
        "studentUniqueId": number,
    }
    links = [{"studentDisciplineIncidentBehaviorAssociationReference": link}] if incident else []
    return {
        "disciplineActionIdentifier": action,
        "disciplineDate": day,
        "studentReference": student(number),
        "responsibilitySchoolReference": school(101),
        "disciplines": [{"disciplineDescriptor": d("Discipline", discipline)}],
        "studentDisciplineIncidentBehaviorAssociations": links,
        **more,
    }


def _program(number: str, begin: str, **more: Any) -> dict[str, Any]:
    return {
        "studentReference": student(number),
        "beginDate": begin,
        "programReference": {"programName": "x"},
        **more,
    }


_DAYS = ["2024-09-02", "2024-09-03", "2024-09-04", "2024-09-05", "2024-09-06"]
_FALL = {"beginDate": "2024-09-02", "endDate": "2024-12-20", "termDescriptor": d("Term", "Fall Semester")}


def small_edfi() -> Resources:
    """Every resource that is read, with a few objects each."""
    resources: Resources = {
        "localEducationAgencies": [{"localEducationAgencyId": 1, "nameOfInstitution": "Bend USD"}],
        "schools": [
            {
                "schoolId": 101,
                "nameOfInstitution": "Hill Middle",
                "localEducationAgencyReference": {"localEducationAgencyId": 1},
                "gradeLevels": [
                    {"gradeLevelDescriptor": d("GradeLevel", "Sixth grade")},
                    {"gradeLevelDescriptor": d("gradelevel", "EIGHTH GRADE", "bend.example")},
                ],
            },
            {"schoolId": 102, "nameOfInstitution": "Lake Charter", "gradeLevels": []},
        ],
        "students": [{"studentUniqueId": n, "birthSexDescriptor": d("Sex", "Female")} for n in ("1", "2")],
        "studentSchoolAssociations": [
            _enrolled("1", 101, "2024-09-02", entryGradeLevelDescriptor=d("GradeLevel", "Seventh grade")),
            _enrolled("2", 101, "2024-09-02", schoolYearTypeReference={"schoolYear": 2025}, primarySchool=True),
            _enrolled("2", 102, "2024-09-03", primarySchool=False),
            _enrolled("3", 102, "2024-09-02"),
            _enrolled("3", 101, "2024-09-04"),
            _enrolled(
                "4", 101, "2024-09-02", exitWithdrawDate="2024-09-05",
                exitWithdrawTypeDescriptor=d("ExitWithdrawType", "Dropout"),
            ),
            _enrolled("5", 101, "2024-09-02", exitWithdrawTypeDescriptor=d("ExitWithdrawType", "No show")),
            _enrolled("6", 102, "2024-09-02", entryGradeLevelDescriptor=d("GradeLevel", "Pod B")),
        ],
        "studentEducationOrganizationAssociations": [
            {
                "educationOrganizationReference": {"educationOrganizationId": 1},
                "studentReference": student("1"),
                "sexDescriptor": d("Sex", "Non-binary"),
                "races": [{"raceDescriptor": d("Race", "White")}],
                "limitedEnglishProficiencyDescriptor": d("LimitedEnglishProficiency", "NotLimited"),
                "studentCharacteristics": [],
            },
            {
                "educationOrganizationReference": {"educationOrganizationId": 101},
                "studentReference": student("1"),
                "races": [{"raceDescriptor": d("Race", "Asian")}],
            },
            {
                "educationOrganizationReference": {"educationOrganizationId": 1},
                "studentReference": student("2"),
                "hispanicLatinoEthnicity": True,
                "races": [{"raceDescriptor": d("Race", "White")}],
                "studentCharacteristics": [
                    {
                        "studentCharacteristicDescriptor": d("StudentCharacteristic", "Foster Care"),
                        "periods": [{"beginDate": "2024-09-04", "endDate": "2024-09-10"}],
                    }
                ],
            },
        ],
        "calendars": [
            {"calendarCode": code, "schoolReference": school(101), "schoolYearTypeReference": {"schoolYear": 2025},
             "calendarTypeDescriptor": d("CalendarType", kind)}
            for code, kind in (("main", "School"), ("late", "Grade Level"), ("one", "Student Specific"))
        ],
        "calendarDates": [
            *(_date(101, day, "Instructional day") for day in _DAYS),
            _date(101, "2024-09-09", "Instructional day", "Weather day"),
            _date(101, "2024-09-10", "Holiday"),
            _date(101, "2024-09-05", "Make-up day", code="late"),
            _date(101, "2024-09-07", "Instructional day", code="one"),
        ],
        "sessions": [
            {"schoolReference": school(101), "schoolYearTypeReference": {"schoolYear": 2025}, "sessionName": "Fall", **_FALL},
            {"schoolReference": school(102), "schoolYearTypeReference": {"schoolYear": 2025}, "sessionName": "Fall", **_FALL},
        ],
        "gradingPeriods": [
            {"gradingPeriodDescriptor": d("GradingPeriod", "First Nine Weeks"), "gradingPeriodName": "Q1",
             "schoolReference": school(101), "schoolYearTypeReference": {"schoolYear": 2025},
             "beginDate": "2024-09-02", "endDate": "2024-11-01"},
        ],
        "studentSchoolAttendanceEvents": [
            _event("1", 101, "2024-09-03", "Excused Absence", eventDuration=1),
            _event("1", 101, "2024-09-04", "Unexcused Absence"),
            _event("1", 101, "2024-09-05", "Unexcused Absence", eventDuration=0.5),
            _event("1", 101, "2024-09-05", "Unexcused Absence", eventDuration=0.25, educationalEnvironmentDescriptor="x"),
            _event("2", 101, "2024-09-03", "Tardy", schoolAttendanceDuration=12),
            _event("2", 101, "2024-09-04", "Partial"),
            _event("2", 101, "2024-09-05", "Present"),
            _event("2", 101, "2024-09-06", "Field Trip"),
            _event("2", 101, "2024-09-07", "Tardy"),
            _event("4", 101, "2024-09-06", "Excused Absence"),
            _event("9", 101, "2024-09-03", "Excused Absence"),
        ],
        "studentSectionAttendanceEvents": [
            {**_event("2", 101, "2024-09-03", "Tardy"), "sectionReference": _SECTION},
            {**_event("6", 102, "2024-09-03", "Unexcused Absence"), "sectionReference": {**_SECTION, "schoolId": 102}},
        ],
        "sectionAttendanceTakenEvents": [
            {"calendarDateReference": {"calendarCode": "main", "date": day, "schoolId": 101, "schoolYear": 2025},
             "sectionReference": {**_SECTION, "sectionIdentifier": section}, "eventDate": taken}
            for day, section, taken in (
                ("2024-09-03", "A", "2024-09-03"), ("2024-09-03", "B", "2024-09-12"), ("2024-09-04", "A", "2024-09-11"),
            )
        ],
        "grades": [
            _grade("1", "Final", numericGradeEarned=87.25, letterGradeEarned="B"),
            _grade("2", "Progress Report", letterGradeEarned="D", currentGradeAsOfDate="2024-10-01"),
            _grade("2", "Conduct", letterGradeEarned="S"),
        ],
        "courseTranscripts": [
            {"courseReference": {"courseCode": "ALG", "educationOrganizationId": 101},
             "studentAcademicRecordReference": {"educationOrganizationId": 101, "schoolYear": 2025,
                                                "studentUniqueId": number, "termDescriptor": d("Term", "Fall Semester")},
             "courseAttemptResultDescriptor": d("CourseAttemptResult", "Pass"), "finalNumericGradeEarned": 61}
            for number in ("1", "3")
        ],
        "gradebookEntries": [
            {"gradebookEntryIdentifier": "g1", "namespace": "uri://x", "sectionReference": _SECTION,
             "dateAssigned": "2024-09-02", "dueDate": "2024-09-05", "maxPoints": 20},
        ],
        "studentGradebookEntries": [
            _entry("1", "g1", pointsEarned=17, dateFulfilled="2024-09-04"),
            _entry("2", "g1", submissionStatusDescriptor=d("SubmissionStatus", "Missing")),
            _entry("3", "g1", numericGradeEarned=103),
            _entry("3", "g9", numericGradeEarned=50),
        ],
        "courseOfferings": [
            {"localCourseCode": "ALG", "schoolReference": school(101), "sessionReference": _SECTION,
             "courseReference": {"courseCode": "ALG", "educationOrganizationId": 101}},
        ],
        "courses": [
            {"courseCode": "ALG", "educationOrganizationReference": {"educationOrganizationId": 101},
             "academicSubjects": [{"academicSubjectDescriptor": d("AcademicSubject", "Mathematics")}]},
        ],
        "disciplineIncidents": [
            {"incidentIdentifier": "i1", "schoolReference": school(101), "incidentDate": "2024-09-05"},
            {"incidentIdentifier": "i2", "schoolReference": school(101), "incidentDate": "2024-09-06"},
        ],
        "studentDisciplineIncidentBehaviorAssociations": [
            _took_part("1", "i1", "State Offense", "Perpetrator"),
            _took_part("1", "i1", "School Violation"),
            _took_part("2", "i1", "School Violation"),
            _took_part("3", "i1", "State Offense", "Victim"),
            _took_part("3", "i7", "State Offense"),
        ],
        "disciplineActions": [
            _action("a1", "1", "2024-09-06", "Out of School Suspension", "i1", disciplineActionLength=3,
                    actualDisciplineActionLength=1.5),
            _action("a2", "1", "2024-09-06", "Out of School Suspension", "i1", disciplineActionLength=2),
            _action("a3", "1", "2024-09-09", "Expulsion with Services", "i1"),
            _action("a4", "3", "2024-09-09", "Out of School Suspension", None),
        ],
        "studentSpecialEducationProgramAssociations": [
            _program("1", "2024-09-03", endDate="2024-12-01", specialEducationExitDate="2024-10-01"),
            _program("1", "2024-09-20", endDate="2024-10-05"),
        ],
        "studentProgramAssociations": [
            _program("2", "2024-09-03", programReference={"programTypeDescriptor": d("ProgramType", "Bilingual")}),
            _program("3", "2024-09-03", programReference={"programTypeDescriptor": d("ProgramType", "Chess")}),
        ],
        "studentAcademicRecords": [
            {"studentReference": student("3"), "educationOrganizationReference": {"educationOrganizationId": 101},
             "diplomas": [{"diplomaAwardDate": "2024-12-20"}]},
            {"studentReference": student("2"), "educationOrganizationReference": {"educationOrganizationId": 101}},
        ],
        "staffs": [{"staffUniqueId": "7"}],
    }  # fmt: skip
    return deepcopy(resources)


def write_edfi_files(folder: Path, resources: Resources) -> Path:
    """Write every resource as JSON Lines."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, objects in resources.items():
        text = "".join(json.dumps(one) + "\n" for one in objects)
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    return folder
