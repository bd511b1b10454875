-- Events as they came, the monitors that judge them, and what people do about their alerts.
CREATE TABLE "monitors" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "owner" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    "model_id" TEXT NOT NULL,
    "mapping" TEXT NOT NULL,
    "settings" JSON NOT NULL,
    "arrival" BIGINT NOT NULL DEFAULT 0,
    "clock" TIMESTAMPTZ(3),
    "responses" JSON,
    "failure" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "retired_at" TIMESTAMPTZ(3),

    CONSTRAINT "monitors_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "event_streams" (
    "organisation_id" TEXT NOT NULL,
    "last" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "event_streams_pkey" PRIMARY KEY ("organisation_id")
);

CREATE TABLE "stored_events" (
    "organisation_id" TEXT NOT NULL,
    "arrival" BIGINT NOT NULL,
    "source" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "digest" TEXT NOT NULL,
    "conflicts" BOOLEAN NOT NULL,
    "body" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "stored_events_pkey" PRIMARY KEY ("organisation_id", "arrival")
);

CREATE TABLE "monitored_cases" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "monitor_id" TEXT NOT NULL,
    "case_key" TEXT NOT NULL,
    "status" TEXT NOT NULL,
    "answer" JSON NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "monitored_cases_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "incidents" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "monitor_id" TEXT NOT NULL,
    "cause" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "property" TEXT NOT NULL,
    "explained_by" JSON NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "incidents_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "raised_alerts" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "monitor_id" TEXT NOT NULL,
    "incident_id" TEXT NOT NULL,
    "case_key" TEXT NOT NULL,
    "kind" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "property" TEXT NOT NULL,
    "position" INTEGER NOT NULL,
    "standing" TEXT NOT NULL,
    "told" JSON NOT NULL,
    "detail" JSON NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'open',
    "assignee" TEXT,
    "raised_at" TIMESTAMPTZ(3) NOT NULL,
    "settles_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "raised_alerts_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "alert_notes" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "alert_id" TEXT NOT NULL,
    "actor" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "action" TEXT NOT NULL,
    "text" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "alert_notes_pkey" PRIMARY KEY ("id")
);

CREATE UNIQUE INDEX "monitors_organisation_id_id_key" ON "monitors" ("organisation_id", "id");
CREATE UNIQUE INDEX "monitors_organisation_id_name_version_key" ON "monitors" ("organisation_id", "name", "version");
CREATE UNIQUE INDEX "stored_events_organisation_id_source_event_id_digest_key" ON "stored_events" ("organisation_id", "source", "event_id", "digest");
CREATE UNIQUE INDEX "monitored_cases_organisation_id_monitor_id_case_key_key" ON "monitored_cases" ("organisation_id", "monitor_id", "case_key");
CREATE INDEX "monitored_cases_organisation_id_id_idx" ON "monitored_cases" ("organisation_id", "id");
CREATE UNIQUE INDEX "incidents_organisation_id_id_key" ON "incidents" ("organisation_id", "id");
CREATE UNIQUE INDEX "incidents_organisation_id_monitor_id_cause_key" ON "incidents" ("organisation_id", "monitor_id", "cause");
CREATE UNIQUE INDEX "raised_alerts_organisation_id_id_key" ON "raised_alerts" ("organisation_id", "id");
CREATE UNIQUE INDEX "raised_alerts_identity_key" ON "raised_alerts" ("organisation_id", "monitor_id", "case_key", "kind", "source", "event_id", "property");
CREATE INDEX "raised_alerts_organisation_id_incident_id_idx" ON "raised_alerts" ("organisation_id", "incident_id");
CREATE INDEX "alert_notes_organisation_id_alert_id_idx" ON "alert_notes" ("organisation_id", "alert_id");

ALTER TABLE "monitors" ADD CONSTRAINT "monitors_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "event_streams" ADD CONSTRAINT "event_streams_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "monitored_cases" ADD CONSTRAINT "monitored_cases_organisation_id_monitor_id_fkey"
    FOREIGN KEY ("organisation_id", "monitor_id") REFERENCES "monitors" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "incidents" ADD CONSTRAINT "incidents_organisation_id_monitor_id_fkey"
    FOREIGN KEY ("organisation_id", "monitor_id") REFERENCES "monitors" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "raised_alerts" ADD CONSTRAINT "raised_alerts_organisation_id_monitor_id_fkey"
    FOREIGN KEY ("organisation_id", "monitor_id") REFERENCES "monitors" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "raised_alerts" ADD CONSTRAINT "raised_alerts_organisation_id_incident_id_fkey"
    FOREIGN KEY ("organisation_id", "incident_id") REFERENCES "incidents" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "alert_notes" ADD CONSTRAINT "alert_notes_organisation_id_alert_id_fkey"
    FOREIGN KEY ("organisation_id", "alert_id") REFERENCES "raised_alerts" ("organisation_id", "id") ON DELETE RESTRICT ON UPDATE CASCADE;

ALTER TABLE "monitors" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "monitors" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "monitors" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "monitors" USING (current_setting('probity.tenant', true) = '*');

ALTER TABLE "event_streams" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "event_streams" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "event_streams" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "event_streams" USING (current_setting('probity.tenant', true) = '*');

ALTER TABLE "stored_events" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "stored_events" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "stored_events" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "stored_events" USING (current_setting('probity.tenant', true) = '*');

ALTER TABLE "monitored_cases" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "monitored_cases" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "monitored_cases" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "monitored_cases" USING (current_setting('probity.tenant', true) = '*');

ALTER TABLE "incidents" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "incidents" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "incidents" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "incidents" USING (current_setting('probity.tenant', true) = '*');

ALTER TABLE "raised_alerts" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "raised_alerts" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "raised_alerts" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "raised_alerts" USING (current_setting('probity.tenant', true) = '*');

ALTER TABLE "alert_notes" ENABLE ROW LEVEL SECURITY;
ALTER TABLE "alert_notes" FORCE ROW LEVEL SECURITY;
CREATE POLICY "tenant" ON "alert_notes" USING ("organisation_id" = current_setting('probity.tenant', true));
CREATE POLICY "installation" ON "alert_notes" USING (current_setting('probity.tenant', true) = '*');

DO $$
BEGIN
    IF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant') THEN
        CREATE POLICY "tenant_only" ON "monitors" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "monitors" TO "probity_tenant";
        CREATE POLICY "tenant_only" ON "event_streams" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "event_streams" TO "probity_tenant";
        CREATE POLICY "tenant_only" ON "stored_events" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "stored_events" TO "probity_tenant";
        CREATE POLICY "tenant_only" ON "monitored_cases" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "monitored_cases" TO "probity_tenant";
        CREATE POLICY "tenant_only" ON "incidents" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "incidents" TO "probity_tenant";
        CREATE POLICY "tenant_only" ON "raised_alerts" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "raised_alerts" TO "probity_tenant";
        CREATE POLICY "tenant_only" ON "alert_notes" AS RESTRICTIVE TO "probity_tenant"
            USING ("organisation_id" = current_setting('probity.tenant', true));
        GRANT SELECT, INSERT, UPDATE, DELETE ON "alert_notes" TO "probity_tenant";
    END IF;
END $$;
