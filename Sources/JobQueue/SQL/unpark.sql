-- Indexes: jobs_waiting, jobs_pkey, connections_pkey.
--
-- $1 limit, $2 now or NULL for the database's clock.
--
-- Lets parked jobs go on that no pause covers, whichever pause parked them: so what an interrupted resume leaves behind
-- goes on with the next. Lanes are locked in order, as in enqueue.sql. Returns how many were found, and how many of those
-- nobody else let go meanwhile.
WITH found AS MATERIALIZED (
    SELECT lane FROM jobs
    WHERE turn IS NULL AND run_at = 'infinity'
        AND NOT EXISTS (
            SELECT FROM queue_pauses AS pause
            WHERE coalesce(pause.tenant_id = jobs.tenant_id, true) AND coalesce(pause.stage = jobs.stage, true)
                AND (pause.system IS NULL
                    OR pause.system = (SELECT system FROM connections WHERE id = jobs.connection_id))
        )
    LIMIT $1::bigint
),
locked AS MATERIALIZED (
    -- Looked at again once locked. As a condition, it would let the planner look for each lane among all that is parked.
    SELECT jobs.lane, jobs.turn IS NULL AND jobs.run_at = 'infinity' AS is_parked
    FROM found JOIN jobs ON jobs.lane = found.lane
    ORDER BY jobs.lane
    FOR UPDATE OF jobs
),
freed AS (
    UPDATE jobs SET run_at = coalesce($2::timestamptz, statement_timestamp()), reason = NULL
    FROM locked WHERE jobs.lane = locked.lane AND is_parked
    RETURNING jobs.lane
)
SELECT (SELECT count(*) FROM found), (SELECT count(*) FROM freed)
