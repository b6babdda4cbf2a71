-- Flights that left, with types a person would choose. `scheduled` is computed from the parts of the date.
INSERT INTO flights_sink
SELECT
    carrier || '-' || CAST(flight AS STRING) AS flight,
    carrier,
    upper(trim(tailnum)) AS tailnum,
    origin,
    dest,
    origin || '→' || dest AS route,
    CAST(make_date(year, month, day) AS TIMESTAMP)
        + (hour * 60 + minute) * INTERVAL '1 minute' AS scheduled,
    dep_delay,
    arr_delay,
    air_time,
    CAST(distance AS INT) AS miles,
    CASE WHEN arr_delay > 15 THEN 'late' WHEN arr_delay IS NULL THEN 'diverted' ELSE 'on time' END AS outcome
FROM flights
WHERE dep_time IS NOT NULL;
