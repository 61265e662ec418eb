-- Indexes: jobs_pkey, leases_clock.
--
-- $1 lanes of the jobs, $2 their ids, $3 their turns, $4 for how many seconds each, or infinity when it is paused, $5 now or
-- NULL for the database's clock.
--
-- Sets jobs aside that a claim did not take, behind serialize.sql: they wait without a turn, and no attempt is counted.
-- Another claim may have taken one since; then a lease from its turn on names it. Pauses are looked at anew and locked, so
-- that whoever resumes waits until what is parked here can be seen. Whoever enqueues to such a lane holds its row for a
-- moment; it is parked by a later claim then. Returns the ids of those set aside.
WITH paused AS MATERIALIZED (
    SELECT tenant_id, system, stage FROM queue_pauses FOR KEY SHARE
),
parkable AS MATERIALIZED (
    SELECT jobs.lane, seconds
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::float8[]) AS job (lane, id, turn, seconds)
    JOIN jobs ON jobs.lane = job.lane AND jobs.id = job.id AND jobs.turn = job.turn
    WHERE NOT EXISTS (
            SELECT FROM leases
            WHERE leases.stage = jobs.stage AND leases.priority = jobs.priority AND leases.turn >= jobs.turn
                AND jobs.id = ANY (leases.jobs)
        )
        AND (seconds < 'Infinity'
            OR EXISTS (
                SELECT FROM paused
                WHERE coalesce(paused.tenant_id = jobs.tenant_id, true) AND coalesce(paused.stage = jobs.stage, true)
                    AND (paused.system IS NULL
                        OR paused.system = (SELECT system FROM connections WHERE id = jobs.connection_id))
            ))
    FOR UPDATE OF jobs SKIP LOCKED
)
UPDATE jobs
SET turn = NULL,
    run_at = CASE WHEN seconds < 'Infinity'
        THEN coalesce($5::timestamptz, statement_timestamp()) + make_interval(secs => seconds) ELSE 'infinity' END,
    reason = CASE WHEN seconds < 'Infinity' THEN 'the call budget of its connection is used up' ELSE 'paused' END
FROM parkable
WHERE jobs.lane = parkable.lane
RETURNING jobs.id
