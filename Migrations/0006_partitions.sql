-- Weekly partitions of the history tables, made ahead of time. `leadwright migrate` calls this, and every worker
-- once a day; running it twice, or at once, does nothing.

-- Rows from a clock far off land here instead of being refused; it should stay empty.
CREATE TABLE deliveries_default PARTITION OF deliveries DEFAULT;
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE TABLE job_history_default PARTITION OF job_history DEFAULT;

CREATE FUNCTION create_partitions(through timestamptz) RETURNS integer
LANGUAGE plpgsql
-- A week of a session elsewhere would be an hour longer or shorter when the clocks change.
SET TimeZone TO 'UTC'
AS $$
DECLARE
    parent    text;
    key       text;
    week      timestamptz;
    partition text;
    misplaced boolean;
    made      integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('leadwright.create_partitions', 0));
    FOR parent, key IN
        VALUES ('deliveries', 'received_at'), ('events', 'received_at'), ('job_history', 'finished_at')
    LOOP
        week := date_trunc('week', now());
        WHILE week <= through LOOP
            partition := parent || '_' || to_char(week, 'IYYY"w"IW');
            IF to_regclass(quote_ident(partition)) IS NULL THEN
                EXECUTE format(
                    'SELECT EXISTS (SELECT FROM %I WHERE %I >= %L AND %I < %L)',
                    parent || '_default', key, week, key, week + interval '7 days') INTO misplaced;
                IF misplaced THEN
                    -- Postgres would refuse the partition; the default one goes on serving that week.
                    RAISE WARNING '% has rows of the week that % is for', parent || '_default', partition;
                ELSE
                    -- Made apart and attached, which lets others go on writing; PARTITION OF would lock them out.
                    EXECUTE format(
                        'CREATE TABLE %I (LIKE %I INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)',
                        partition, parent);
                    EXECUTE format(
                        'ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                        parent, partition, week, week + interval '7 days');
                    made := made + 1;
                END IF;
            END IF;
            week := week + interval '7 days';
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;
COMMENT ON FUNCTION create_partitions IS 'Makes the missing partitions from this week to the given time; returns how many.';

SELECT create_partitions(now() + interval '28 days');
