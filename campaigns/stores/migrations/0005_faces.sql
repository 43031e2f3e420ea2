-- The operator's faces: who may come in, what is told to others, and what was asked twice.

-- Who may come in. The secret itself is nowhere.
CREATE TABLE token (
    name TEXT PRIMARY KEY,
    role TEXT NOT NULL CHECK (role IN ('read', 'operate', 'admin')),
    hash TEXT NOT NULL UNIQUE,
    who TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

-- What is told to others by outgoing webhooks: a row for each subscriber, written by the database itself in the
-- transaction in which it happens, so that no verb can forget it. Where nobody subscribes, nothing is written.
CREATE TABLE subscriber (name TEXT NOT NULL, event TEXT NOT NULL, PRIMARY KEY (name, event));
CREATE TABLE outbox (
    id INTEGER PRIMARY KEY,
    subscriber TEXT NOT NULL,
    event TEXT NOT NULL,
    subject TEXT NOT NULL,
    word TEXT NOT NULL,
    at BIGINT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at BIGINT DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE due_at IS NOT NULL;

CREATE TRIGGER attempt_ended AFTER UPDATE OF state, disposition ON attempt
WHEN NEW.state = 'ended' AND (OLD.state <> 'ended' OR OLD.disposition IS NOT NEW.disposition)
BEGIN
    INSERT INTO outbox (subscriber, event, subject, word, at)
    SELECT name, event, NEW.id, COALESCE(NEW.disposition, 'unknown'), COALESCE(NEW.ended_at, NEW.created_at)
    FROM subscriber WHERE event = 'attempt.ended';
END;
CREATE TRIGGER contact_settled AFTER UPDATE OF outcome ON lead
WHEN NEW.outcome IS NOT NULL AND OLD.outcome IS NOT NEW.outcome
BEGIN
    INSERT INTO outbox (subscriber, event, subject, word, at)
    SELECT name, event, NEW.id, NEW.outcome, COALESCE(NEW.closed_at, 0)
    FROM subscriber WHERE event = 'contact.settled';
END;
CREATE TRIGGER contact_settled_at_once AFTER INSERT ON lead
WHEN NEW.outcome IS NOT NULL
BEGIN
    INSERT INTO outbox (subscriber, event, subject, word, at)
    SELECT name, event, NEW.id, NEW.outcome, COALESCE(NEW.closed_at, 0)
    FROM subscriber WHERE event = 'contact.settled';
END;
CREATE TRIGGER campaign_finished AFTER UPDATE OF state ON campaign
WHEN NEW.state = 'finished' AND OLD.state <> 'finished'
BEGIN
    INSERT INTO outbox (subscriber, event, subject, word, at)
    SELECT name, event, NEW.name, NEW.state, COALESCE(NEW.finished_at, NEW.created_at)
    FROM subscriber WHERE event = 'campaign.finished';
END;

-- What the API answered to writes that carry an Idempotency-Key: asked again, the same is said, and nothing done twice.
CREATE TABLE answered (
    who TEXT NOT NULL,
    key TEXT NOT NULL,
    request TEXT NOT NULL,
    asked_at BIGINT NOT NULL,
    -- NULL: it is under way.
    status INTEGER,
    kind TEXT NOT NULL DEFAULT '',
    body TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (who, key)
);
CREATE INDEX answered_age ON answered (asked_at);

-- Who was closed when: outcomes over time are read along this alone, page by page.
CREATE INDEX IF NOT EXISTS lead_closed_at ON lead (campaign, closed_at, outcome) WHERE outcome IS NOT NULL;
-- Pages of long lists, each the next entries of an index: leads by what they came to, attempts by how they ended and in
-- which order, and the do-not-call list by age.
CREATE INDEX IF NOT EXISTS lead_labelled ON lead (campaign, label, seq) WHERE label <> '';
CREATE INDEX IF NOT EXISTS attempt_settled ON attempt (campaign, disposition, created_at) WHERE disposition IS NOT NULL;
CREATE INDEX IF NOT EXISTS attempt_free ON attempt (campaign, state, created_at)
    WHERE state IN ('refused', 'not_sent', 'not_created');
DROP INDEX attempt_ended;
DROP INDEX attempt_void;
CREATE INDEX IF NOT EXISTS suppression_age ON suppression (created_at, phone_key, scope);
