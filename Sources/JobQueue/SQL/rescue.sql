-- Indexes: leases_ended, jobs_pkey, leases_clock.
--
-- $1 limit, $2 now or NULL for the database's clock.
--
-- Takes the jobs of leases that ran out from workers that are gone or stuck, and makes them wait for their next attempt
-- from now on. Most leases that ran out hold nothing any more. The newest of a stage and priority stays, for it is their
-- clock. Returns how many leases it looked at.
WITH ended AS MATERIALIZED (
    SELECT token, stage, priority, turn, worker, lanes
    FROM leases
    WHERE leased_until <= coalesce($2::timestamptz, statement_timestamp())
    ORDER BY leased_until
    LIMIT $1::bigint
    FOR UPDATE SKIP LOCKED
),
released AS (
    UPDATE jobs
    SET turn = NULL, token = NULL, run_at = coalesce($2::timestamptz, statement_timestamp()),
        reason = 'its worker ' || ended.worker || ' was lost during attempt ' || attempt
    FROM ended CROSS JOIN unnest(ended.lanes) AS held (lane)
    WHERE jobs.lane = held.lane AND jobs.token = ended.token
    RETURNING jobs.lane
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
    UPDATE leases SET leased_until = 'infinity', lanes = '{}'
    FROM clocks WHERE leases.token = clocks.token AND is_clock
)
SELECT count(*) FROM ended
