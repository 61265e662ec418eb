-- What leads did afterwards, and what is learnt from it.

CREATE TABLE outcomes (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     bigint NOT NULL REFERENCES tenants,
    lead_id       bigint NOT NULL REFERENCES leads,
    event_id      bigint NOT NULL,
    kind          text NOT NULL,
    occurred_at   timestamptz NOT NULL,
    generation_id uuid REFERENCES generations,
    attributed_by text,
    recorded_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (event_id, lead_id)
);
-- What came of a text.
CREATE INDEX outcomes_by_generation ON outcomes (generation_id) WHERE generation_id IS NOT NULL;
-- A tenant's outcomes of a time, for reports.
CREATE INDEX outcomes_by_tenant ON outcomes (tenant_id, occurred_at);
COMMENT ON COLUMN outcomes.attributed_by IS 'The rule that found the generation: last_written_within_window; null when none was found.';

CREATE TABLE training_examples (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id     bigint NOT NULL REFERENCES tenants,
    lead_id       bigint NOT NULL REFERENCES leads,
    generation_id uuid NOT NULL UNIQUE REFERENCES generations,
    stage         text NOT NULL,
    kind          text NOT NULL,
    label         boolean NOT NULL,
    reward        double precision NOT NULL,
    decided_by    text NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now()
);
-- A tenant's examples of a time, for data sets.
CREATE INDEX training_examples_by_tenant ON training_examples (tenant_id, created_at);
COMMENT ON TABLE training_examples IS 'One verdict for each written generation that got an outcome; its text stays in generations, so erasing there erases here.';
