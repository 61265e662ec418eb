-- Where the demo stands; a small database, no index.
SELECT
    (SELECT count(*) FROM events),
    (SELECT count(*) FROM generations),
    (SELECT count(*) FROM generations WHERE state IN ('generated', 'written')),
    (SELECT count(*) FROM write_backs WHERE state = 'proven'),
    (SELECT count(*) FROM outcomes),
    (SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM jobs_behind))
