-- What is said after a verdict: revocations, supersessions, changes of keys. And who asked for what.

CREATE TABLE "statements" (
    "id" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "statement_digest" TEXT NOT NULL,
    "envelope" TEXT NOT NULL,
    "salt" TEXT NOT NULL,
    "leaf" TEXT NOT NULL,
    "log_index" BIGINT,
    "receipt" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "statements_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "statements_kind_check" CHECK ("kind" IN ('revocation', 'key'))
);
CREATE UNIQUE INDEX "statements_kind_subject_state_key" ON "statements" ("kind", "subject", "state");

-- An erased verdict keeps its place in the log, and nothing that says what was in it.
ALTER TABLE "verdicts" ADD COLUMN "erased_at" TIMESTAMPTZ(3);

CREATE TABLE "audit_events" (
    "id" BIGSERIAL NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "actor" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "detail" TEXT,
    CONSTRAINT "audit_events_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "audit_events_at_idx" ON "audit_events" ("at");
