-- The first tables. Applied once, by src/store/migrate.ts; never edited afterwards (its SHA-256 is recorded).

CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),
    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys" ("hash");

CREATE TABLE "models" (
    "id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "source_digest" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "format" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "document" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "models_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "models_owner_digest_source_digest_format_name_key"
    ON "models" ("owner", "digest", "source_digest", "format", "name");

CREATE TABLE "runs" (
    "id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "model_id" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "options" JSON NOT NULL,
    "cache_key" TEXT NOT NULL,
    "attempt" INTEGER NOT NULL DEFAULT 0,
    "worker" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "progress" JSON,
    "report" JSON,
    "cacheable" BOOLEAN NOT NULL DEFAULT false,
    "risk" JSON,
    "failure" JSON,
    "version" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "started_at" TIMESTAMPTZ(3),
    "checked_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "runs_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "runs_model_id_fkey" FOREIGN KEY ("model_id") REFERENCES "models" ("id") ON DELETE RESTRICT ON UPDATE CASCADE,
    CONSTRAINT "runs_state_check" CHECK ("state" IN ('queued', 'running', 'checked', 'sealed', 'failed', 'cancelled'))
);
CREATE INDEX "runs_owner_id_idx" ON "runs" ("owner", "id");
CREATE INDEX "runs_cache_key_idx" ON "runs" ("cache_key");
CREATE INDEX "runs_state_updated_at_idx" ON "runs" ("state", "updated_at");

CREATE TABLE "artifacts" (
    "run_id" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "name" TEXT NOT NULL,
    "media_type" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    CONSTRAINT "artifacts_pkey" PRIMARY KEY ("run_id", "position"),
    CONSTRAINT "artifacts_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE TABLE "verdicts" (
    "id" TEXT NOT NULL,
    "run_id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "statement_digest" TEXT NOT NULL,
    "issued_at" TEXT NOT NULL,
    "envelope" TEXT NOT NULL,
    "salt" TEXT NOT NULL,
    "leaf" TEXT NOT NULL,
    "information" JSON NOT NULL,
    "log_index" BIGINT,
    "receipt" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "sealed_at" TIMESTAMPTZ(3),
    CONSTRAINT "verdicts_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "verdicts_run_id_fkey" FOREIGN KEY ("run_id") REFERENCES "runs" ("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "verdicts_run_id_key" ON "verdicts" ("run_id");
CREATE INDEX "verdicts_owner_id_idx" ON "verdicts" ("owner", "id");

CREATE TABLE "log_leaves" (
    "index" BIGINT NOT NULL,
    "bytes" BYTEA NOT NULL,
    "hash" BYTEA NOT NULL,
    CONSTRAINT "log_leaves_pkey" PRIMARY KEY ("index")
);
CREATE INDEX "log_leaves_hash_idx" ON "log_leaves" ("hash");

CREATE TABLE "log_nodes" (
    "level" INTEGER NOT NULL,
    "index" BIGINT NOT NULL,
    "hash" BYTEA NOT NULL,
    CONSTRAINT "log_nodes_pkey" PRIMARY KEY ("level", "index")
);

CREATE TABLE "log_checkpoint" (
    "id" INTEGER NOT NULL,
    "size" BIGINT NOT NULL,
    "note" TEXT NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "log_checkpoint_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "log_checkpoint_one_row_check" CHECK ("id" = 1)
);

CREATE TABLE "anchors" (
    "size" BIGINT NOT NULL,
    "checkpoint" TEXT NOT NULL,
    "state" TEXT NOT NULL,
    "record" JSON,
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "error" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "confirmed_at" TIMESTAMPTZ(3),
    CONSTRAINT "anchors_pkey" PRIMARY KEY ("size"),
    CONSTRAINT "anchors_state_check" CHECK ("state" IN ('pending', 'confirmed', 'superseded'))
);
CREATE INDEX "anchors_state_next_attempt_at_idx" ON "anchors" ("state", "next_attempt_at");

CREATE TABLE "idempotency" (
    "owner" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "key" TEXT NOT NULL,
    "input_digest" TEXT NOT NULL,
    "result_id" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "idempotency_pkey" PRIMARY KEY ("owner", "operation", "key")
);

-- Every change of a run counts up its version and tells whoever listens. The notice is a hint; the row is the truth.
CREATE FUNCTION "probity_run_changed"() RETURNS TRIGGER AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        NEW."version" := OLD."version" + 1;
        NEW."updated_at" := CURRENT_TIMESTAMP;
    END IF;
    PERFORM pg_notify('probity_run', NEW."id");
    RETURN NEW;
END;
$$ LANGUAGE plpgsql;

CREATE TRIGGER "runs_changed"
    BEFORE INSERT OR UPDATE ON "runs"
    FOR EACH ROW EXECUTE FUNCTION "probity_run_changed"();
