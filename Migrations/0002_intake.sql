-- What came in. Deliveries and events are append-only history in weekly partitions, which retention drops whole; a
-- plain DELETE over them would leave dead tuples behind for vacuum. The rows that change (keys, leads) are apart.

CREATE TABLE deliveries (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    received_at   timestamptz NOT NULL DEFAULT now(),
    connection_id bigint NOT NULL,
    content_type  text NOT NULL,
    body          bytea NOT NULL,
    events        integer NOT NULL,
    duplicates    integer NOT NULL,
    PRIMARY KEY (id, received_at)
) PARTITION BY RANGE (received_at);
-- What a connection sent lately.
CREATE INDEX deliveries_by_connection ON deliveries (connection_id, received_at);
COMMENT ON TABLE deliveries IS 'One authentic HTTP request of a CRM, as it arrived.';

CREATE TABLE events (
    id            bigint GENERATED ALWAYS AS IDENTITY,
    received_at   timestamptz NOT NULL DEFAULT now(),
    tenant_id     bigint NOT NULL,
    connection_id bigint NOT NULL,
    delivery_id   bigint NOT NULL,
    kind          text NOT NULL,
    object_type   text NOT NULL,
    object_id     text NOT NULL,
    lead_key      text,
    occurred_at   timestamptz NOT NULL,
    ignored       text,
    body          jsonb NOT NULL,
    PRIMARY KEY (id, received_at)
) PARTITION BY RANGE (received_at);
-- The story of one lead, in order.
CREATE INDEX events_by_lead ON events (lead_key, id) WHERE lead_key IS NOT NULL;
COMMENT ON COLUMN events.body IS 'The normalised event as the connector read it.';
COMMENT ON COLUMN events.ignored IS 'Why no job was made for it: means nothing to us, our own write.';

-- One row for each event ever accepted; inserting it is what makes a delivery happen once.
CREATE TABLE event_keys (
    connection_id bigint NOT NULL,
    key           text NOT NULL,
    seen_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, key)
);
-- Forgetting old keys; they lie in the order of their age, so a summary of each block range is enough.
CREATE INDEX event_keys_by_age ON event_keys USING brin (seen_at);

CREATE TABLE leads (
    id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id      bigint NOT NULL REFERENCES tenants,
    connection_id  bigint NOT NULL REFERENCES connections,
    key            text NOT NULL UNIQUE,
    object_type    text NOT NULL,
    object_id      text NOT NULL,
    stage          text,
    fields         jsonb NOT NULL DEFAULT '{}',
    opted_out_at   timestamptz,
    erased_at      timestamptz,
    merged_into    bigint REFERENCES leads,
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 80);
-- A tenant's leads, page by page.
CREATE INDEX leads_by_tenant ON leads (tenant_id, id);
COMMENT ON COLUMN leads.fields IS 'What events told us about the lead, for systems that cannot be read (Zapier).';
COMMENT ON COLUMN leads.opted_out_at IS 'Once set, only a person clears it: an emptied opt-out field is no new consent.';

-- Erased leads are known by a keyed hash only, so that a late event does not bring them back.
CREATE TABLE erasures (
    connection_id bigint NOT NULL,
    lead_hash     bytea NOT NULL,
    erased_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, lead_hash)
);
