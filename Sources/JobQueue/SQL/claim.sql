-- Indexes: jobs_ready, leases_clock, and those of calls_left.
--
-- $1 stage, $2 limit, $3 worker, $4 lease in seconds, $5 now or NULL for the database's clock, $6 the clocks of the
-- priorities 1, 0 and -1 to begin at, $7 the tokens that their leases get, $8 calls to a CRM that a batch takes, $9 jobs of a
-- connection in such a batch.
--
-- Takes jobs in the order of their turns, behind serialize.sql. A lease names the jobs that it holds, and no row of theirs
-- is written. Jobs past their time or out of attempts are taken too, for they are to be dropped or buried. Those that are
-- paused, or whose connection has no calls left, are not taken: park.sql sets them aside.
-- Returns all that it looked at: where to find the job for finish.sql, unless others wait behind it; for how many seconds to
-- park it, or NULL when it is taken; and why it is to be dropped or buried.
--
-- Tokens are drawn by the worker: a crash would set a sequence back with the claim, and the next claim would get the same.
--
-- Finished rows stay in jobs_ready until a vacuum that may remove them, and a snapshot held open forbids that; so a claim
-- does not begin at the index's start. The turn of a lease is the last that it took, so what is held at a mark and behind
-- it is in the leases from there on. MATERIALIZED fences the LIMIT in.
WITH levels AS (
    SELECT * FROM unnest('{1,0,-1}'::smallint[], $6::bigint[], $7::bigint[]) AS level (priority, mark, token)
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
paused AS MATERIALIZED (
    SELECT tenant_id, system FROM queue_pauses WHERE stage IS NULL OR stage = $1
),
candidates AS MATERIALIZED (
    SELECT job.*,
           EXISTS (
               SELECT FROM paused
               WHERE coalesce(paused.tenant_id = job.tenant_id, true)
                   AND (paused.system IS NULL
                       OR paused.system = (SELECT system FROM connections WHERE id = job.connection_id))
           ) AS is_paused
    FROM levels,
        LATERAL (
            SELECT id, lane, turn, tenant_id, connection_id, jobs.priority, attempt, max_attempts, payload, valid_until,
                   CASE WHEN behind = 0 THEN jobs.ctid END AS place, CASE WHEN attempt >= max_attempts THEN reason END AS reason
            FROM jobs
            WHERE stage = $1 AND jobs.priority = levels.priority AND turn >= mark AND id NOT IN (SELECT id FROM held)
            ORDER BY turn, id
            LIMIT $2::bigint
        ) AS job
    LIMIT $2::bigint
),
-- MATERIALIZED, so that what a limit leaves is looked up once.
limits AS MATERIALIZED (
    SELECT *
    FROM (
            SELECT connection_id, count(*) FROM candidates WHERE $8::bigint > 0 AND NOT is_paused GROUP BY connection_id
        ) AS flow,
        calls_left(connection_id, coalesce($5::timestamptz, statement_timestamp()))
),
-- How many jobs of each connection may go on, by its tightest limit; nothing for one of which no limit is known.
flows AS MATERIALIZED (
    SELECT DISTINCT ON (connection_id) connection_id, count, least(count, greatest(available, 0) / $8 * $9) AS allowed,
           park_seconds, observation, calls_so_far, last_at
    FROM limits
    ORDER BY connection_id, available
),
-- Few, as a rule none: so the jobs are put into an order by connection only where calls run out.
over AS MATERIALIZED (
    SELECT id, park_seconds
    FROM (
        SELECT id, allowed, park_seconds,
               row_number() OVER (PARTITION BY connection_id ORDER BY priority DESC, turn, id) AS nth
        FROM candidates JOIN flows USING (connection_id)
        WHERE NOT is_paused AND count > allowed
    ) AS job
    WHERE nth > allowed
),
reserved AS (
    INSERT INTO call_ledger (connection_id, at, calls, calls_so_far, observation)
    SELECT connection_id, greatest(coalesce($5::timestamptz, statement_timestamp()), last_at),
           $8 * ((allowed - 1) / $9 + 1), calls_so_far + $8 * ((allowed - 1) / $9 + 1), observation
    FROM flows
    WHERE allowed > 0
),
leased AS (
    INSERT INTO leases (token, stage, priority, turn, leased_until, worker, lanes, jobs)
    SELECT token, $1, priority, max(turn),
           coalesce($5::timestamptz, statement_timestamp()) + make_interval(secs => $4), $3, array_agg(lane), array_agg(id)
    FROM candidates JOIN levels USING (priority)
    WHERE NOT is_paused AND id NOT IN (SELECT id FROM over)
    GROUP BY priority, token
)
SELECT id, lane, turn, tenant_id, connection_id, priority, attempt, max_attempts, payload, place,
       CASE WHEN is_paused THEN 'Infinity' ELSE park_seconds END,
       CASE WHEN valid_until <= coalesce($5::timestamptz, statement_timestamp())
           THEN 'stale: it was valid until ' || valid_until END,
       CASE WHEN attempt >= max_attempts THEN coalesce(reason, 'lost') || ', the last one' END
FROM candidates LEFT JOIN over USING (id)
