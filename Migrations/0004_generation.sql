-- What was decided, made and written.

-- Drawn once before anything is generated, and never again: the arm a lead is in decides what it may receive.
CREATE TABLE assignments (
    tenant_id    bigint NOT NULL REFERENCES tenants,
    experiment   text NOT NULL,
    lead_id      bigint NOT NULL REFERENCES leads,
    arm          text NOT NULL CHECK (arm IN ('holdout', 'baseline', 'treatment')),
    probability  double precision NOT NULL CHECK (probability > 0 AND probability <= 1),
    assigned_at  timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, experiment, lead_id)
);

-- Messages that wait until their lead is quiet. One row for a lead and playbook, so that several changes in a short
-- time make one message; it names the newest event that asks for it.
CREATE TABLE quiet_messages (
    lead_id      bigint NOT NULL REFERENCES leads,
    playbook     text NOT NULL,
    event_id     bigint NOT NULL,
    since        timestamptz NOT NULL,
    due_at       timestamptz NOT NULL,
    PRIMARY KEY (lead_id, playbook)
) WITH (fillfactor = 70);
COMMENT ON COLUMN quiet_messages.since IS 'When the first of the events came; bounds how often the wait begins anew.';

CREATE TABLE suppressions (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id    bigint NOT NULL REFERENCES tenants,
    lead_id      bigint NOT NULL REFERENCES leads,
    event_id     bigint NOT NULL,
    playbook     text NOT NULL,
    reason       text NOT NULL CHECK (reason IN ('opted_out', 'no_consent', 'holdout', 'gone', 'incomplete', 'stale')),
    detail       text NOT NULL,
    stage        text NOT NULL CHECK (stage IN ('understand', 'generate', 'write')),
    at           timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, lead_id, playbook)
);
COMMENT ON TABLE suppressions IS 'A message that was due and was not made or not written, and why.';

CREATE TABLE generations (
    id              uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       bigint NOT NULL REFERENCES tenants,
    connection_id   bigint NOT NULL REFERENCES connections,
    lead_id         bigint NOT NULL REFERENCES leads,
    event_id        bigint NOT NULL,
    playbook        text NOT NULL,
    playbook_version integer NOT NULL,
    kind            text NOT NULL,
    stage           text NOT NULL,
    arm             text NOT NULL,
    seed            bigint NOT NULL,
    state           text NOT NULL DEFAULT 'planned'
                    CHECK (state IN ('planned', 'generated', 'written', 'suppressed', 'failed')),
    record          jsonb NOT NULL,
    content         jsonb,
    prompt          text,
    prompt_sha256   text,
    model           text,
    model_sha256    text,
    adapter         text,
    slots           jsonb,
    prompt_tokens   integer,
    cached_tokens   integer,
    tokens          integer,
    milliseconds    integer,
    valid_until     timestamptz,
    planned_at      timestamptz NOT NULL DEFAULT now(),
    generated_at    timestamptz,
    written_at      timestamptz,
    UNIQUE (event_id, lead_id, playbook)
);
-- What a lead was sent, and what an outcome is attributed to.
CREATE INDEX generations_by_lead ON generations (lead_id, planned_at);
-- A tenant's texts of a time, for reports and data sets.
CREATE INDEX generations_by_tenant ON generations (tenant_id, planned_at);
COMMENT ON COLUMN generations.valid_until IS 'From then on it is neither made nor written; null for a text that does not age.';
COMMENT ON COLUMN generations.record IS 'The lead as read from the CRM when the message was decided on.';
COMMENT ON COLUMN generations.slots IS 'One SlotResult for each slot: outcome, attempts, reasons.';

-- The outbox: the intent is committed before the call, the proven result after it.
CREATE TABLE write_backs (
    generation_id uuid NOT NULL REFERENCES generations,
    target        text NOT NULL,
    connection_id bigint NOT NULL,
    fingerprint   text NOT NULL,
    state         text NOT NULL DEFAULT 'intended'
                  CHECK (state IN ('intended', 'written', 'proven', 'refused', 'suppressed')),
    location      text,
    receipt       text,
    reason        text,
    attempts      smallint NOT NULL DEFAULT 0,
    intended_at   timestamptz NOT NULL DEFAULT now(),
    written_at    timestamptz,
    proven_at     timestamptz,
    PRIMARY KEY (generation_id, target)
);
-- "Did we write this?" asks by fingerprint.
CREATE INDEX write_backs_by_fingerprint ON write_backs (connection_id, fingerprint);
COMMENT ON COLUMN write_backs.state IS 'proven: read back from the CRM, or acknowledged by a receipt where nothing can be read.';
