-- What the gateway stores of a delivery with one event, for pgbench: a transaction with a statement for each row. The
-- texts are those of `leadwright bench intake`,
-- but for colons before a word, which pgbench takes for its variables. Every job has a lane of its own.
\set event random(1, 9000000000000000)
\set lead random(1000, 100999)
BEGIN;
INSERT INTO event_keys (connection_id, key)
VALUES (1, '8112233/3101/' || :event || '/' || :lead || '/lifecyclestage/1795100000000');
INSERT INTO deliveries (connection_id, content_type, body, events, duplicates)
VALUES (
    1, 'application/json', convert_to(
        '[{"appId": 445566,"eventId":' || :event || ',"subscriptionId": 3101,"portalId": 8112233,"occurredAt": 1795100000000,'
        '"subscriptionType":"contact.propertyChange","attemptNumber": 0,"objectId":' || :lead || ','
        '"propertyName":"lifecyclestage","propertyValue":"marketingqualifiedlead","changeSource":"CRM_UI",'
        '"sourceId":"userId/4711"}]', 'UTF8'), 1, 0)
RETURNING id AS delivery \gset
INSERT INTO events (
    tenant_id, connection_id, delivery_id, kind, object_type, object_id, lead_key, occurred_at, body)
VALUES (
    1, 1, :delivery, 'stage.changed', 'contact', :lead, 'hubspot/8112233/contact/' || :lead, now(),
    (
        '{"kind":"stage.changed","objectType":"contact","objectID":"' || :lead || '","lead":{"system":"hubspot",'
        '"account":"8112233","objectType":"contact","objectID":"' || :lead || '"},"property":"lifecyclestage",'
        '"value":"marketingqualifiedlead","occurredAt": 1795100000000,"dedupeKey":"8112233/3101/' || :event || '/'
        || :lead || '/lifecyclestage/1795100000000","causedByUs": false,"attempt": 0,"needsLookup": false,"fields":{},'
        '"details":{"subscription_type":"contact.propertyChange","change_source":"CRM_UI"}}')::jsonb)
RETURNING id AS stored \gset
INSERT INTO jobs (
    lane, id, turn, tenant_id, connection_id, run_at, enqueued_at, priority, max_attempts, stage, payload)
VALUES (
    hashtextextended('1/hubspot/8112233/contact/' || :lead || '/' || :event, 0), nextval('job_ids'), :stored, 1, 1, now(),
    now(), 0, 12, 'understand', jsonb_build_object('event', :stored::bigint));
COMMIT;
