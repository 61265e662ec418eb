-- Indexes: jobs_ready, jobs_lane, jobs_leased, jobs_pkey.
--
-- $1 stage, $2 limit, $3 worker, $4 lease in seconds, $5 now or NULL for the database's clock.
--
-- Takes the due heads of their lanes, and the jobs whose lease ran out (they are heads already). Returns one row for
-- each job it looked at: with a token it is the caller's now; without, it was stale and went to history, or its last
-- attempt was lost with its worker and it is dead.
WITH
-- MATERIALIZED fences the LIMITs in: the planner would be free to run them again for each row of the update, and then
-- more rows than the limit are locked and claimed.
expired AS MATERIALIZED (
    SELECT id, CASE
        WHEN valid_until <= coalesce($5::timestamptz, statement_timestamp()) THEN 'drop'
        WHEN attempt >= max_attempts THEN 'bury'
        ELSE 'run' END AS fate
    FROM jobs
    WHERE state = 'running' AND stage = $1 AND leased_until <= coalesce($5::timestamptz, statement_timestamp())
    ORDER BY leased_until, id
    LIMIT $2::bigint
    FOR UPDATE SKIP LOCKED
),
due AS MATERIALIZED (
    SELECT id, CASE
        WHEN valid_until <= coalesce($5::timestamptz, statement_timestamp()) THEN 'drop'
        ELSE 'run' END AS fate
    FROM jobs AS job
    WHERE state = 'ready' AND stage = $1 AND run_at <= coalesce($5::timestamptz, statement_timestamp())
        -- Is it the head? As a scalar subquery, one probe of jobs_lane for each row; NOT EXISTS becomes an anti-join,
        -- which hashes the whole table as soon as the statistics are old.
        AND id = (
            SELECT head.id FROM jobs AS head
            WHERE head.lane = job.lane AND head.state IN ('ready', 'running')
            ORDER BY head.id
            LIMIT 1
        )
    ORDER BY priority DESC, run_at, id
    LIMIT greatest(0, $2::bigint - (SELECT count(*) FROM expired))
    FOR UPDATE OF job SKIP LOCKED
),
picked AS MATERIALIZED (
    SELECT id, fate FROM expired UNION ALL SELECT id, fate FROM due
),
dropped AS (
    DELETE FROM jobs USING picked
    WHERE jobs.id = picked.id AND fate = 'drop'
    RETURNING jobs.*
),
recorded AS (
    INSERT INTO job_history (
        job_id, stage, tenant_id, connection_id, lane, outcome, attempts, reason, payload, enqueued_at
    )
    SELECT id, stage, tenant_id, connection_id, lane, 'dropped', attempt, 'stale: it was valid until ' || valid_until,
           payload, enqueued_at
    FROM dropped
),
buried AS (
    UPDATE jobs
    SET state = 'dead', token = NULL, leased_until = NULL,
        reason = 'its worker ' || worker || ' was lost during attempt ' || attempt || ', the last one'
    FROM picked
    WHERE jobs.id = picked.id AND fate = 'bury'
),
claimed AS (
    UPDATE jobs
    SET state = 'running', attempt = attempt + 1, token = nextval('job_tokens'), worker = $3,
        leased_until = coalesce($5::timestamptz, statement_timestamp()) + make_interval(secs => $4)
    FROM picked
    WHERE jobs.id = picked.id AND fate = 'run'
    RETURNING jobs.*
)
SELECT picked.id, tenant_id, connection_id, lane, attempt, max_attempts, token, payload, enqueued_at
FROM picked LEFT JOIN claimed USING (id)
ORDER BY picked.id
