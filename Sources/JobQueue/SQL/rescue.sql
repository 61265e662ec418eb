-- Indexes: leases_ended, jobs_pkey, leases_clock.
--
-- $1 limit, $2 now or NULL for the database's clock.
--
-- Takes the jobs of leases that ran out from workers that are gone or stuck, and makes them wait for their next attempt
-- from now on. Most leases that ran out hold nothing any more. The newest of a stage and priority stays, for it is their
-- clock. Lanes are locked in order, as in enqueue.sql. Returns how many leases it looked at.
WITH ended AS MATERIALIZED (
    SELECT token, stage, priority, turn, worker, lanes, jobs
    FROM leases
    WHERE leased_until <= coalesce($2::timestamptz, statement_timestamp())
    ORDER BY leased_until
    LIMIT $1::bigint
    FOR UPDATE SKIP LOCKED
),
held AS MATERIALIZED (
    SELECT jobs.lane, worker, least(attempt + 1, max_attempts) AS attempts
    FROM ended CROSS JOIN unnest(ended.lanes, ended.jobs) AS mine (lane, id)
    JOIN jobs ON jobs.lane = mine.lane AND jobs.id = mine.id
    ORDER BY jobs.lane
    FOR UPDATE OF jobs
),
released AS (
    UPDATE jobs
    SET turn = NULL, run_at = coalesce($2::timestamptz, statement_timestamp()), attempt = attempts,
        reason = 'its worker ' || worker || ' was lost during attempt ' || attempts
    FROM held
    WHERE jobs.lane = held.lane
),
clocks AS MATERIALIZED (
    SELECT ended.token,
           ended.turn = (
               SELECT newest.turn FROM leases AS newest
               WHERE newest.stage = ended.stage AND newest.priority = ended.priority
               ORDER BY newest.turn DESC LIMIT 1
           ) AS is_clock
    FROM ended
),
forgotten AS (
    DELETE FROM leases USING clocks WHERE leases.token = clocks.token AND NOT is_clock
),
kept AS (
    UPDATE leases
    SET leased_until = coalesce($2::timestamptz, statement_timestamp()) + interval '1 hour', lanes = '{}', jobs = '{}'
    FROM clocks WHERE leases.token = clocks.token AND is_clock
)
SELECT count(*) FROM ended
