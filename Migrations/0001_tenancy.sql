-- Who works here: tenants, what they declared, their connections and the secrets of those.

CREATE TABLE tenants (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    title       text NOT NULL,
    weight      integer NOT NULL DEFAULT 1 CHECK (weight BETWEEN 1 AND 1000),
    created_at  timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN tenants.weight IS 'Share of the workers'' time beside the other tenants with work to do.';

-- Every declaration ever applied; the newest version of a (kind, name) is in force. A generation names the version
-- of the playbook that made it, so old versions stay.
CREATE TABLE declarations (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   bigint NOT NULL REFERENCES tenants,
    kind        text NOT NULL CHECK (kind IN ('tenant', 'connection', 'playbook')),
    name        text NOT NULL,
    version     integer NOT NULL CHECK (version > 0),
    body        jsonb NOT NULL,
    sha256      text NOT NULL,
    applied_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, kind, name, version)
);

CREATE TABLE connections (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant_id   bigint NOT NULL REFERENCES tenants,
    name        text NOT NULL UNIQUE CHECK (name ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    system      text NOT NULL CHECK (system IN ('hubspot', 'salesforce', 'zapier')),
    account     text NOT NULL,
    settings    jsonb NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now()
);
-- A tenant's connections.
CREATE INDEX connections_by_tenant ON connections (tenant_id);
COMMENT ON COLUMN connections.name IS 'The last part of the webhook URL.';

-- Secrets, sealed with AES-256-GCM. The associated data is "tenant/connection/name", so that a row moved to another
-- place does not open.
CREATE TABLE credentials (
    connection_id bigint NOT NULL REFERENCES connections ON DELETE CASCADE,
    name          text NOT NULL,
    key_id        text NOT NULL,
    nonce         bytea NOT NULL CHECK (octet_length(nonce) = 12),
    ciphertext    bytea NOT NULL,
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (connection_id, name)
);

-- What the last login of a connection gave, sealed: access token, rotated refresh token, and a hash of the credentials
-- that it came from. Every process uses it; it is renewed under a lock on the connection's credentials.
CREATE TABLE logins (
    connection_id bigint PRIMARY KEY REFERENCES connections ON DELETE CASCADE,
    key_id        text NOT NULL,
    nonce         bytea NOT NULL CHECK (octet_length(nonce) = 12),
    ciphertext    bytea NOT NULL,
    expires_at    timestamptz,
    renewed_at    timestamptz NOT NULL DEFAULT now()
);

-- Where a Zap asked to be called (REST hooks).
CREATE TABLE hook_subscriptions (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    connection_id bigint NOT NULL REFERENCES connections ON DELETE CASCADE,
    event         text NOT NULL,
    url           text NOT NULL,
    filters       jsonb NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL DEFAULT now(),
    gone_at       timestamptz
);
-- Whom to call about an event.
CREATE INDEX hook_subscriptions_live ON hook_subscriptions (connection_id, event) WHERE gone_at IS NULL;
COMMENT ON COLUMN hook_subscriptions.gone_at IS 'Set by unsubscribing, or by the receiver''s 410; never called again.';
