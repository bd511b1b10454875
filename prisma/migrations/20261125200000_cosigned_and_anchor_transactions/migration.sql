-- Checkpoints that witnesses have cosigned, and when each anchor's transaction was signed and what the ledger said of it.

CREATE TABLE "cosigned_checkpoints" (
    "size" BIGINT NOT NULL,
    "note" TEXT NOT NULL,
    "witnesses" TEXT NOT NULL,
    "quorum" BOOLEAN NOT NULL,
    "cosigned_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "cosigned_checkpoints_pkey" PRIMARY KEY ("size")
);

ALTER TABLE "anchors"
    ADD COLUMN "prepared_at" TIMESTAMPTZ(3),
    ADD COLUMN "confirmation" JSON;
CREATE INDEX "anchors_prepared_at_idx" ON "anchors" ("prepared_at");

-- Anchors of before: when they were signed is not known, when they were asked for is near enough.
UPDATE "anchors" SET "prepared_at" = "created_at" WHERE "record" IS NOT NULL;
