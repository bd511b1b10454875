-- Organisations as tenants (docs/adr/024-organisations.md). What was there before belongs to the first one, which
-- publishes, as it did. Every row of an organisation names it, and row-level security shows a transaction the rows of
-- the organisation that it named (`probity.tenant`), and none where it named none. `*` is the installation's own view.

CREATE TABLE "organisations" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "publishes" BOOLEAN NOT NULL DEFAULT false,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "organisations_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "organisations_name_key" ON "organisations" ("name");
INSERT INTO "organisations" ("id", "name", "publishes") VALUES ('org_00000000000000000000000000', 'default', true);

-- The constant default fills the rows that are there without rewriting them; then it goes, so that nobody forgets.
ALTER TABLE "api_keys" ADD COLUMN "organisation_id" TEXT NOT NULL DEFAULT 'org_00000000000000000000000000';
ALTER TABLE "models" ADD COLUMN "organisation_id" TEXT NOT NULL DEFAULT 'org_00000000000000000000000000';
ALTER TABLE "runs" ADD COLUMN "organisation_id" TEXT NOT NULL DEFAULT 'org_00000000000000000000000000';
ALTER TABLE "artifacts" ADD COLUMN "organisation_id" TEXT NOT NULL DEFAULT 'org_00000000000000000000000000';
ALTER TABLE "verdicts" ADD COLUMN "organisation_id" TEXT NOT NULL DEFAULT 'org_00000000000000000000000000';
ALTER TABLE "idempotency" ADD COLUMN "organisation_id" TEXT NOT NULL DEFAULT 'org_00000000000000000000000000';
ALTER TABLE "audit_events" ADD COLUMN "organisation_id" TEXT NOT NULL DEFAULT 'org_00000000000000000000000000';
ALTER TABLE "api_keys" ALTER COLUMN "organisation_id" DROP DEFAULT;
ALTER TABLE "models" ALTER COLUMN "organisation_id" DROP DEFAULT;
ALTER TABLE "runs" ALTER COLUMN "organisation_id" DROP DEFAULT;
ALTER TABLE "artifacts" ALTER COLUMN "organisation_id" DROP DEFAULT;
ALTER TABLE "verdicts" ALTER COLUMN "organisation_id" DROP DEFAULT;
ALTER TABLE "idempotency" ALTER COLUMN "organisation_id" DROP DEFAULT;
ALTER TABLE "audit_events" ALTER COLUMN "organisation_id" DROP DEFAULT;
-- A change of the installation's keys is nobody's: null.
ALTER TABLE "statements" ADD COLUMN "organisation_id" TEXT;
UPDATE "statements" SET "organisation_id" = 'org_00000000000000000000000000' WHERE "kind" <> 'key';
ALTER TABLE "statements" ADD CONSTRAINT "statements_organisation_check"
    CHECK (("kind" = 'key') = ("organisation_id" IS NULL));

ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "models" ADD CONSTRAINT "models_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "statements" ADD CONSTRAINT "statements_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "audit_events" ADD CONSTRAINT "audit_events_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "idempotency" ADD CONSTRAINT "idempotency_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- A run is of a model of its own organisation, and so on down: the keys say it.
CREATE UNIQUE INDEX "models_organisation_id_id_key" ON "models" ("organisation_id", "id");
CREATE UNIQUE INDEX "verdicts_organisation_id_run_id_key" ON "verdicts" ("organisation_id", "run_id");
CREATE UNIQUE INDEX "runs_organisation_id_id_key" ON "runs" ("organisation_id", "id");
ALTER TABLE "runs" DROP CONSTRAINT "runs_model_id_fkey";
ALTER TABLE "runs" ADD CONSTRAINT "runs_organisation_id_model_id_fkey" FOREIGN KEY ("organisation_id", "model_id")
    REFERENCES "models" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "artifacts" DROP CONSTRAINT "artifacts_run_id_fkey";
ALTER TABLE "artifacts" ADD CONSTRAINT "artifacts_organisation_id_run_id_fkey" FOREIGN KEY ("organisation_id", "run_id")
    REFERENCES "runs" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "verdicts" DROP CONSTRAINT "verdicts_run_id_fkey";
ALTER TABLE "verdicts" ADD CONSTRAINT "verdicts_organisation_id_run_id_fkey" FOREIGN KEY ("organisation_id", "run_id")
    REFERENCES "runs" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

DROP INDEX "models_submission_key";
CREATE UNIQUE INDEX "models_submission_key" ON "models"
    ("organisation_id", "owner", "digest", "source_digest", "annotations_digest", "format", "name");
DROP INDEX "runs_owner_id_idx";
CREATE INDEX "runs_organisation_id_owner_id_idx" ON "runs" ("organisation_id", "owner", "id");
DROP INDEX "runs_cache_key_idx";
CREATE INDEX "runs_organisation_id_cache_key_idx" ON "runs" ("organisation_id", "cache_key");
DROP INDEX "verdicts_owner_id_idx";
CREATE INDEX "verdicts_organisation_id_owner_id_idx" ON "verdicts" ("organisation_id", "owner", "id");
CREATE INDEX "verdicts_organisation_id_id_idx" ON "verdicts" ("organisation_id", "id");
DROP INDEX "audit_events_at_idx";
CREATE INDEX "audit_events_organisation_id_at_idx" ON "audit_events" ("organisation_id", "at");
CREATE INDEX "audit_events_organisation_id_id_idx" ON "audit_events" ("organisation_id", "id");
ALTER TABLE "idempotency" DROP CONSTRAINT "idempotency_pkey";
ALTER TABLE "idempotency" ADD CONSTRAINT "idempotency_pkey" PRIMARY KEY ("organisation_id", "owner", "operation", "key");

-- The role in which an organisation's rows are read and written. It owns nothing and can do nothing else. Who may make
-- no roles has none, and is held by FORCE ROW LEVEL SECURITY alone: the service says so, and refuses to run as one whom
-- no row-level security holds.
DO $$
BEGIN
    CREATE ROLE "probity_tenant" NOLOGIN NOINHERIT;
EXCEPTION
    WHEN duplicate_object OR unique_violation OR insufficient_privilege THEN NULL;
END $$;
DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant' AND NOT pg_has_role(oid, 'MEMBER')) THEN
        EXECUTE format('GRANT "probity_tenant" TO %I', current_user);
    END IF;
EXCEPTION
    WHEN insufficient_privilege THEN NULL;
END $$;

DO $$
DECLARE
    name TEXT;
    has_role BOOLEAN := EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant');
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'organisations', 'api_keys', 'models', 'runs', 'artifacts', 'verdicts', 'idempotency', 'statements', 'audit_events'
    ] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY "tenant" ON %I USING (%I = current_setting(''probity.tenant'', true))',
            name, CASE name WHEN 'organisations' THEN 'id' ELSE 'organisation_id' END);
        EXECUTE format('CREATE POLICY "installation" ON %I USING (current_setting(''probity.tenant'', true) = ''*'')', name);
        IF has_role THEN
            EXECUTE format('CREATE POLICY "tenant_only" ON %I AS RESTRICTIVE TO "probity_tenant" '
                'USING (%I = current_setting(''probity.tenant'', true))',
                name, CASE name WHEN 'organisations' THEN 'id' ELSE 'organisation_id' END);
        END IF;
    END LOOP;
    IF has_role THEN
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO "probity_tenant"', current_schema());
        GRANT SELECT ON "organisations" TO "probity_tenant";
        -- What is audited is only ever added to.
        GRANT SELECT, INSERT ON "audit_events" TO "probity_tenant";
        GRANT USAGE ON SEQUENCE "audit_events_id_seq" TO "probity_tenant";
        GRANT SELECT, INSERT, UPDATE, DELETE ON "api_keys", "models", "runs", "artifacts", "verdicts", "idempotency", "statements"
            TO "probity_tenant";
    END IF;
END $$;
