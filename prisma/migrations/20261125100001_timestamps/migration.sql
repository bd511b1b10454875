-- RFC 3161: what a time-stamping authority gave for a verdict's envelope, as base64 of its DER.
ALTER TABLE "verdicts" ADD COLUMN "timestamp" TEXT;
