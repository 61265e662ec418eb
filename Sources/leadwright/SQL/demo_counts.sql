-- Everything that the demo's report counts; run once over a small database, so it needs no index.
SELECT
    (SELECT count(*) FROM deliveries),
    (SELECT coalesce(sum(duplicates), 0)::bigint FROM deliveries),
    (SELECT coalesce(sum(events - duplicates), 0)::bigint FROM deliveries),
    (SELECT count(*) FROM suppressions WHERE reason IN ('opted_out', 'no_consent')),
    (SELECT count(*) FROM suppressions WHERE reason = 'holdout'),
    (SELECT count(*) FROM outcomes),
    (SELECT count(*) FROM training_examples),
    (SELECT count(*) FROM generations WHERE state NOT IN ('written', 'suppressed')),
    (SELECT count(*) FROM dead_jobs WHERE stage = 'understand')
