-- Where announcements are sent to, what is to be sent, and every attempt at it. A delivery is written with its
-- announcement, in one transaction; whoever claims one has it for as long as its lease (docs/adr/025-announcements.md).
CREATE TABLE "webhooks" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "description" TEXT NOT NULL,
    "kinds" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "previous_secret" TEXT,
    "previous_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "disabled_at" TIMESTAMPTZ(3),
    "disabled_reason" TEXT,

    CONSTRAINT "webhooks_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "webhooks_organisation_id_id_key" ON "webhooks" ("organisation_id", "id");

CREATE TABLE "webhook_deliveries" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "webhook_id" TEXT NOT NULL,
    "announcement_id" TEXT NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "webhook_deliveries_organisation_id_id_key" ON "webhook_deliveries" ("organisation_id", "id");
CREATE UNIQUE INDEX "webhook_deliveries_webhook_id_announcement_id_key" ON "webhook_deliveries" ("webhook_id", "announcement_id");
CREATE INDEX "webhook_deliveries_organisation_id_state_next_attempt_at_idx" ON "webhook_deliveries" ("organisation_id", "state", "next_attempt_at");
CREATE INDEX "webhook_deliveries_announcement_id_idx" ON "webhook_deliveries" ("announcement_id");

CREATE TABLE "webhook_attempts" (
    "delivery_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "status" INTEGER,
    "error" TEXT,
    "latency_ms" INTEGER,

    CONSTRAINT "webhook_attempts_pkey" PRIMARY KEY ("delivery_id", "number")
);

ALTER TABLE "webhooks" ADD CONSTRAINT "webhooks_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_organisation_id_webhook_id_fkey"
    FOREIGN KEY ("organisation_id", "webhook_id") REFERENCES "webhooks" ("organisation_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_announcement_id_fkey"
    FOREIGN KEY ("announcement_id") REFERENCES "announcements" ("id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "webhook_attempts" ADD CONSTRAINT "webhook_attempts_organisation_id_delivery_id_fkey"
    FOREIGN KEY ("organisation_id", "delivery_id") REFERENCES "webhook_deliveries" ("organisation_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

DO $$
DECLARE
    name TEXT;
    has_role BOOLEAN := EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant');
BEGIN
    FOREACH name IN ARRAY ARRAY['webhooks', 'webhook_deliveries', 'webhook_attempts'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY "tenant" ON %I USING ("organisation_id" = current_setting(''probity.tenant'', true))', name);
        EXECUTE format('CREATE POLICY "installation" ON %I USING (current_setting(''probity.tenant'', true) = ''*'')', name);
        IF has_role THEN
            EXECUTE format('CREATE POLICY "tenant_only" ON %I AS RESTRICTIVE TO "probity_tenant" '
                'USING ("organisation_id" = current_setting(''probity.tenant'', true))', name);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO "probity_tenant"', name);
        END IF;
    END LOOP;
END $$;
