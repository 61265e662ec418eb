-- Indexes: jobs_ready, and those of call_budget.
--
-- $1 stage, $2 limit, $3 worker, $4 lease in seconds, $5 now or NULL for the database's clock, $6 the clocks of the
-- priorities 1, 0 and -1 to begin at, $7 calls to a CRM that a batch takes, $8 jobs of a connection in such a batch.
--
-- Takes jobs in the order of their turns. Those that are paused, or whose connection has no calls left, are parked: they
-- wait without a turn, and no attempt is counted. Jobs past their time or out of attempts are taken too, without
-- counting one, for they are to be dropped or buried.
-- Returns how many were looked at, with each job taken, or alone. Its commit does not wait for the disk: a claim that a
-- crash of the server undoes is a lease that ran out, and what its worker would still finish is refused. Tokens are drawn,
-- because a crash would set a sequence back with the claim, and the next claim would get the same.
--
-- Taken and finished rows stay in jobs_ready until a vacuum that may remove them, and a snapshot held open forbids that;
-- so a claim does not begin at the index's start. MATERIALIZED fences the LIMITs in: the planner would be free to run
-- them again for each row of an update, and then more rows than the limit are locked and taken. Locked rows are found
-- again by their place; one whose lane grew between the snapshot and the lock is not, and stays for the next claim.
WITH candidates AS MATERIALIZED (
    SELECT job.*
    FROM unnest('{1,0,-1}'::smallint[], $6::bigint[]) AS level (priority, mark),
        LATERAL (
            SELECT ctid AS place, lane, id, priority, turn, tenant_id, connection_id,
                   valid_until <= coalesce($5::timestamptz, statement_timestamp()) IS TRUE AS is_stale,
                   attempt >= max_attempts AS is_exhausted
            FROM jobs
            WHERE stage = $1 AND priority = level.priority AND turn >= level.mark AND token IS NULL
            ORDER BY turn, id
            LIMIT $2::bigint
            FOR UPDATE SKIP LOCKED
        ) AS job
    LIMIT $2::bigint
),
-- Locked, so that whoever resumes waits until what is parked here can be seen.
paused AS MATERIALIZED (
    SELECT tenant_id, system, stage FROM queue_pauses WHERE stage IS NULL OR stage = $1 FOR KEY SHARE
),
budgets AS MATERIALIZED (
    SELECT connection_id, budget.*
    FROM (SELECT DISTINCT connection_id FROM candidates WHERE $7 > 0) AS connection,
        call_budget(connection_id, coalesce($5::timestamptz, statement_timestamp())) AS budget
),
judged AS MATERIALIZED (
    SELECT candidates.*, available, park_seconds,
           EXISTS (
               SELECT FROM paused
               WHERE coalesce(paused.tenant_id = candidates.tenant_id, true)
                   AND (paused.system IS NULL
                       OR paused.system = (SELECT system FROM connections WHERE id = candidates.connection_id))
           ) AS is_paused
    FROM (
        SELECT candidates.*,
               $7 * ((row_number() OVER (PARTITION BY connection_id ORDER BY priority DESC, turn, id) - 1) / $8 + 1) AS calls
        FROM candidates
    ) AS candidates
    LEFT JOIN budgets USING (connection_id)
),
parked AS (
    UPDATE jobs
    SET turn = NULL,
        run_at = CASE WHEN is_paused THEN 'infinity'::timestamptz ELSE coalesce($5::timestamptz, statement_timestamp())
            + make_interval(secs => park_seconds) END,
        reason = CASE WHEN is_paused THEN 'paused' ELSE 'the call budget of its connection is used up' END
    FROM judged
    WHERE jobs.ctid = judged.place
        -- Known before the plan joins anything, so that it never reads the table to park a few.
        AND jobs.ctid = ANY (ARRAY(SELECT place FROM judged WHERE is_paused OR judged.calls > available))
),
taken AS MATERIALIZED (
    SELECT * FROM judged WHERE NOT is_paused AND calls <= coalesce(available, calls)
),
reserved AS (
    INSERT INTO call_reservations (connection_id, at, calls)
    SELECT connection_id, date_trunc('second', coalesce($5::timestamptz, statement_timestamp())), max(calls)
    FROM taken
    WHERE available IS NOT NULL
    GROUP BY connection_id
    ORDER BY connection_id
    ON CONFLICT (connection_id, at) DO UPDATE SET calls = call_reservations.calls + excluded.calls
),
leased AS (
    INSERT INTO leases (token, stage, priority, turn, leased_until, worker, lanes)
    SELECT hashtextextended(gen_random_uuid()::text, 0), $1, priority, max(turn),
           coalesce($5::timestamptz, statement_timestamp()) + make_interval(secs => $4), $3, array_agg(lane)
    FROM taken
    GROUP BY priority
    RETURNING token, priority
),
claimed AS (
    UPDATE jobs
    SET token = leased.token, attempt = attempt + CASE WHEN is_stale OR is_exhausted THEN 0 ELSE 1 END
    FROM taken JOIN leased USING (priority)
    WHERE jobs.ctid = taken.place AND jobs.ctid = ANY (ARRAY(SELECT place FROM taken))
    RETURNING jobs.ctid, jobs.*, is_stale, is_exhausted
)
SELECT looked_at.count, claimed.id, claimed.ctid, tenant_id, connection_id, lane, priority, turn, attempt, max_attempts, token,
       payload, enqueued_at,
       CASE WHEN is_stale THEN 'stale: it was valid until ' || valid_until END,
       CASE WHEN is_exhausted THEN coalesce(reason, 'lost') || ', the last one' END
FROM (SELECT count(*), set_config('synchronous_commit', 'off', true) FROM candidates) AS looked_at
LEFT JOIN claimed ON true
ORDER BY priority DESC, turn, id
