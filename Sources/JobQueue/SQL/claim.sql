-- Indexes: jobs_ready, leases_clock, and those of call_budget.
--
-- $1 stage, $2 limit, $3 worker, $4 lease in seconds, $5 now or NULL for the database's clock, $6 the clocks of the
-- priorities 1, 0 and -1 to begin at, $7 calls to a CRM that a batch takes, $8 jobs of a connection in such a batch.
--
-- Takes jobs in the order of their turns, behind begin_claim.sql. A lease names the jobs that it holds, and no row of
-- theirs is written. Those that are paused, or whose connection has no calls left, are parked: they wait without a turn,
-- and no attempt is counted. Jobs past their time or out of attempts are taken too, without counting one, for they are to
-- be dropped or buried.
-- Returns how many were looked at and parked, with each job taken, or alone. Its commit does not wait for the disk: a claim
-- that a crash of the server undoes is a lease that ran out, and what its worker would still finish is refused. Tokens are
-- drawn, because a crash would set a sequence back with the claim, and the next claim would get the same.
--
-- Finished rows stay in jobs_ready until a vacuum that may remove them, and a snapshot held open forbids that; so a claim
-- does not begin at the index's start. The turn of a lease is the last that it took, so what is held at a mark and behind
-- it is in the leases from there on. MATERIALIZED fences the LIMIT in.
WITH levels AS (
    SELECT * FROM unnest('{1,0,-1}'::smallint[], $6::bigint[]) AS level (priority, mark)
),
held AS MATERIALIZED (
    SELECT unnest(lease.jobs) AS id
    FROM levels,
        LATERAL (
            -- With a second end, which no turn reaches, the planner expects few rows and walks the index; with one, it
            -- expects a third of them and reads the table, which is mostly dead rows when a snapshot is held.
            SELECT leases.jobs FROM leases
            WHERE stage = $1 AND leases.priority = levels.priority AND leases.turn >= mark
                AND leases.turn < mark + (1::bigint << 62)
            OFFSET 0
        ) AS lease
),
candidates AS MATERIALIZED (
    SELECT job.*
    FROM levels,
        LATERAL (
            SELECT jobs.ctid AS place, lane, id, tenant_id, connection_id, jobs.priority, turn, attempt, max_attempts,
                   valid_until, enqueued_at, payload, reason
            FROM jobs
            WHERE stage = $1 AND jobs.priority = levels.priority AND turn >= mark AND id NOT IN (SELECT id FROM held)
            ORDER BY turn, id
            LIMIT $2::bigint
        ) AS job
    LIMIT $2::bigint
),
-- Locked, so that whoever resumes waits until what is parked here can be seen.
paused AS MATERIALIZED (
    SELECT tenant_id, system, stage FROM queue_pauses WHERE stage IS NULL OR stage = $1 FOR KEY SHARE
),
-- How many jobs of each connection its calls are enough for; NULL when no limit is known.
budgets AS MATERIALIZED (
    SELECT connection_id, count, available / $7 * $8 AS allowed, park_seconds
    FROM (SELECT connection_id, count(*) FROM candidates WHERE $7 > 0 GROUP BY connection_id) AS flow,
        call_budget(connection_id, coalesce($5::timestamptz, statement_timestamp())) AS budget
),
-- Few, as a rule none: so the jobs are put into an order by connection only where calls run out.
stopped AS MATERIALIZED (
    SELECT place, false AS is_paused, park_seconds
    FROM (
        SELECT place, allowed, park_seconds,
               row_number() OVER (PARTITION BY connection_id ORDER BY priority DESC, turn, id) AS nth
        FROM candidates JOIN budgets USING (connection_id)
        WHERE count > allowed
    ) AS job
    WHERE nth > allowed
    UNION ALL
    SELECT place, true, NULL
    FROM candidates
    WHERE EXISTS (
        SELECT FROM paused
        WHERE coalesce(paused.tenant_id = candidates.tenant_id, true)
            AND (paused.system IS NULL
                OR paused.system = (SELECT system FROM connections WHERE id = candidates.connection_id))
    )
),
-- Whoever enqueues to such a lane holds its row for a moment; it is parked by a later claim then.
parkable AS MATERIALIZED (
    SELECT ctid AS place FROM jobs
    WHERE ctid = ANY (ARRAY(SELECT place FROM stopped))
    FOR UPDATE SKIP LOCKED
),
parked AS (
    UPDATE jobs
    SET turn = NULL,
        run_at = CASE WHEN is_paused THEN 'infinity'::timestamptz ELSE coalesce($5::timestamptz, statement_timestamp())
            + make_interval(secs => park_seconds) END,
        reason = CASE WHEN is_paused THEN 'paused' ELSE 'the call budget of its connection is used up' END
    FROM stopped JOIN parkable USING (place)
    WHERE jobs.ctid = place AND jobs.ctid = ANY (ARRAY(SELECT place FROM parkable))
),
taken AS MATERIALIZED (
    SELECT candidates.*,
           valid_until <= coalesce($5::timestamptz, statement_timestamp()) IS TRUE AS is_stale,
           attempt >= max_attempts AS is_exhausted
    FROM candidates
    WHERE place NOT IN (SELECT place FROM stopped)
),
reserved AS (
    INSERT INTO call_reservations (connection_id, at, calls, calls_so_far)
    SELECT connection_id, greatest(coalesce($5::timestamptz, statement_timestamp()), last.at), calls,
           calls + coalesce(last.calls_so_far, 0)
    FROM (
        SELECT connection_id, $7 * ((count(*) - 1) / $8 + 1) AS calls
        FROM taken
        WHERE connection_id IN (SELECT connection_id FROM budgets)
        GROUP BY connection_id
    ) AS flow
    LEFT JOIN LATERAL (
        SELECT at, calls_so_far FROM call_reservations
        WHERE connection_id = flow.connection_id
        ORDER BY at DESC LIMIT 1
    ) AS last ON true
    -- Two at one moment, or the clock was set back.
    ON CONFLICT (connection_id, at) DO UPDATE
    SET calls = call_reservations.calls + excluded.calls, calls_so_far = excluded.calls_so_far
),
leased AS (
    INSERT INTO leases (token, stage, priority, turn, leased_until, worker, lanes, jobs)
    SELECT hashtextextended(gen_random_uuid()::text, 0), $1, priority, max(turn),
           coalesce($5::timestamptz, statement_timestamp()) + make_interval(secs => $4), $3, array_agg(lane), array_agg(id)
    FROM taken
    GROUP BY priority
    RETURNING token, priority
)
SELECT looked_at.count, looked_at.parked, id, place, tenant_id, connection_id, lane, priority, turn,
       attempt + CASE WHEN is_stale OR is_exhausted THEN 0 ELSE 1 END, max_attempts, token, payload, enqueued_at,
       CASE WHEN is_stale THEN 'stale: it was valid until ' || valid_until END,
       CASE WHEN is_exhausted THEN coalesce(reason, 'lost') || ', the last one' END
FROM (
    SELECT (SELECT count(*) FROM candidates), (SELECT count(*) FROM parkable) AS parked,
           set_config('synchronous_commit', 'off', true)
) AS looked_at
LEFT JOIN (SELECT * FROM taken JOIN leased USING (priority)) AS claimed ON true
ORDER BY priority DESC, turn, id
