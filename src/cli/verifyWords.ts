import type { VerifyStatus } from '../evidence/verify/report.ts';

/** DESIGN section 9: `verify` reads 3 as untrusted. */
export const EXIT_OF: Readonly<Record<VerifyStatus, number>> = {
  verified: 0,
  failed: 1,
  malformed: 2,
  untrusted: 3,
};

/** Text from a bundle on a terminal: a control sequence in it could repaint what we say. */
export const plainText = (text: string): string =>
  text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '�');
