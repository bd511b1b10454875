-- Learning platforms that launch lessons, who came from them, and the scores that they are told
-- (docs/lessons.md).
CREATE TABLE "lti_platforms" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "issuer" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "deployment_ids" TEXT NOT NULL,
    "authorization_url" TEXT NOT NULL,
    "token_url" TEXT NOT NULL,
    "token_audience" TEXT NOT NULL,
    "jwks_url" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "lti_platforms_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "lti_platforms_organisation_id_id_key" ON "lti_platforms" ("organisation_id", "id");
CREATE UNIQUE INDEX "lti_platforms_organisation_id_issuer_client_id_key" ON "lti_platforms" ("organisation_id", "issuer", "client_id");

CREATE TABLE "lti_launches" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "platform_id" TEXT NOT NULL,
    "nonce" TEXT NOT NULL,
    "token_hash" TEXT NOT NULL,
    "learner" TEXT NOT NULL,
    "class" TEXT NOT NULL,
    "role" TEXT NOT NULL,
    "lesson" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "line_item" TEXT,
    "deep_link" JSON,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "lti_launches_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "lti_launches_token_hash_key" ON "lti_launches" ("token_hash");
CREATE UNIQUE INDEX "lti_launches_platform_id_nonce_key" ON "lti_launches" ("platform_id", "nonce");
CREATE INDEX "lti_launches_organisation_id_learner_idx" ON "lti_launches" ("organisation_id", "learner");
CREATE INDEX "lti_launches_organisation_id_expires_at_idx" ON "lti_launches" ("organisation_id", "expires_at");

CREATE TABLE "lti_scores" (
    "id" TEXT NOT NULL,
    "organisation_id" TEXT NOT NULL,
    "platform_id" TEXT NOT NULL,
    "learner" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "line_item" TEXT NOT NULL,
    "score" DOUBLE PRECISION NOT NULL,
    "scored_at" TIMESTAMPTZ(3) NOT NULL,
    "state" TEXT NOT NULL DEFAULT 'pending',
    "attempts" INTEGER NOT NULL DEFAULT 0,
    "tries" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "lease_until" TIMESTAMPTZ(3),
    "status" INTEGER,
    "error" TEXT,

    CONSTRAINT "lti_scores_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "lti_scores_platform_id_line_item_learner_key" ON "lti_scores" ("platform_id", "line_item", "learner");
CREATE INDEX "lti_scores_organisation_id_state_next_attempt_at_idx" ON "lti_scores" ("organisation_id", "state", "next_attempt_at");
CREATE INDEX "lti_scores_organisation_id_learner_idx" ON "lti_scores" ("organisation_id", "learner");

ALTER TABLE "lti_platforms" ADD CONSTRAINT "lti_platforms_organisation_id_fkey"
    FOREIGN KEY ("organisation_id") REFERENCES "organisations" ("id") ON DELETE RESTRICT ON UPDATE CASCADE;
ALTER TABLE "lti_launches" ADD CONSTRAINT "lti_launches_organisation_id_platform_id_fkey"
    FOREIGN KEY ("organisation_id", "platform_id") REFERENCES "lti_platforms" ("organisation_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;
ALTER TABLE "lti_scores" ADD CONSTRAINT "lti_scores_organisation_id_platform_id_fkey"
    FOREIGN KEY ("organisation_id", "platform_id") REFERENCES "lti_platforms" ("organisation_id", "id") ON DELETE CASCADE ON UPDATE CASCADE;

DO $$
DECLARE
    name TEXT;
    has_role BOOLEAN := EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'probity_tenant');
BEGIN
    FOREACH name IN ARRAY ARRAY['lti_platforms', 'lti_launches', 'lti_scores'] LOOP
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
