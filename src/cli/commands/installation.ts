import type { KeyRole } from '../../evidence/signing/keys.ts';
import { command, type CommandRow } from '../command.ts';
import { DATA_OPTION, SERVER_OPTIONS } from '../options.ts';
import {
  choice,
  defaulted,
  FILE,
  flag,
  FOLDER,
  oneOrMore,
  optional,
  PORT,
  repeated,
  required,
  anyText,
  whole,
} from '../values.ts';

const KEY_ROLES = ['verdict', 'log', 'ledger'] as const satisfies readonly KeyRole[];
const ROLE = choice('ROLE', KEY_ROLES);
const WHERE = 'where it is: one of';

const LOG_PLACE = {
  folder: optional(
    FOLDER,
    'the log in a folder',
    'PROBITY_LOG_DIR, else the database (DATABASE_URL, else the embedded one)',
  ),
  url: optional(anyText('PREFIX'), 'the log as somebody serves it, https://probity.example/log'),
  data: DATA_OPTION,
};

/** Tenants, by the running service and the key of an admin of the first one. */
const ORGANISATIONS: CommandRow = {
  name: 'organisations',
  about: 'whose rows are kept apart in this installation',
  notes: ['Asks the running service, with the key of an admin of its first organisation.'],
  commands: [
    command({
      name: 'list',
      about: 'all of them',
      options: SERVER_OPTIONS,
      examples: [{ line: 'organisations list', about: 'ids, names, who publishes' }],
      exits: { 0: 'listed' },
      run: async (values) => (await import('../organisations.ts')).listAll(values),
    }),
    command({
      name: 'create',
      about: 'a new one, with the key of its first admin',
      positionals: { name: required(anyText('NAME'), 'what it is called') },
      options: {
        publishes: flag('anybody may look up whether a verdict of it stands'),
        ...SERVER_OPTIONS,
      },
      examples: [{ line: 'organisations create "Shop Ltd"', about: 'prints the key, once' }],
      exits: { 0: 'created' },
      run: async (values, io) => (await import('../organisations.ts')).create(values, io),
    }),
    command({
      name: 'key',
      about: 'a key for somebody of one',
      positionals: { organisation: required(anyText('ID'), 'which one') },
      options: {
        role: required(anyText('ROLE'), 'what the key may do: docs/api.md'),
        name: required(anyText('NAME'), 'what it is called'),
        owner: optional(anyText('OWNER'), 'whose models and runs it sees', 'an owner of its own'),
        ...SERVER_OPTIONS,
      },
      examples: [
        {
          line: 'organisations key org_01… --role admin --name "second admin"',
          about: 'where the last one is lost',
        },
      ],
      exits: { 0: 'created' },
      run: async (values, io) => (await import('../organisations.ts')).createKey(values, io),
    }),
  ],
};

/** What runs and keeps an installation. */
export const INSTALLATION_COMMANDS: readonly CommandRow[] = [
  {
    name: 'keys',
    about: 'the keys of this installation',
    notes: ['Secret keys stay in the data folder, below keys, and are never printed.'],
    commands: [
      command({
        name: 'show',
        about: 'the public keys',
        options: { data: DATA_OPTION },
        examples: [{ line: 'keys show', about: 'verdict, log and ledger' }],
        exits: { 0: 'shown', 2: 'bad input, or no keys yet' },
        run: async (values) => (await import('../keys.ts')).showKeys(values, false),
      }),
      command({
        name: 'init',
        about: 'make the keys that are missing (0600), and show them',
        options: {
          data: DATA_OPTION,
          name: optional(
            anyText('NAME'),
            'what new keys are called: NAME/verdict, NAME/log',
            'PROBITY_ORIGIN',
          ),
        },
        examples: [{ line: 'keys init --name shop.example', about: 'before the first start' }],
        exits: { 0: 'there they are' },
        run: async (values) => (await import('../keys.ts')).showKeys(values, true),
      }),
      command({
        name: 'policy',
        about: 'a trust policy for these keys, to hand to whoever verifies',
        options: { data: DATA_OPTION },
        notes: ['With the witnesses and the quorum of PROBITY_WITNESSES, where that is set.'],
        examples: [{ line: 'keys policy > policy', about: 'hand it over apart from the bundle' }],
        exits: { 0: 'printed', 2: 'bad input, or no keys yet' },
        run: async (values) => (await import('../keys.ts')).printPolicy(values),
      }),
      command({
        name: 'rotate',
        about: 'replace a key; the change is logged',
        positionals: { role: defaulted(ROLE, 'verdict', 'which of the keys') },
        options: { reason: required(anyText('TEXT'), 'why'), ...SERVER_OPTIONS },
        notes: [
          'Asks the running service, with the key of an admin, and prints the policy from then on. A new ledger key has an address of its own: send it coins.',
        ],
        examples: [{ line: 'keys rotate log --reason "a year has passed"', about: 'the log key' }],
        exits: { 0: 'replaced' },
        run: async (values, io) => (await import('../rotate.ts')).rotate(values, io),
      }),
      command({
        name: 'attach',
        about: 'use a key in a token, behind a command or a key service',
        positionals: {
          role: required(
            ROLE,
            'where there is such a key already, the new one waits as its successor: then `probity keys rotate ROLE`',
          ),
        },
        options: {
          pkcs11: optional(
            { ...FILE, shown: 'MODULE' },
            `${WHERE} a token over PKCS#11 (CKM_EDDSA; needs the optional package pkcs11js), with --token and --object`,
          ),
          token: optional(anyText('LABEL'), 'the label of the token'),
          object: optional(anyText('LABEL'), 'the label of the key in it'),
          pinVariable: defaulted(
            anyText('NAME'),
            'PROBITY_PIN',
            'the variable of the environment of the service that has the PIN',
          ),
          command: optional(
            anyText('JSON'),
            `${WHERE} a command, as a list of words, run without a shell: the message on its input, 64 bytes on its output; with --public`,
          ),
          url: optional(
            anyText('URL'),
            `${WHERE} a key service: POST {"keyId","message"} with a bearer token, answered by {"signature"}, all base64; with --token-file and --public`,
          ),
          tokenFile: optional(FILE, 'the file with the bearer token'),
          public: optional(FILE, 'the public key, PEM or DER (SubjectPublicKeyInfo, Ed25519)'),
          data: DATA_OPTION,
          name: optional(anyText('NAME'), 'what the key is called: NAME/ROLE', 'PROBITY_ORIGIN'),
        },
        examples: [
          {
            line: `keys attach verdict --command '["sign-with-hsm"]' --public key.pem`,
            about: 'a key behind a command',
          },
        ],
        exits: { 0: 'attached', 4: 'it does not sign, or a file cannot be written' },
        run: async (values) => (await import('../attach.ts')).attach(values),
      }),
      command({
        name: 'admin',
        about: 'a new admin key of the API, where the last one is lost',
        options: {
          data: DATA_OPTION,
          name: defaulted(anyText('NAME'), 'made here', 'what it is called'),
        },
        notes: [
          'On the machine of the service, whether it runs or not. An auditor sees that it was made this way.',
        ],
        examples: [{ line: 'keys admin', about: 'printed this once' }],
        exits: { 0: 'made' },
        run: async (values, io) => (await import('../adminKey.ts')).makeAdminKey(values, io),
      }),
    ],
  },
  {
    name: 'log',
    about: 'the transparency log: recompute and compare it, write it as files',
    notes: ['Both also work beside a running service on this machine.'],
    commands: [
      command({
        name: 'fsck',
        about: 'recompute the log from its leaves and compare all that is stored',
        options: {
          against: repeated(
            { ...FILE, shown: 'PLACE' },
            'a checkpoint or receipt (file or URL) that the log must be an extension of',
          ),
          key: repeated(
            anyText('VKEY'),
            'the key of the log, where it is not of this installation; after it was replaced both, as in its policy: --key "OLD until SIZE" --key NEW',
          ),
          ...LOG_PLACE,
        },
        notes: [
          'A log of this installation is also compared with the checkpoint that it last showed (kept in the data folder).',
        ],
        examples: [
          { line: 'log fsck', about: 'of this installation' },
          {
            line: 'log fsck --url https://probity.example/log --key VKEY',
            about: 'what a service shows, by anybody',
          },
        ],
        exits: { 0: 'no fault', 1: 'faults, each with a code' },
        run: async (values, io) => (await import('../log.ts')).checkLog(values, io),
      }),
      command({
        name: 'export',
        about: 'write it as static files (c2sp.org/tlog-tiles) for any web server',
        positionals: { target: required(FOLDER, 'where to') },
        options: LOG_PLACE,
        examples: [{ line: 'log export public/log', about: 'for many readers' }],
        exits: { 0: 'written' },
        run: async (values) => (await import('../log.ts')).exportLog(values),
      }),
    ],
  },
  command({
    name: 'witness',
    about: 'cosigns logs of others that only grow (c2sp.org/tlog-witness)',
    options: {
      log: oneOrMore(
        anyText('VKEY'),
        'a log that is cosigned: its public key, from somebody you trust; after it was replaced both: --log "OLD until SIZE" --log NEW',
      ),
      name: defaulted(
        anyText('NAME'),
        'witness.local',
        'what the key of this witness is called when it is made',
      ),
      data: optional(FOLDER, 'its key and what it has cosigned', 'witness in the data folder'),
      host: defaulted(anyText('ADDRESS'), '127.0.0.1', 'where it listens'),
      port: defaulted(PORT, 4610, 'its port; 0 takes a free one'),
    },
    notes: [
      'A witness is worth something only on another machine, in other hands than the log. Who loses its folder must make a new key.',
    ],
    examples: [{ line: 'witness --log VKEY --name witness.example', about: 'until Ctrl-C' }],
    exits: { 0: 'stopped' },
    json: 'address and key as one line of JSON; problems too',
    runs: 'untilStopped',
    run: async (values, io) => (await import('../witness.ts')).witness(values, io),
  }),
  {
    name: 'anchor',
    about: 'look an anchor up on the ledger',
    commands: [
      command({
        name: 'check',
        about: 'whether the ledger took an anchor, when, and whether the record stands there',
        positionals: { bundle: required({ ...FILE, shown: 'BUNDLE' }, 'a folder or a .zip') },
        options: {
          node: optional(
            anyText('URL'),
            'the node that is asked: one that the issuer does not run',
            "one of the anchor's network",
          ),
        },
        notes: [
          'What can be seen offline (who signed what, and that it covers the verdict) is checked by `probity verify`.',
        ],
        examples: [
          { line: 'anchor check bundle --node https://node.example', about: 'by a node of yours' },
        ],
        exits: {
          0: 'it stands',
          1: 'the node shows something else',
          3: 'the node does not have it',
          4: 'the node does not answer, or another fault',
        },
        run: async (values, io) => (await import('../anchor.ts')).checkAnchor(values, io),
      }),
    ],
  },
  command({
    name: 'iota-emulator',
    about: 'a ledger node for development, which proves nothing',
    options: {
      port: defaulted(PORT, 4620, 'its port; 0 takes a free one'),
      host: defaulted(anyText('ADDRESS'), '127.0.0.1', 'where it listens'),
      fault: repeated(
        anyText('NAME[=X]'),
        'what goes wrong: down (answers nothing), delayMs=500 (answers late), loseAnswers=1 (takes so many transactions and loses the answer), forget=1 (answers so many as taken, and knows nothing of them afterwards), staleCoins (shows coins as they were before the last transaction), broke (nobody has coins), reject=WORDS (refuses every transaction), chainId=6364aad5 (is of another chain)',
      ),
    },
    notes: [
      'GET /admin/faults shows faults and counts; POST /admin/faults with a JSON object changes them while it runs. All is forgotten when it ends.',
      'PROBITY_IOTA_NETWORK=emulated PROBITY_IOTA_URL=http://127.0.0.1:4620 lets a service use it.',
    ],
    examples: [{ line: 'iota-emulator --port 0 --fault delayMs=500', about: 'until Ctrl-C' }],
    exits: { 0: 'stopped' },
    json: 'the address as one line of JSON; problems too',
    runs: 'untilStopped',
    run: async (values, io) => (await import('../iotaEmulator.ts')).emulator(values, io),
  }),
  ORGANISATIONS,
  command({
    name: 'doctor',
    about: 'what is there, and how to mend what is not',
    examples: [{ line: 'doctor', about: 'tools, database, queue, keys, ledger' }],
    exits: {
      0: 'the service can run (what is missing is optional)',
      2: 'bad configuration',
      4: 'the service cannot run',
    },
    run: async (_, io) => (await import('../doctor.ts')).doctor(io),
  }),
  command({
    name: 'serve',
    about: 'the service: API, workers, embedded servers',
    options: {
      port: optional(PORT, 'port of the API; 0 takes a free one', 'PROBITY_PORT, else 4600'),
      host: optional(anyText('ADDRESS'), 'where it listens', 'PROBITY_HOST, else 127.0.0.1'),
      data: DATA_OPTION,
      workers: optional(whole('N', 0, 64), 'worker processes', 'PROBITY_WORKERS, else 2'),
    },
    notes: [
      'DATABASE_URL and REDIS_URL name servers of yours; without them Postgres is embedded and carries the queue.',
    ],
    examples: [{ line: 'serve --port 0 --data ./data', about: 'until Ctrl-C' }],
    exits: { 0: 'stopped' },
    json: 'addresses as one line of JSON; problems too',
    runs: 'untilStopped',
    run: async (values, io) => (await import('../serve.ts')).serve(values, io),
  }),
  command({
    name: 'demo',
    about: 'two workflows from submission to verified verdict',
    notes: [
      'Starts its own servers on free ports, sends specs/demo/order.bpmn and specs/demo/checkout.yaml through GraphQL, follows them, fetches the bundles, verifies them offline, and shows that a changed copy is refused.',
    ],
    examples: [{ line: 'demo', about: 'the whole path, with real parts' }],
    exits: { 0: 'all of that happened', 4: 'something did not' },
    json: false,
    runs: 'untilStopped',
    run: async (_, io) => (await import('../demo.ts')).demo(io),
  }),
];
