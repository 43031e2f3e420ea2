-- Instants are microseconds since 1970 (UTC); enum values are words; JSON is text.
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);

CREATE TABLE campaign (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'stopped', 'finished', 'refused')),
    document TEXT NOT NULL,
    folder TEXT NOT NULL,
    provider TEXT NOT NULL,
    purpose TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    reason TEXT NOT NULL,
    intake TEXT NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    loads INTEGER NOT NULL DEFAULT 0,
    next_send_at BIGINT
);

CREATE TABLE bad_row (campaign TEXT NOT NULL, source TEXT NOT NULL, line INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE INDEX bad_row_campaign ON bad_row (campaign);

CREATE TABLE account (
    provider TEXT PRIMARY KEY,
    next_send_at BIGINT,
    next_request_at BIGINT,
    paused_until BIGINT,
    breaker TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE person (person_key TEXT PRIMARY KEY, version INTEGER NOT NULL);

CREATE TABLE suppression (
    phone_key TEXT NOT NULL,
    scope TEXT NOT NULL,
    shown TEXT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    proof TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (phone_key, scope)
);

CREATE TABLE lead (
    id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL,
    campaign TEXT NOT NULL REFERENCES campaign (name),
    person_key TEXT NOT NULL,
    contact TEXT NOT NULL,
    rank DOUBLE PRECISION NOT NULL,
    source INTEGER NOT NULL,
    load INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'ready', 'calling', 'held', 'closed')),
    due_at BIGINT,
    closes_at BIGINT,
    last_chance INTEGER NOT NULL,
    reason TEXT NOT NULL,
    rule TEXT NOT NULL,
    outcome TEXT CHECK (outcome IN ('reached', 'refused', 'exhausted', 'do_not_call', 'bad_number', 'wrong_person',
                                    'blocked', 'expired', 'stopped')),
    label TEXT NOT NULL,
    closed_at BIGINT,
    callback_at BIGINT,
    callbacks INTEGER NOT NULL,
    promised_by INTEGER NOT NULL,
    retry_at BIGINT,
    retry_like TEXT,
    inbound_at BIGINT,
    warning TEXT NOT NULL,
    revision INTEGER NOT NULL,
    rev INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT,
    lease_until BIGINT,
    CHECK ((state = 'closed') = (outcome IS NOT NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX lead_seq ON lead (campaign, seq);
CREATE INDEX lead_waiting ON lead (campaign, due_at) WHERE state = 'waiting';
CREATE INDEX lead_ready ON lead (campaign, rank, last_chance DESC, closes_at, seq) WHERE state = 'ready';
CREATE INDEX lead_calling ON lead (campaign) WHERE state = 'calling';
CREATE INDEX lead_held ON lead (campaign) WHERE state = 'held';
CREATE INDEX lead_person ON lead (person_key);
CREATE INDEX lead_source ON lead (campaign, source, load);

CREATE TABLE lead_phone (
    lead_id TEXT NOT NULL REFERENCES lead (id),
    phone_key TEXT NOT NULL,
    PRIMARY KEY (lead_id, phone_key)
);
CREATE INDEX lead_phone_key ON lead_phone (phone_key);

CREATE TABLE attempt (
    id TEXT PRIMARY KEY,
    lead_id TEXT NOT NULL REFERENCES lead (id),
    campaign TEXT NOT NULL,
    person_key TEXT NOT NULL,
    phone TEXT NOT NULL,
    phone_key TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    provider TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intent', 'sending', 'placed', 'unclear', 'uncertain', 'refused', 'not_sent',
                                         'not_created', 'ended')),
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    body BLOB NOT NULL,
    callback INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    send_at BIGINT NOT NULL,
    dial_before BIGINT NOT NULL,
    lease_owner TEXT NOT NULL,
    first_sent_at BIGINT,
    placed_at BIGINT,
    ended_at BIGINT,
    call_id TEXT,
    unclear_since BIGINT,
    lookups INTEGER NOT NULL,
    empty_lookup_at BIGINT,
    reason TEXT NOT NULL,
    resolved_by TEXT NOT NULL,
    disposition TEXT CHECK (disposition IN ('answered', 'voicemail', 'no_answer', 'busy', 'declined', 'bad_number',
                                            'failed', 'unknown')),
    report TEXT,
    campaign_version INTEGER NOT NULL,
    person_version INTEGER NOT NULL,
    rev INTEGER NOT NULL DEFAULT 0,
    UNIQUE (lead_id, ordinal),
    CHECK ((state = 'ended') = (disposition IS NOT NULL)),
    CHECK (state NOT IN ('ended', 'refused', 'not_sent', 'not_created') OR open = 0),
    CHECK (state IN ('intent', 'not_sent') OR first_sent_at IS NOT NULL)
);
-- Nobody is called while an earlier call to the same number or person may be open: the first promise, in the database.
CREATE UNIQUE INDEX attempt_open_phone ON attempt (phone_key) WHERE open = 1;
CREATE UNIQUE INDEX attempt_open_person ON attempt (person_key) WHERE open = 1;
CREATE UNIQUE INDEX attempt_call ON attempt (provider, call_id) WHERE call_id IS NOT NULL;
CREATE INDEX attempt_open ON attempt (provider, campaign) WHERE open = 1;
CREATE INDEX attempt_live ON attempt (provider, state)
    WHERE state IN ('intent', 'sending', 'placed', 'unclear', 'uncertain');
CREATE INDEX attempt_person ON attempt (person_key, created_at);
CREATE INDEX attempt_campaign ON attempt (campaign, created_at);

CREATE TABLE inbox (
    id INTEGER PRIMARY KEY,
    provider TEXT NOT NULL,
    dedupe_key TEXT NOT NULL,
    grade TEXT NOT NULL,
    received_at BIGINT NOT NULL,
    report TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('new', 'applied', 'orphan', 'ignored')),
    tries INTEGER NOT NULL DEFAULT 0,
    UNIQUE (provider, dedupe_key)
);
CREATE INDEX inbox_new ON inbox (provider, id) WHERE state = 'new';

CREATE TABLE inbound (
    provider TEXT NOT NULL,
    call_id TEXT NOT NULL,
    stage TEXT NOT NULL,
    PRIMARY KEY (provider, call_id, stage)
);

CREATE TABLE journal (
    id INTEGER PRIMARY KEY,
    attempt_id TEXT NOT NULL,
    at BIGINT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    why TEXT NOT NULL
);
