import { command, type CommandRow } from '../command.ts';
import { ATTACK_OPTIONS, CHECK_OPTIONS, SERVER_OPTIONS, SUBMISSION_OPTIONS } from '../options.ts';
import { choice, defaulted, FILE, flag, number, optional, required, anyText } from '../values.ts';
import { SUBMITTED_PLACE } from './models.ts';

const VERDICT = required(anyText('ID'), 'the id of a verdict');
const REASON = required(anyText('TEXT'), 'why');
const OFFICER = 'The key must be of the role compliance or admin.';
const FORMS = ['svr', 'vc', 'vc-jwt', 'tsr'] as const;

/** What is asked of a service, and what is done with the verdicts that it gives. */
export const VERDICT_COMMANDS: readonly CommandRow[] = [
  command({
    name: 'submit',
    about: 'send a model to a server and follow its run',
    positionals: { file: SUBMITTED_PLACE },
    options: {
      ...SUBMISSION_OPTIONS,
      ...CHECK_OPTIONS,
      ...ATTACK_OPTIONS,
      noSeal: flag('the answer alone: nothing is signed or logged'),
      noCrossCheck: flag("sign at once, on one engine's word"),
      noWait: flag("print the run's id and go"),
      ...SERVER_OPTIONS,
    },
    examples: [
      { line: 'submit specs/demo/order.bpmn', about: 'to a signed verdict' },
      {
        line: 'submit model.yaml --assurance crossChecked --no-wait',
        about: 'leave it with the server',
      },
      {
        line: 'submit specs/demo/checkout.yaml --threats all --budget 2 --controls',
        about: 'and which attacks break what, signed with it',
      },
    ],
    notes: [
      'Before it is signed the other engines are asked for each answer that they can give; who agreed, and who did not and why, is signed with it. Engines that are named by --engines stay the only ones.',
    ],
    exits: {
      0: 'all hold, or a script has its answers',
      1: 'something is violated; with --threats, an attack breaks something',
      3: 'something is bounded or unknown, or the run was cancelled',
    },
    json: 'the report with the ids of run and verdict as JSON; problems too',
    run: async (values, io) => (await import('../submit.ts')).submit(values, io),
  }),
  command({
    name: 'verdict',
    about: 'show a signed verdict, as the server tells it',
    positionals: { id: VERDICT },
    options: SERVER_OPTIONS,
    notes: [
      'What a server says is no proof: `probity certificate` fetches the bundle, `probity verify` checks it.',
    ],
    examples: [{ line: 'verdict ver_1', about: 'its answers, its status and its anchor' }],
    exits: { 0: 'shown' },
    run: async (values, io) => (await import('../verdict.ts')).verdict(values, io),
  }),
  command({
    name: 'certificate',
    about: 'write the bundle of a verdict, or the verdict in another form',
    positionals: { id: VERDICT },
    options: {
      out: required(
        { ...FILE, shown: 'DIR|FILE' },
        'a new or empty folder; or a new file, whose name says what is written: .zip the bundle, .html a page to print, .pdf the same by the Chromium that is installed',
      ),
      format: optional(
        choice('FORM', FORMS),
        'in-toto Simple Verification Result, W3C Verifiable Credential, the same as a JWT, or the RFC 3161 timestamp of envelope.json; into --out FILE',
      ),
      policy: optional(
        FILE,
        'for .html and .pdf: verify first, print how, and print nothing that does not verify',
      ),
      anchored: defaulted(number('SECONDS', 0, 3_600), 0, 'wait up to so long for the anchor'),
      ...SERVER_OPTIONS,
    },
    examples: [
      { line: 'certificate ver_1 --out bundle', about: 'the bundle as plain files' },
      {
        line: 'certificate ver_1 --out page.pdf --policy policy',
        about: 'verified, and printed',
      },
    ],
    exits: { 0: 'written' },
    run: async (values) => (await import('../certificate.ts')).certificate(values),
  }),
  command({
    name: 'verify',
    about: 'check a bundle offline, trusting only your own keys',
    positionals: {
      bundle: required(
        { ...FILE, shown: 'DIR|FILE.zip' },
        'the bundle; or incident.json, a statement about an alert or an incident',
      ),
    },
    options: {
      policy: optional(
        FILE,
        'whom you trust',
        'the policy in your trust folder (${XDG_CONFIG_HOME:-~/.config}/probity/trust/policy)',
      ),
      compliance: flag('ask for an anchor on a real network, from a ledger key of the policy'),
      online: flag(
        'ask the server whether the verdict was revoked since; its answer is believed as far as it is signed and logged',
      ),
      recheck: flag(
        "check the answers again from the model: replay each trace, prove each invariant's obligations in a fresh Z3, explore and count again; ask TLC or a solver again of what is theirs alone. What takes too long, or has no tool here, is skipped, and says so",
      ),
      ...SERVER_OPTIONS,
    },
    notes: [
      'A policy inside the bundle is never used: whoever forged the bundle would have written it.',
    ],
    examples: [
      { line: 'verify bundle --policy policy', about: 'offline: signatures, log, evidence' },
      { line: 'verify bundle --recheck', about: 'and the answers again' },
    ],
    exits: {
      0: 'verified',
      1: 'tampered, or an answer that its evidence does not bear out',
      2: 'not a bundle, or bad input',
      3: 'untrusted',
    },
    json: 'each layer as JSON; problems too',
    runs: 'inThread',
    run: async (values, io) => (await import('../verify.ts')).verify(values, io),
  }),
  command({
    name: 'revoke',
    about: 'withdraw a verdict: signed, logged, for good',
    positionals: { id: VERDICT },
    options: { reason: REASON, ...SERVER_OPTIONS },
    notes: [OFFICER, 'The reason stands in the signed revocation.'],
    examples: [{ line: 'revoke ver_1 --reason "wrong model"', about: 'it no longer counts' }],
    exits: { 0: 'done' },
    run: async (values) => (await import('../withdraw.ts')).withdraw('revoke', values),
  }),
  command({
    name: 'supersede',
    about: 'name the verdict that stands in the place of another',
    positionals: { id: VERDICT },
    options: {
      by: required(anyText('ID'), 'the verdict that stands in its place'),
      reason: REASON,
      ...SERVER_OPTIONS,
    },
    notes: [OFFICER, 'The reason stands in the signed statement.'],
    examples: [
      { line: 'supersede ver_1 --by ver_2 --reason "a new version"', about: 'ver_2 counts' },
    ],
    exits: { 0: 'done' },
    run: async (values) => (await import('../withdraw.ts')).withdraw('supersede', values),
  }),
  command({
    name: 'erase',
    about: 'delete what a verdict says; its leaf stays in the log, and says nothing',
    positionals: { id: VERDICT },
    options: { reason: REASON, ...SERVER_OPTIONS },
    notes: [OFFICER, 'The reason stands in the audit.'],
    examples: [{ line: 'erase ver_1 --reason "asked for"', about: 'for good' }],
    exits: { 0: 'done' },
    run: async (values) => (await import('../withdraw.ts')).withdraw('erase', values),
  }),
  command({
    name: 'audit',
    about: 'all verdicts of a period, with what proves them',
    options: {
      from: required(anyText('DATE'), '2026-01-01, or 2026-01-01T12:00:00Z'),
      to: required(anyText('DATE'), 'its end; not included'),
      out: required(FILE, 'a new file: a ZIP that any tool unpacks'),
      ...SERVER_OPTIONS,
    },
    notes: [OFFICER],
    examples: [
      {
        line: 'audit --from 2026-01-01 --to 2026-04-01 --out quarter.zip',
        about: 'verdicts, revocations, keys and the access log of a quarter',
      },
    ],
    exits: { 0: 'written' },
    run: async (values) => (await import('../audit.ts')).audit(values),
  }),
  command({
    name: 'access-log',
    about: 'whether the access log of an archive is whole',
    positionals: { file: required(FILE, 'access-log.jsonl, out of an archive of `audit`') },
    options: {
      before: optional(FILE, 'one of an earlier archive, which this one must go on from'),
    },
    notes: [
      'Each line is a link of a chain: it covers the line before, and salted digests of who asked and of what. Who it was can be erased; the chain stays.',
    ],
    examples: [
      {
        line: 'access-log june/access-log.jsonl --before may/access-log.jsonl',
        about: 'nothing changed, removed or put elsewhere, also between the two',
      },
    ],
    exits: { 0: 'whole', 1: 'faults, each with its line' },
    run: async (values) => (await import('../accessLog.ts')).checkAccessLog(values),
  }),
];
