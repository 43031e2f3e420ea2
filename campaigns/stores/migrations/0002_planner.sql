-- What the legal rules, the paces and scheduled dialing remember.

-- The table of attempts again, because `booked` joins the states that its CHECK knows.
ALTER TABLE attempt RENAME TO attempt_1;
DROP INDEX attempt_open_phone;
DROP INDEX attempt_open_person;
DROP INDEX attempt_call;
DROP INDEX attempt_open;
DROP INDEX attempt_live;
DROP INDEX attempt_person;
DROP INDEX attempt_campaign;
CREATE TABLE attempt (
    id TEXT PRIMARY KEY,
    lead_id TEXT NOT NULL REFERENCES lead (id),
    campaign TEXT NOT NULL,
    person_key TEXT NOT NULL,
    phone TEXT NOT NULL,
    phone_key TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    provider TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('intent', 'sending', 'booked', 'placed', 'unclear', 'uncertain', 'refused',
                                         'not_sent', 'not_created', 'ended')),
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
    -- What caps count by, and what permitted the dial.
    subject TEXT NOT NULL DEFAULT '',
    debt TEXT NOT NULL DEFAULT '',
    refused INTEGER NOT NULL DEFAULT 0 CHECK (refused IN (0, 1)),
    message_left INTEGER NOT NULL DEFAULT 0 CHECK (message_left IN (0, 1)),
    agent_ended INTEGER NOT NULL DEFAULT 0 CHECK (agent_ended IN (0, 1)),
    permit TEXT NOT NULL DEFAULT '{}',
    caller_id TEXT NOT NULL DEFAULT '',
    -- What the budget holds for it until a report says what it was.
    held_ms BIGINT NOT NULL DEFAULT 0,
    price_micros BIGINT NOT NULL DEFAULT 0,
    -- Scheduled dialing: when the provider fires it, and its own name for the booking.
    fires_at BIGINT,
    booking_id TEXT,
    UNIQUE (lead_id, ordinal),
    CHECK ((state = 'ended') = (disposition IS NOT NULL)),
    CHECK (state NOT IN ('ended', 'refused', 'not_sent', 'not_created') OR open = 0),
    CHECK (state IN ('intent', 'not_sent') OR first_sent_at IS NOT NULL)
);
INSERT INTO attempt (id, lead_id, campaign, person_key, phone, phone_key, ordinal, provider, state, open, body, callback,
                     created_at, send_at, dial_before, lease_owner, first_sent_at, placed_at, ended_at, call_id,
                     unclear_since, lookups, empty_lookup_at, reason, resolved_by, disposition, report,
                     campaign_version, person_version, rev, subject, message_left, refused)
SELECT id, lead_id, campaign, person_key, phone, phone_key, ordinal, provider, state, open, body, callback,
       created_at, send_at, dial_before, lease_owner, first_sent_at, placed_at, ended_at, call_id,
       unclear_since, lookups, empty_lookup_at, reason, resolved_by, disposition, report,
       campaign_version, person_version, rev, campaign,
       disposition IS 'voicemail',  -- whether a message was left is not known: the stricter
       EXISTS (SELECT 1 FROM lead WHERE lead.id = lead_id AND lead.outcome = 'refused')
FROM attempt_1;
DROP TABLE attempt_1;
CREATE UNIQUE INDEX attempt_open_phone ON attempt (phone_key) WHERE open = 1;
CREATE UNIQUE INDEX attempt_open_person ON attempt (person_key) WHERE open = 1;
CREATE UNIQUE INDEX attempt_call ON attempt (provider, call_id) WHERE call_id IS NOT NULL;
CREATE UNIQUE INDEX attempt_booking ON attempt (provider, booking_id) WHERE booking_id IS NOT NULL;
CREATE INDEX attempt_open ON attempt (provider, campaign) WHERE open = 1;
CREATE INDEX attempt_live ON attempt (provider, state)
    WHERE state IN ('intent', 'sending', 'booked', 'placed', 'unclear', 'uncertain');
CREATE INDEX attempt_person ON attempt (person_key, created_at);
CREATE INDEX attempt_phone ON attempt (phone_key, created_at);
CREATE INDEX attempt_campaign ON attempt (campaign, created_at);
CREATE INDEX attempt_caller ON attempt (provider, caller_id, COALESCE(fires_at, send_at)) WHERE caller_id <> '';

-- What a person agreed to: a record with its proof, shared by all campaigns, matched on the number.
CREATE TABLE consent (
    phone_key TEXT NOT NULL,
    purpose TEXT NOT NULL,
    basis TEXT NOT NULL,
    given_at BIGINT,
    proof TEXT NOT NULL,
    who TEXT NOT NULL,
    source TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    PRIMARY KEY (phone_key, purpose, basis, source)
);

-- Who takes it back is not called by what was agreed before, whatever a list goes on saying.
CREATE TABLE withdrawal (
    phone_key TEXT PRIMARY KEY,
    withdrawn_at BIGINT NOT NULL,
    who TEXT NOT NULL,
    why TEXT NOT NULL
);

-- Jurisdictions that are closed by a person's word, such as in a declared emergency.
CREATE TABLE suspension (
    code TEXT PRIMARY KEY,
    who TEXT NOT NULL,
    why TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT
);

-- Edits: plans of an older revision than `plans_from` are made anew, a few at a time; by which law they were made.
ALTER TABLE campaign ADD COLUMN plans_from INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN planned_under TEXT NOT NULL DEFAULT '';
CREATE INDEX lead_revision ON lead (campaign, revision) WHERE state = 'waiting' AND due_at IS NOT NULL;

-- The list's own questions name the source too. With the campaign in front SQLite took this index for everything, and
-- one look at a campaign of 100,000 leads read all of them.
DROP INDEX lead_source;
CREATE INDEX lead_source ON lead (source, campaign, load);

-- The ramp, and the queue for the account's lines.
ALTER TABLE campaign ADD COLUMN ramp_from BIGINT;
ALTER TABLE campaign ADD COLUMN priority INTEGER NOT NULL DEFAULT 3;
ALTER TABLE campaign ADD COLUMN served BIGINT NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN bid_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE campaign ADD COLUMN bid_until BIGINT;
ALTER TABLE campaign ADD COLUMN purse TEXT NOT NULL DEFAULT '';
ALTER TABLE account ADD COLUMN served BIGINT NOT NULL DEFAULT 0;
CREATE INDEX campaign_active ON campaign (provider) WHERE state = 'active';

-- Promised callbacks are claimed first; then whoever has only today left, or is marked so by the plan for all of them.
ALTER TABLE lead ADD COLUMN urgent INTEGER NOT NULL DEFAULT 0 CHECK (urgent IN (0, 1));
CREATE INDEX lead_urgent ON lead (campaign) WHERE urgent = 1;
DROP INDEX lead_ready;
CREATE INDEX lead_ready ON lead (campaign, (callback_at IS NULL), rank, (last_chance = 0 AND urgent = 0), closes_at, seq)
    WHERE state = 'ready';

-- What campaigns have used up of their budgets; it moves in the transactions that move attempts.
CREATE TABLE budget (
    campaign TEXT PRIMARY KEY,
    attempts BIGINT NOT NULL,
    talk_ms BIGINT NOT NULL,
    cost_micros BIGINT NOT NULL
);
INSERT INTO budget (campaign, attempts, talk_ms, cost_micros)
SELECT campaign, COUNT(*),
       COALESCE(SUM(CASE WHEN state = 'ended' THEN CAST(ROUND(json_extract(report, '$.talk_seconds') * 1000) AS INTEGER)
                    END), 0),
       COALESCE(SUM(CASE WHEN state = 'ended' THEN CAST(ROUND(json_extract(report, '$.cost') * 1000000) AS INTEGER)
                    END), 0)
FROM attempt WHERE state NOT IN ('refused', 'not_sent', 'not_created') GROUP BY campaign;
