-- Four features of one date, one per source table, as somebody would write them by hand who knows the definitions.
with enrolled as (
    select student_id, school_id, school_year, entered_on, left_on from enrollments
    where "primary" and known_at <= date '{day}' and (retracted_at is null or retracted_at > date '{day}')
), years as (
    select school_id, school_year, min(day) as year_first, max(day) as year_last,
           max(day) filter (where day <= date '{day}') as last_day
    from calendar group by all
), spells as (
    select e.student_id, e.school_id, e.school_year, e.entered_on, y.last_day,
           least(coalesce(e.left_on, y.year_last), y.year_last,
                 coalesce(lead(e.entered_on) over (partition by e.student_id, e.school_year
                                                   order by e.entered_on, e.school_id desc) - 1, y.year_last)) as end_on
    from enrolled e join years y using (school_id, school_year)
    where e.school_year = {year}
), cohort as (
    select student_id, school_id, last_day from spells
    where entered_on <= last_day and end_on >= last_day
    qualify row_number() over (partition by student_id order by entered_on desc, school_id) = 1
), submitted as (
    select c.school_id, c.day from calendar c join attendance_feed f using (school_id, day)
    where c.school_year = {year} and c.day <= date '{day}' and f.known_at <= date '{day}'
), days as (
    select s.student_id, count(*) as enrolled_days
    from spells s join submitted d on d.school_id = s.school_id and d.day between s.entered_on and s.end_on
    group by 1
), a as (
    select r.student_id, count(distinct r.occurred_on) as absent
    from absences r
    join submitted d on d.school_id = r.school_id and d.day = r.occurred_on
    join spells s on s.student_id = r.student_id and s.school_id = r.school_id
        and r.occurred_on between s.entered_on and s.end_on
    where r.kind in ('excused', 'unexcused', 'suspension_out') and r.thousandths >= 1000
      and r.known_at <= date '{day}' and (r.retracted_at is null or r.retracted_at > date '{day}')
    group by 1
), g as (
    select student_id, sum(hundredths) / (100.0 * count(hundredths)) as mark
    from grades join cohort c using (student_id)
    where hundredths is not null and assessed_on between date '{first}' and c.last_day
      and known_at <= date '{day}' and (retracted_at is null or retracted_at > date '{day}')
    group by 1
), i as (
    select student_id, count(*) as incidents from incidents join cohort c using (student_id)
    where basis = 'objective' and occurred_on between date '{first}' and c.last_day
      and known_at <= date '{day}' and (retracted_at is null or retracted_at > date '{day}')
    group by 1
), n as (
    select student_id, count(distinct school_id) as schools from spells
    where entered_on <= date '{day}' and entered_on <= end_on group by 1
)
select c.student_id, c.school_id, coalesce(a.absent, 0) / d.enrolled_days as absence_rate_year, g.mark as mean_mark_year,
       coalesce(i.incidents, 0) as incidents_year, n.schools as schools_this_year
from cohort c left join days d using (student_id) left join a using (student_id) left join g using (student_id)
left join i using (student_id) left join n using (student_id)
