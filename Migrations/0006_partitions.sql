-- Weekly partitions of the history tables, made ahead of time. `leadwright migrate` calls this, and every worker
-- once a day; running it twice, or at once, does nothing.

CREATE FUNCTION create_partitions(through timestamptz) RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    parent  text;
    week    timestamptz;
    made    integer := 0;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('leadwright.create_partitions', 0));
    FOREACH parent IN ARRAY ARRAY['deliveries', 'events', 'job_history'] LOOP
        week := date_trunc('week', now(), 'UTC');
        WHILE week <= through LOOP
            IF to_regclass(format('%I', parent || '_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW'))) IS NULL THEN
                EXECUTE format(
                    'CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                    parent || '_' || to_char(week AT TIME ZONE 'UTC', 'IYYY"w"IW'), parent, week, week + interval '7 days');
                made := made + 1;
            END IF;
            week := week + interval '7 days';
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

-- Rows from a clock far off land here instead of being refused; it should stay empty.
CREATE TABLE deliveries_default PARTITION OF deliveries DEFAULT;
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE TABLE job_history_default PARTITION OF job_history DEFAULT;

SELECT create_partitions(now() + interval '28 days');
