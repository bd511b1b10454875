-- The side file of a diagram (docs/bpmn.md, Data): the same diagram with another one is another submission.
ALTER TABLE "models" ADD COLUMN "annotations" TEXT NOT NULL DEFAULT '';
ALTER TABLE "models" ADD COLUMN "annotations_digest" TEXT NOT NULL DEFAULT '';
DROP INDEX "models_owner_digest_source_digest_format_name_key";
CREATE UNIQUE INDEX "models_submission_key"
    ON "models" ("owner", "digest", "source_digest", "annotations_digest", "format", "name");
