-- The same rows as transaction.sql in one statement, which is its own transaction: one round trip.
\set event random(1, 9000000000000000)
\set lead random(1000, 100999)
WITH key AS (
    INSERT INTO event_keys (connection_id, key)
VALUES (1, '8112233/3101/' || :event || '/' || :lead || '/lifecyclestage/1795100000000')
), delivery AS (
    INSERT INTO deliveries (connection_id, content_type, body, events, duplicates)
    VALUES (
        1, 'application/json', convert_to(
        '[{"appId": 445566,"eventId":' || :event || ',"subscriptionId": 3101,"portalId": 8112233,"occurredAt": 1795100000000,'
        '"subscriptionType":"contact.propertyChange","attemptNumber": 0,"objectId":' || :lead || ','
        '"propertyName":"lifecyclestage","propertyValue":"marketingqualifiedlead","changeSource":"CRM_UI",'
        '"sourceId":"userId/4711"}]', 'UTF8'), 1, 0)
    RETURNING id
), event AS (
    INSERT INTO events (
        tenant_id, connection_id, delivery_id, kind, object_type, object_id, lead_key, occurred_at, body)
    SELECT 1, 1, delivery.id, 'stage.changed', 'contact', :lead, 'hubspot/8112233/contact/' || :lead, now(),
    (
        '{"kind":"stage.changed","objectType":"contact","objectID":"' || :lead || '","lead":{"system":"hubspot",'
        '"account":"8112233","objectType":"contact","objectID":"' || :lead || '"},"property":"lifecyclestage",'
        '"value":"marketingqualifiedlead","occurredAt": 1795100000000,"dedupeKey":"8112233/3101/' || :event || '/'
        || :lead || '/lifecyclestage/1795100000000","causedByUs": false,"attempt": 0,"needsLookup": false,"fields":{},'
        '"details":{"subscription_type":"contact.propertyChange","change_source":"CRM_UI"}}')::jsonb
    FROM delivery
    RETURNING id
)
INSERT INTO jobs (
    lane, id, turn, tenant_id, connection_id, run_at, enqueued_at, priority, max_attempts, stage, payload)
SELECT hashtextextended('1/hubspot/8112233/contact/' || :lead || '/' || :event, 0), nextval('job_ids'), event.id, 1, 1,
    now(), now(), 0, 12, 'understand', jsonb_build_object('event', event.id)
FROM event;
