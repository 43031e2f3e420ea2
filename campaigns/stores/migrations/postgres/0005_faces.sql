-- The operator's faces: who may come in, what is told to others, and what was asked twice.

-- Who may come in. The secret itself is nowhere.
CREATE TABLE token (
    name TEXT COLLATE "C" PRIMARY KEY,
    role TEXT COLLATE "C" NOT NULL CHECK (role IN ('read', 'operate', 'admin')),
    hash TEXT COLLATE "C" NOT NULL UNIQUE,
    who TEXT COLLATE "C" NOT NULL,
    created_at BIGINT NOT NULL
);

-- What is told to others by outgoing webhooks: a row for each subscriber, written by the database itself in the
-- transaction in which it happens, so that no verb can forget it. Where nobody subscribes, nothing is written.
CREATE TABLE subscriber (name TEXT COLLATE "C" NOT NULL, event TEXT COLLATE "C" NOT NULL, PRIMARY KEY (name, event));
CREATE TABLE outbox (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber TEXT COLLATE "C" NOT NULL,
    event TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    word TEXT COLLATE "C" NOT NULL,
    at BIGINT NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    due_at BIGINT DEFAULT 0
);
CREATE INDEX outbox_due ON outbox (due_at, id) WHERE due_at IS NOT NULL;

CREATE FUNCTION tell_attempt_ended() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (subscriber, event, subject, word, at)
    SELECT name, event, NEW.id, COALESCE(NEW.disposition, 'unknown'), COALESCE(NEW.ended_at, NEW.created_at)
    FROM subscriber WHERE event = 'attempt.ended';
    RETURN NULL;
END $$;
CREATE TRIGGER attempt_ended AFTER UPDATE OF state, disposition ON attempt FOR EACH ROW
WHEN (NEW.state = 'ended' AND (OLD.state <> 'ended' OR OLD.disposition IS DISTINCT FROM NEW.disposition))
EXECUTE FUNCTION tell_attempt_ended();

CREATE FUNCTION tell_contact_settled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (subscriber, event, subject, word, at)
    SELECT name, event, NEW.id, NEW.outcome, COALESCE(NEW.closed_at, 0)
    FROM subscriber WHERE event = 'contact.settled';
    RETURN NULL;
END $$;
CREATE TRIGGER contact_settled AFTER UPDATE OF outcome ON lead FOR EACH ROW
WHEN (NEW.outcome IS NOT NULL AND OLD.outcome IS DISTINCT FROM NEW.outcome)
EXECUTE FUNCTION tell_contact_settled();
CREATE TRIGGER contact_settled_at_once AFTER INSERT ON lead FOR EACH ROW
WHEN (NEW.outcome IS NOT NULL)
EXECUTE FUNCTION tell_contact_settled();

CREATE FUNCTION tell_campaign_finished() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO outbox (subscriber, event, subject, word, at)
    SELECT name, event, NEW.name, NEW.state, COALESCE(NEW.finished_at, NEW.created_at)
    FROM subscriber WHERE event = 'campaign.finished';
    RETURN NULL;
END $$;
CREATE TRIGGER campaign_finished AFTER UPDATE OF state ON campaign FOR EACH ROW
WHEN (NEW.state = 'finished' AND OLD.state <> 'finished')
EXECUTE FUNCTION tell_campaign_finished();

-- What the API answered to writes that carry an Idempotency-Key: asked again, the same is said, and nothing done twice.
CREATE TABLE answered (
    who TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    request TEXT COLLATE "C" NOT NULL,
    asked_at BIGINT NOT NULL,
    -- NULL: it is under way.
    status INTEGER,
    kind TEXT COLLATE "C" NOT NULL DEFAULT '',
    body TEXT COLLATE "C" NOT NULL DEFAULT '',
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
