-- Eight attendance features of many dates of one school year, written by hand in steps, in strings as the tables have them.
create temp table days as
select school_id, day, row_number() over (partition by school_id order by day) as number
from calendar where school_year = {year};

create temp table years as
select school_id, min(day) as year_first, max(day) as year_last from days group by 1;

create temp table windows as
with weeks as (
    select d.as_of, c.school_id, max(c.day) as last_day, max(c.number) as number
    from dates d join days c on c.day <= d.as_of group by all
)
select w.as_of, w.school_id, w.last_day, a.day as start_10, b.day as start_20, c.day as start_60
from weeks w
join days a on a.school_id = w.school_id and a.number = greatest(w.number - 9, 1)
join days b on b.school_id = w.school_id and b.number = greatest(w.number - 19, 1)
join days c on c.school_id = w.school_id and c.number = greatest(w.number - 59, 1);

create temp table submitted as
select w.as_of, w.school_id, t.day,
       count(f.known_at) filter (where f.known_at <= w.as_of)
           over (partition by w.as_of, w.school_id order by t.day) as upto
from windows w join years y using (school_id)
join (select unnest(range((select min(year_first) - 1 from years), (select max(year_last) + 1 from years),
                          interval 1 day))::date as day) t on t.day between y.year_first - 1 and w.last_day
left join days c on c.school_id = w.school_id and c.day = t.day
left join attendance_feed f on f.school_id = c.school_id and f.day = c.day;

create temp table spells as
select d.as_of, e.student_id, e.school_id, e.entered_on,
       least(coalesce(e.left_on, y.year_last), y.year_last,
             coalesce(lead(e.entered_on) over (partition by d.as_of, e.student_id
                                               order by e.entered_on, e.school_id desc) - 1, y.year_last)) as end_on
from enrollments e join years y using (school_id)
join dates d on e.known_at <= d.as_of and (e.retracted_at is null or e.retracted_at > d.as_of)
where e."primary" and e.school_year = {year};

create temp table cohort as
select s.as_of, s.student_id, s.school_id, w.last_day, w.start_10, w.start_20, w.start_60
from spells s join windows w using (as_of, school_id)
where s.entered_on <= w.last_day and s.end_on >= w.last_day
qualify row_number() over (partition by s.as_of, s.student_id order by s.entered_on desc, s.school_id) = 1;

create temp table counted as
select c.as_of, c.student_id, s.school_id, greatest(s.entered_on, y.year_first) as begin_on,
       least(s.end_on, c.last_day) as end_on, c.start_10, c.start_20, c.start_60
from cohort c join spells s using (as_of, student_id) join years y on y.school_id = s.school_id
where s.entered_on <= least(s.end_on, c.last_day);

create temp table enrolled as
select c.as_of, c.student_id, sum(e.upto - f.upto) as days_year,
       sum(case when greatest(start_10, begin_on) <= end_on then e.upto - a.upto else 0 end) as days_10,
       sum(case when greatest(start_20, begin_on) <= end_on then e.upto - b.upto else 0 end) as days_20,
       sum(case when greatest(start_60, begin_on) <= end_on then e.upto - d.upto else 0 end) as days_60
from counted c
join submitted e on e.as_of = c.as_of and e.school_id = c.school_id and e.day = end_on
join submitted f on f.as_of = c.as_of and f.school_id = c.school_id and f.day = begin_on - 1
left join submitted a on a.as_of = c.as_of and a.school_id = c.school_id and a.day = greatest(start_10, begin_on) - 1
left join submitted b on b.as_of = c.as_of and b.school_id = c.school_id and b.day = greatest(start_20, begin_on) - 1
left join submitted d on d.as_of = c.as_of and d.school_id = c.school_id and d.day = greatest(start_60, begin_on) - 1
group by all;

create temp table exceptions as
select r.student_id, r.school_id, r.occurred_on as day, greatest(r.known_at, f.known_at) as known_at, r.retracted_at,
       r.kind <> 'tardy' as absent, r.kind = 'unexcused' as unexcused
from absences r join days y on y.school_id = r.school_id and y.day = r.occurred_on
join attendance_feed f on f.school_id = r.school_id and f.day = r.occurred_on
where r.kind = 'tardy' or (r.kind in ('excused', 'unexcused', 'suspension_out') and r.thousandths >= 1000);

create temp table events as
select s.as_of, s.student_id,
       count(*) filter (where absent) as absent_year,
       count(*) filter (where absent and r.day >= c.start_10) as absent_10,
       count(*) filter (where absent and r.day >= c.start_20) as absent_20,
       count(*) filter (where absent and r.day >= c.start_60) as absent_60,
       count(*) filter (where unexcused) as unexcused_year,
       count(*) filter (where not absent and r.day >= c.start_20) as tardies_20,
       max(r.day) filter (where absent) as last_absent
from exceptions r
join counted s on s.student_id = r.student_id and s.school_id = r.school_id
    and r.day between s.begin_on and s.end_on and r.known_at <= s.as_of
    and (r.retracted_at is null or r.retracted_at > s.as_of)
join cohort c on c.as_of = s.as_of and c.student_id = s.student_id
group by all;

create temp table since as
select c.as_of, c.student_id, sum(e.upto - b.upto) as days
from counted c join events v using (as_of, student_id)
join submitted e on e.as_of = c.as_of and e.school_id = c.school_id and e.day = c.end_on
join submitted b on b.as_of = c.as_of and b.school_id = c.school_id and b.day = greatest(v.last_absent + 1, c.begin_on) - 1
where greatest(v.last_absent + 1, c.begin_on) <= c.end_on
group by all;

copy (
    select c.student_id, c.school_id, c.as_of,
           coalesce(absent_10, 0) / nullif(days_10, 0) as absence_rate_10d,
           coalesce(absent_20, 0) / nullif(days_20, 0) as absence_rate_20d,
           coalesce(absent_60, 0) / nullif(days_60, 0) as absence_rate_60d,
           coalesce(absent_year, 0) / nullif(days_year, 0) as absence_rate_year,
           coalesce(unexcused_year, 0) / nullif(days_year, 0) as unexcused_rate_year,
           coalesce(absent_20, 0) / nullif(days_20, 0)
               - (coalesce(absent_year, 0) - coalesce(absent_20, 0)) / nullif(days_year - days_20, 0) as absence_trend_20d,
           case when days_year > 0
                then case when v.last_absent is null then days_year else coalesce(s.days, 0) end end as days_since_absence,
           case when days_20 > 0 then coalesce(tardies_20, 0) end as tardies_20d
    from cohort c left join enrolled n using (as_of, student_id) left join events v using (as_of, student_id)
    left join since s using (as_of, student_id)
) to '{out}' (format parquet)
