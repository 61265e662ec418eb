-- Indexes: jobs_behind_pkey, jobs_pkey, and those of queue_turns.
--
-- $1 lanes whose job has ended in this transaction and which have others behind, $2 now or NULL for the database's clock.
--
-- A statement of its own, after the one that locked the lanes: what was enqueued while that waited for a lock is not in
-- its snapshot. Ids behind are larger than the one that ended (enqueue.sql), so the search need not pass what was taken
-- from the lane before.
WITH next AS MATERIALIZED (
    SELECT first.*
    FROM unnest($1::bigint[]) AS ended (lane)
    JOIN jobs USING (lane),
        LATERAL (
            SELECT * FROM jobs_behind WHERE jobs_behind.lane = ended.lane AND jobs_behind.id > jobs.id ORDER BY id LIMIT 1
        ) AS first
),
flows AS MATERIALIZED (
    SELECT flow.*, turns.*
    FROM (SELECT DISTINCT stage, priority, tenant_id FROM next) AS flow,
        queue_turns(flow.stage, flow.priority, flow.tenant_id) AS turns
),
removed AS (
    DELETE FROM jobs_behind USING next WHERE jobs_behind.lane = next.lane AND jobs_behind.id = next.id
),
placed AS (
    SELECT next.*,
           CASE WHEN run_at <= coalesce($2::timestamptz, statement_timestamp())
               THEN last_turn + step * row_number() OVER (PARTITION BY stage, priority, tenant_id ORDER BY id)
           END AS turn
    FROM next JOIN flows USING (stage, priority, tenant_id)
)
UPDATE jobs
SET id = placed.id, turn = placed.turn, tenant_id = placed.tenant_id, connection_id = placed.connection_id, token = NULL,
    run_at = placed.run_at, valid_until = placed.valid_until, enqueued_at = placed.enqueued_at, behind = behind - 1,
    priority = placed.priority, attempt = 0, max_attempts = placed.max_attempts, stage = placed.stage,
    payload = placed.payload, reason = NULL
FROM placed
WHERE jobs.lane = placed.lane
