-- Indexes: jobs_waiting, jobs_pkey, and those of queue_turns.
--
-- $1 stage, $2 limit, $3 now or NULL for the database's clock, $4 the time before which nothing waits any more.
--
-- Gives turns to the jobs whose time has come: those that were to run later, were set back, or lost their worker.
-- Returns how many, and the time.
WITH due AS MATERIALIZED (
    SELECT lane, id, stage, priority, tenant_id, run_at
    FROM jobs
    WHERE turn IS NULL AND stage = $1 AND run_at <= coalesce($3::timestamptz, statement_timestamp())
        AND run_at >= $4::timestamptz
    ORDER BY run_at
    LIMIT $2::bigint
    FOR UPDATE SKIP LOCKED
),
flows AS MATERIALIZED (
    SELECT flow.*, turns.*
    FROM (SELECT DISTINCT stage, priority, tenant_id FROM due) AS flow,
        queue_turns(flow.stage, flow.priority, flow.tenant_id) AS turns
),
placed AS (
    SELECT lane, last_turn + step * row_number() OVER (PARTITION BY stage, priority, tenant_id ORDER BY run_at, id) AS turn
    FROM due JOIN flows USING (stage, priority, tenant_id)
),
admitted AS (
    UPDATE jobs SET turn = placed.turn FROM placed WHERE jobs.lane = placed.lane
)
SELECT count(*), coalesce($3::timestamptz, statement_timestamp()) AS admitted_at FROM due
