-- Indexes: leases_pkey, jobs_pkey, jobs_behind_pkey, and those of queue_turns.
--
-- $1 lanes of the jobs, $2 their ids, $3 their turns, $4 tokens of the leases that hold them, $5 what this attempt counts, $6
-- outcome, $7 reason or NULL, $8 now or NULL for the database's clock.
--
-- Ends jobs, brings up the next of their lanes, and returns the ids of those that it ended with the stages of the next.
-- Lanes are locked in order, as in enqueue.sql. A job that was set back while this waited for its lane has another turn.
--
-- Ids behind are larger than the one that ends (enqueue.sql), so the search need not pass what was taken from the lane
-- before. A job that was enqueued while this waited for the lane's lock is not in its snapshot; should it be the first
-- behind, nothing is ended, as if the lease were lost, and the lane goes on from there.
WITH held AS MATERIALIZED (
    SELECT jobs.*
    FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS mine (lane, id, turn, token)
    JOIN leases ON leases.token = mine.token AND leases.jobs <> '{}'
    JOIN jobs ON jobs.lane = mine.lane AND jobs.id = mine.id AND jobs.turn = mine.turn
    ORDER BY jobs.lane
    FOR UPDATE OF jobs
),
next AS MATERIALIZED (
    SELECT first.*
    FROM held,
        LATERAL (
            SELECT * FROM jobs_behind WHERE jobs_behind.lane = held.lane AND jobs_behind.id > held.id ORDER BY id LIMIT 1
        ) AS first
    WHERE behind > 0
),
ended AS MATERIALIZED (
    SELECT * FROM held WHERE behind = 0 OR lane IN (SELECT lane FROM next)
),
recorded AS (
    INSERT INTO job_history (
        job_id, enqueued_at, tenant_id, connection_id, lane, attempts, stage, outcome, reason, payload
    )
    SELECT id, enqueued_at, tenant_id, connection_id, lane, attempt + $5::smallint, stage, $6, $7, payload FROM ended
),
emptied AS (
    DELETE FROM jobs USING ended WHERE jobs.lane = ended.lane AND ended.behind = 0
),
removed AS (
    DELETE FROM jobs_behind USING next WHERE jobs_behind.lane = next.lane AND jobs_behind.id = next.id
),
flows AS MATERIALIZED (
    SELECT flow.*, turns.*
    FROM (SELECT DISTINCT stage, priority, tenant_id FROM next) AS flow,
        queue_turns(flow.stage, flow.priority, flow.tenant_id) AS turns
),
placed AS (
    SELECT next.*,
           CASE WHEN run_at <= coalesce($8::timestamptz, statement_timestamp())
               THEN last_turn + step * row_number() OVER (PARTITION BY stage, priority, tenant_id ORDER BY id)
           END AS turn
    FROM next JOIN flows USING (stage, priority, tenant_id)
),
promoted AS (
    UPDATE jobs
    SET id = placed.id, turn = placed.turn, tenant_id = placed.tenant_id, connection_id = placed.connection_id,
        run_at = placed.run_at, valid_until = placed.valid_until, enqueued_at = placed.enqueued_at,
        behind = behind - 1, priority = placed.priority, attempt = 0, max_attempts = placed.max_attempts,
        stage = placed.stage, payload = placed.payload, reason = NULL
    FROM placed
    WHERE jobs.lane = placed.lane
)
SELECT ended.id, next.stage FROM ended LEFT JOIN next USING (lane)
