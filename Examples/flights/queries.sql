-- The airlines with the most flights, and how late they leave
SELECT carrier, count(*) AS flights, round(avg(dep_delay), 1) AS avg_delay, max(dep_delay) AS worst
FROM air.flights GROUP BY carrier ORDER BY flights DESC LIMIT 5;

-- Where delays are worst, among destinations with more than 5,000 flights
SELECT dest, count(*) AS flights, round(avg(arr_delay), 2) AS avg_arr_delay
FROM air.flights WHERE arr_delay IS NOT NULL
GROUP BY dest HAVING count(*) > 5000 ORDER BY avg_arr_delay DESC LIMIT 5;

-- How the year went, by quarter
SELECT date_trunc('quarter', scheduled) AS quarter, count(*) AS flights, sum(miles) AS miles,
       round(100.0 * count(*) FILTER (WHERE outcome = 'late') / count(*), 1) AS late_percent
FROM air.flights GROUP BY date_trunc('quarter', scheduled) ORDER BY quarter;

-- The longest delays out of JFK in summer
SELECT flight, route, scheduled, dep_delay
FROM air.flights
WHERE origin = 'JFK' AND scheduled BETWEEN TIMESTAMP '2013-06-01' AND TIMESTAMP '2013-08-31 23:59:59' AND dep_delay > 300
ORDER BY dep_delay DESC, flight LIMIT 5;

-- The hours of the day in which the most different aircraft leave
SELECT extract(hour FROM scheduled) AS hour, count(DISTINCT tailnum) AS aircraft, count(*) AS flights
FROM air.flights WHERE tailnum LIKE 'N%' GROUP BY extract(hour FROM scheduled) ORDER BY aircraft DESC LIMIT 5;
