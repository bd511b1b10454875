-- Cases that were erased: what is left to know one by when an event of it comes later.
CREATE TABLE "erased_cases" (
    "organisation_id" TEXT NOT NULL,
    "key_digest" TEXT NOT NULL,
    "key_path" TEXT NOT NULL,
    "events" INTEGER NOT NULL,
    "later" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "erased_cases_pkey" PRIMARY KEY ("organisation_id", "key_digest")
);

ALTER TABLE "event_streams" ADD COLUMN "salt" TEXT;
ALTER TABLE "stored_events" ADD COLUMN "erased" BOOLEAN NOT NULL DEFAULT false;
ALTER TABLE "monitors" ADD COLUMN "erasures" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "erased_cases" ADD CONSTRAINT "erased_cases_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "erased_cases" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "erased_cases" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "erased_cases" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "erased_cases" USING (current_setting('probity.tenant', true) = '*');

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant') THEN
        CREATE POLICY "tenant_only" ON "erased_cases" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "erased_cases" TO "probity_tenant";
    END IF;
END $$;
