-- The whole schema as SQLite has it after its step 4. Instants are microseconds since 1970 (UTC); enum values are words;
-- JSON is text. Texts are ordered by their bytes, whatever the database's language: so both databases agree, and no
-- update of the system's languages spoils an index.

-- As SQLite has it: one value of a JSON text, by a path such as '$.origin[0]'.
CREATE FUNCTION json_extract(document TEXT, path TEXT) RETURNS TEXT LANGUAGE SQL IMMUTABLE PARALLEL SAFE AS
    $$ SELECT jsonb_path_query_first(document::jsonb, path::jsonpath) #>> '{}' $$;

CREATE TABLE meta (key TEXT COLLATE "C" PRIMARY KEY, value TEXT COLLATE "C" NOT NULL);
-- The oldest program that still works with this schema.
INSERT INTO meta (key, value) VALUES ('runs_from', '4');

CREATE TABLE campaign (
    name TEXT COLLATE "C" PRIMARY KEY,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('active', 'paused', 'stopped', 'finished', 'refused')),
    document TEXT COLLATE "C" NOT NULL,
    folder TEXT COLLATE "C" NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    revision INTEGER NOT NULL,
    version INTEGER NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    intake TEXT COLLATE "C" NOT NULL,
    started_at BIGINT,
    finished_at BIGINT,
    loads INTEGER NOT NULL DEFAULT 0,
    next_send_at BIGINT,
    plans_from INTEGER NOT NULL DEFAULT 0,
    planned_under TEXT COLLATE "C" NOT NULL DEFAULT '',
    ramp_from BIGINT,
    priority INTEGER NOT NULL DEFAULT 3,
    served BIGINT NOT NULL DEFAULT 0,
    bid_lines INTEGER NOT NULL DEFAULT 0,
    bid_until BIGINT,
    purse TEXT COLLATE "C" NOT NULL DEFAULT '',
    archived_at BIGINT,
    closing_to INTEGER
);
CREATE INDEX campaign_active ON campaign (provider) WHERE state = 'active';

CREATE TABLE bad_row (
    campaign TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    line INTEGER NOT NULL,
    reason TEXT COLLATE "C" NOT NULL
);
CREATE INDEX bad_row_campaign ON bad_row (campaign);

CREATE TABLE account (
    provider TEXT COLLATE "C" PRIMARY KEY,
    next_send_at BIGINT,
    next_request_at BIGINT,
    paused_until BIGINT,
    breaker TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    served BIGINT NOT NULL DEFAULT 0,
    asked_until BIGINT
);

CREATE TABLE person (person_key TEXT COLLATE "C" PRIMARY KEY, version INTEGER NOT NULL);

CREATE TABLE suppression (
    phone_key TEXT COLLATE "C" NOT NULL,
    scope TEXT COLLATE "C" NOT NULL,
    shown TEXT COLLATE "C" NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    proof TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (phone_key, scope)
);

CREATE TABLE lead (
    id TEXT COLLATE "C" PRIMARY KEY,
    seq INTEGER NOT NULL,
    campaign TEXT COLLATE "C" NOT NULL REFERENCES campaign (name),
    person_key TEXT COLLATE "C" NOT NULL,
    contact TEXT COLLATE "C" NOT NULL,
    rank DOUBLE PRECISION NOT NULL,
    source INTEGER NOT NULL,
    load INTEGER NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'ready', 'calling', 'held', 'closed')),
    due_at BIGINT,
    closes_at BIGINT,
    last_chance INTEGER NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    rule TEXT COLLATE "C" NOT NULL,
    outcome TEXT COLLATE "C" CHECK (outcome IN ('reached', 'refused', 'exhausted', 'do_not_call', 'bad_number',
                                                'wrong_person', 'blocked', 'expired', 'stopped')),
    label TEXT COLLATE "C" NOT NULL,
    closed_at BIGINT,
    callback_at BIGINT,
    callbacks INTEGER NOT NULL,
    promised_by INTEGER NOT NULL,
    retry_at BIGINT,
    retry_like TEXT COLLATE "C",
    inbound_at BIGINT,
    warning TEXT COLLATE "C" NOT NULL,
    revision INTEGER NOT NULL,
    rev INTEGER NOT NULL DEFAULT 0,
    lease_owner TEXT COLLATE "C",
    lease_until BIGINT,
    urgent INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1)),
    opted_out INTEGER NOT NULL DEFAULT 0 CHECK (opted_out IN (0, 1)),
    written TEXT COLLATE "C" NOT NULL DEFAULT '',
    erased TEXT COLLATE "C" NOT NULL DEFAULT '' CHECK (erased IN ('', 'words', 'numbers')),
    CHECK ((state = 'closed') = (outcome IS NOT NULL)),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
);
CREATE UNIQUE INDEX lead_seq ON lead (campaign, seq);
CREATE INDEX lead_waiting ON lead (campaign, COALESCE(due_at, 0), seq) WHERE state = 'waiting';
CREATE INDEX lead_ready ON lead (campaign, (callback_at IS NULL), rank, (last_chance = 0 AND urgent = 0),
                                 closes_at NULLS FIRST, seq) WHERE state = 'ready';
CREATE INDEX lead_calling ON lead (campaign) WHERE state = 'calling';
CREATE INDEX lead_held ON lead (campaign) WHERE state = 'held';
CREATE INDEX lead_person ON lead (person_key);
CREATE INDEX lead_refused ON lead (person_key) WHERE outcome = 'refused';
CREATE INDEX lead_source ON lead (source, campaign, load);
CREATE INDEX lead_revision ON lead (campaign, revision, rule, reason, COALESCE(due_at, 0))
    WHERE state = 'waiting' AND due_at IS NOT NULL;
CREATE INDEX lead_closed ON lead (campaign, outcome, seq) WHERE outcome IS NOT NULL;
CREATE INDEX lead_warned ON lead (campaign) WHERE warning <> '';
CREATE INDEX lead_suspended ON lead (campaign) WHERE state = 'waiting' AND rule = 'rules suspend' AND due_at IS NOT NULL;
CREATE INDEX lead_urgent ON lead (campaign) WHERE urgent = 1;
CREATE INDEX lead_unwritten
    ON lead (campaign, json_extract(contact, '$.origin[0]'), (outcome <> 'do_not_call' AND opted_out = 0), closed_at)
    WHERE written <> outcome || ':' || label || ':' || CAST(closed_at AS TEXT) || ':' || CAST(opted_out AS TEXT);

CREATE TABLE lead_phone (
    lead_id TEXT COLLATE "C" NOT NULL REFERENCES lead (id),
    phone_key TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (lead_id, phone_key)
);
CREATE INDEX lead_phone_key ON lead_phone (phone_key);

CREATE TABLE attempt (
    id TEXT COLLATE "C" PRIMARY KEY,
    lead_id TEXT COLLATE "C" NOT NULL REFERENCES lead (id),
    campaign TEXT COLLATE "C" NOT NULL,
    person_key TEXT COLLATE "C" NOT NULL,
    phone TEXT COLLATE "C" NOT NULL,
    phone_key TEXT COLLATE "C" NOT NULL,
    ordinal INTEGER NOT NULL,
    provider TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('intent', 'sending', 'booked', 'placed', 'unclear', 'uncertain',
                                                     'refused', 'not_sent', 'not_created', 'ended')),
    open INTEGER NOT NULL CHECK (open IN (0, 1)),
    body BYTEA NOT NULL,
    callback INTEGER NOT NULL,
    created_at BIGINT NOT NULL,
    send_at BIGINT NOT NULL,
    dial_before BIGINT NOT NULL,
    lease_owner TEXT COLLATE "C" NOT NULL,
    first_sent_at BIGINT,
    placed_at BIGINT,
    ended_at BIGINT,
    call_id TEXT COLLATE "C",
    unclear_since BIGINT,
    lookups INTEGER NOT NULL,
    empty_lookup_at BIGINT,
    reason TEXT COLLATE "C" NOT NULL,
    resolved_by TEXT COLLATE "C" NOT NULL,
    disposition TEXT COLLATE "C" CHECK (disposition IN ('answered', 'voicemail', 'no_answer', 'busy', 'declined',
                                                        'bad_number', 'failed', 'unknown')),
    report TEXT COLLATE "C",
    campaign_version INTEGER NOT NULL,
    person_version INTEGER NOT NULL,
    rev INTEGER NOT NULL DEFAULT 0,
    -- What caps count by, and what permitted the dial.
    subject TEXT COLLATE "C" NOT NULL DEFAULT '',
    debt TEXT COLLATE "C" NOT NULL DEFAULT '',
    refused INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1)),
    message_left INTEGER NOT NULL DEFAULT 0 CHECK (message_left IN (0, 1)),
    agent_ended INTEGER NOT NULL DEFAULT 0 CHECK (agent_ended IN (0, 1)),
    permit TEXT COLLATE "C" NOT NULL DEFAULT '{}',
    caller_id TEXT COLLATE "C" NOT NULL DEFAULT '',
    -- What the budget holds for it until a report says what it was.
    held_ms BIGINT NOT NULL DEFAULT 0,
    price_micros BIGINT NOT NULL DEFAULT 0,
    -- Scheduled dialing: when the provider fires it, and its own name for the booking.
    fires_at BIGINT,
    booking_id TEXT COLLATE "C",
    UNIQUE (lead_id, ordinal),
    CHECK ((state = 'ended') = (disposition IS NOT NULL)),
    CHECK (state NOT IN ('ended', 'refused', 'not_sent', 'not_created') OR open = 0),
    CHECK (state IN ('intent', 'not_sent') OR first_sent_at IS NOT NULL)
);
-- Nobody is called while an earlier call to the same number or person may be open: the first promise, in the database.
CREATE UNIQUE INDEX attempt_open_phone ON attempt (phone_key) WHERE open = 1;
CREATE UNIQUE INDEX attempt_open_person ON attempt (person_key) WHERE open = 1;
CREATE UNIQUE INDEX attempt_call ON attempt (provider, call_id) WHERE call_id IS NOT NULL;
CREATE UNIQUE INDEX attempt_booking ON attempt (provider, booking_id) WHERE booking_id IS NOT NULL;
CREATE INDEX attempt_open ON attempt (provider, campaign) WHERE open = 1;
CREATE INDEX attempt_live ON attempt (provider, state)
    WHERE state IN ('intent', 'sending', 'booked', 'placed', 'unclear', 'uncertain');
CREATE INDEX attempt_ended ON attempt (campaign, disposition) WHERE disposition IS NOT NULL;
CREATE INDEX attempt_void ON attempt (campaign, state) WHERE state IN ('refused', 'not_sent', 'not_created');
CREATE INDEX attempt_person ON attempt (person_key, created_at);
CREATE INDEX attempt_phone ON attempt (phone_key, created_at);
CREATE INDEX attempt_campaign ON attempt (campaign, created_at);
CREATE INDEX attempt_caller ON attempt (provider, caller_id, COALESCE(fires_at, send_at)) WHERE caller_id <> '';

CREATE TABLE inbox (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    provider TEXT COLLATE "C" NOT NULL,
    dedupe_key TEXT COLLATE "C" NOT NULL,
    grade TEXT COLLATE "C" NOT NULL,
    received_at BIGINT NOT NULL,
    report TEXT COLLATE "C" NOT NULL,
    state TEXT COLLATE "C" NOT NULL CHECK (state IN ('new', 'applied', 'orphan', 'ignored')),
    tries INTEGER NOT NULL DEFAULT 0,
    UNIQUE (provider, dedupe_key)
);
CREATE INDEX inbox_new ON inbox (provider, id) WHERE state = 'new';

CREATE TABLE inbound (
    provider TEXT COLLATE "C" NOT NULL,
    call_id TEXT COLLATE "C" NOT NULL,
    stage TEXT COLLATE "C" NOT NULL,
    noted_at BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (provider, call_id, stage)
);

CREATE TABLE journal (
    id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    attempt_id TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    from_state TEXT COLLATE "C" NOT NULL,
    to_state TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL
);

CREATE TABLE consent (
    phone_key TEXT COLLATE "C" NOT NULL,
    purpose TEXT COLLATE "C" NOT NULL,
    basis TEXT COLLATE "C" NOT NULL,
    given_at BIGINT,
    proof TEXT COLLATE "C" NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    source TEXT COLLATE "C" NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (phone_key, purpose, basis, source)
);

CREATE TABLE withdrawal (
    phone_key TEXT COLLATE "C" PRIMARY KEY,
    withdrawn_at BIGINT NOT NULL,
    who TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL
);

CREATE TABLE suspension (
    code TEXT COLLATE "C" PRIMARY KEY,
    who TEXT COLLATE "C" NOT NULL,
    why TEXT COLLATE "C" NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT
);

CREATE TABLE budget (
    campaign TEXT COLLATE "C" PRIMARY KEY,
    attempts BIGINT NOT NULL,
    talk_ms BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL
);

CREATE TABLE bookmark (
    campaign TEXT COLLATE "C" NOT NULL,
    source INTEGER NOT NULL,
    wanted TEXT COLLATE "C" NOT NULL,
    after TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    PRIMARY KEY (campaign, source)
);

CREATE TABLE write_back (
    lead_id TEXT COLLATE "C" PRIMARY KEY REFERENCES lead (id),
    stamp TEXT COLLATE "C" NOT NULL,
    tries INTEGER NOT NULL,
    first_tried_at BIGINT,
    due_at BIGINT NOT NULL,
    reason TEXT COLLATE "C" NOT NULL,
    given_up INTEGER NOT NULL CHECK (given_up IN (0, 1))
);

-- Whoever listens looks at once when a campaign was steered or edited; whoever does not hear of it, a second later.
CREATE FUNCTION campaign_changed() RETURNS TRIGGER LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_notify('campaigns', NEW.name); RETURN NULL; END $$;
CREATE TRIGGER campaign_changed AFTER UPDATE OF state, version ON campaign FOR EACH ROW
    WHEN (OLD.state <> NEW.state OR OLD.version <> NEW.version) EXECUTE FUNCTION campaign_changed();
