-- What waits for a second person, and the organisations in which that is so (docs/operate.md).
CREATE TABLE "approval_rules" (
    "organisation_id" TEXT NOT NULL,
    "required" BOOLEAN NOT NULL,

    CONSTRAINT "approval_rules_pkey" PRIMARY KEY ("organisation_id")
);
CREATE TABLE "approval_requests" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "operation" TEXT NOT NULL,
    "input" TEXT NOT NULL,
    "input_digest" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "requested_by" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,
    "decided_by" TEXT,
    "decided_at" TIMESTAMPTZ(3),
    "made_owner" TEXT,

    CONSTRAINT "approval_requests_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "approval_requests_organisation_id_id_idx" ON "approval_requests" ("organisation_id", "id");
CREATE INDEX "approval_requests_organisation_id_input_digest_idx" ON "approval_requests" ("organisation_id", "input_digest");

ALTER TABLE "approval_rules" ADD CONSTRAINT "approval_rules_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "approval_requests" ADD CONSTRAINT "approval_requests_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

DO $$
DECLARE
    name TEXT;
    has_role BOOLEAN := EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant');
BEGIN
    FOREACH name IN ARRAY ARRAY['approval_rules', 'approval_requests'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY "tenant" ON %I USING ("organisation_id" = current_setting(''probity.tenant'', true))', name);
        EXECUTE format('CREATE POLICY "installation" ON %I USING (current_setting(''probity.tenant'', true) = ''*'')', name);
        IF has_role THEN
            EXECUTE format('CREATE POLICY "tenant_only" ON %I AS RESTRICTIVE TO "probity_tenant" '
                'USING ("organisation_id" = current_setting(''probity.tenant'', true))', name);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO "probity_tenant"', name);
        END IF;
    END LOOP;
END $$;
