-- Statements about alerts and incidents stand beside those about verdicts and keys.
ALTER TABLE "statements" DROP CONSTRAINT "statements_kind_check";
ALTER TABLE "statements" ADD CONSTRAINT "statements_kind_check"
    CHECK ("kind" IN ('revocation', 'key', 'incident'));
