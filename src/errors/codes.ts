/**
 * The one table of codes. A code is a public promise: it never changes its meaning and is never
 * reused.
 *
 * - A **problem** is the user's: bad input, always with the place it points at.
 * - A **fault** is the world's: a full disk, a taken port, a dead child. `retryable` says whether
 *   trying again can help.
 */
export const PROBLEMS = {
  // reading a file
  INPUT_TOO_LARGE: 'the input is larger than the limit',
  INPUT_UNREADABLE: 'the file cannot be read',
  INPUT_NOT_UTF8: 'the input is not UTF-8 text',
  INPUT_TOO_COMPLEX: 'the input takes more time or memory to read than an input may',
  FORMAT_UNKNOWN: 'the format of the input is not known',
  YAML_SYNTAX: 'the text is not YAML 1.2',
  YAML_DUPLICATE_KEY: 'a mapping has the same key twice',
  YAML_ALIAS: 'an anchor, alias or merge key, which the native format does not use',
  // native model: shape
  MODEL_SHAPE: 'the document does not have the shape of a model',
  UNKNOWN_KEY: 'a key that the format does not know',
  MISSING_KEY: 'a key that the format requires is missing',
  NAME_INVALID: 'a name that is not an identifier',
  NAME_TAKEN: 'two things in one scope have the same name',
  TYPE_SYNTAX: 'a type that cannot be read',
  TYPE_UNKNOWN: 'a type that names no declared set',
  TYPE_TOO_LARGE: 'a type with more values than a model can have',
  // expressions
  EXPRESSION_SYNTAX: 'an expression that cannot be read',
  EXPRESSION_UNSUPPORTED: 'FEEL that is outside the supported subset',
  EXPRESSION_TOO_DEEP: 'an expression nested deeper than the limit',
  NAME_UNKNOWN: 'a name that nothing declares',
  NAME_AMBIGUOUS: 'a name that means two things',
  TYPE_MISMATCH: 'an expression of the wrong type',
  NOT_ALLOWED_HERE: 'a name that cannot be read at this place',
  // meaning
  INIT_OUT_OF_RANGE: 'an initial value outside the declared range',
  INIT_EMPTY: 'no initial state satisfies the initial conditions',
  ACTOR_UNKNOWN: 'an actor that is not declared',
  CHANNEL_UNKNOWN: 'a channel that is not declared',
  PROPERTY_SHAPE: 'a property without exactly one kind',
  // BPMN
  XML_SYNTAX: 'the text is not well-formed XML',
  XML_DOCTYPE: 'a document type declaration, refused because entities can be made to explode',
  BPMN_SHAPE: 'the XML is not a BPMN 2.0 definition',
  BPMN_NO_PROCESS: 'the diagram has no process',
  BPMN_REFERENCE: 'an element refers to one that does not exist',
  BPMN_UNSUPPORTED: 'an element that is not supported yet',
  BPMN_STRUCTURE: 'an element that BPMN 2.0 does not allow here',
  // SMT-LIB and TLA+
  SMT_SYNTAX: 'an SMT-LIB script that cannot be read',
  SMT_REFUSED: 'a command or option that reaches outside of the solver',
  TLA_SYNTAX: 'a TLA+ module or configuration that cannot be read',
  TLA_MODULE: 'a TLA+ module that is not there, or may not be used',
  // asking
  PROPERTY_UNKNOWN: 'a property that the model does not have',
  ENGINE_UNKNOWN: 'an engine that does not exist',
  THREAT_UNKNOWN: 'a threat that does not exist in the model',
  THREAT_TOO_LARGE: 'a threat with more values than can be tried one by one',
  THREATS_NEED_SOUND_MODEL: 'a model that breaks an implicit property without any threat',
  COMMAND_UNKNOWN: 'a command that does not exist',
  OPTION_INVALID: 'an option with a value it cannot have, or that is not there',
  NOT_FOUND: 'nothing has this id',
  UNAUTHENTICATED: 'no valid API key',
  FORBIDDEN: 'the role of this key may not do this',
  IDEMPOTENCY_CONFLICT: 'the same idempotency key with another input',
  RATE_LIMITED: 'more was asked for than a key, or an address, may ask for now',
  QUOTA_EXCEEDED: 'the organisation has all that it may have',
  CURSOR_GONE: 'a cursor of something that is not kept any more, or never was here',
  RUN_FINISHED: 'the run has already ended',
  QUERY_TOO_COMPLEX: 'a GraphQL document over the limits',
  ANSWER_TOO_LARGE: 'an answer over the limit; what is large has an address of its own',
  REQUEST_SHAPE: 'a request of the wrong shape',
  // risk
  UPLOAD_DIGEST: 'bytes that are not those that their digest names, or a digest that is none',
  UPLOAD_UNKNOWN: 'a digest under which nothing was sent, or no more is kept',
  EVENT_LOG_SYNTAX: 'the event log is not well-formed, or lacks what its format demands',
  EVENT_LOG_ROW: 'an event that cannot be read',
  EVENT_LOG_CASE_TYPE: 'an object-centric log without the type of objects that are cases',
  EVENT_LOG_EMPTY: 'the event log has no events',
  WEIGHTS_SHAPE: 'a file of weights that cannot be read or used',
  INCIDENTS_ROW: 'a row of a table of incidents that cannot be read',
  LOSS_SHAPE: 'attack sets or their probabilities that cannot be read',
  MARKOV_SHAPE: 'an explicit Markov chain or decision process that cannot be read',
  RISK_PROPERTY: 'a property whose violation is not the reaching of a state',
  RISK_MODEL_BROKEN:
    'a model that breaks an implicit property has no risk to learn: mend that first',
  RISK_NOTHING_FITS: 'no case of the event log fits the model: nothing is learned from it',
  RISK_UNSOLVED: 'the equations of the chain cannot be solved to the end',
  RISK_INCOMPLETE: 'the state space is not finite, or larger than the limit',
  // monitoring
  MAPPING_SHAPE: 'a mapping of events to steps that cannot be read, or is of another model',
  EVENTS_SHAPE: 'a file that is no list of events (CloudEvents 1.0)',
  MONITOR_MODEL: 'a model whose cases cannot be followed value by value',
  PLAYBOOK_SHAPE: 'a playbook whose steps do not fit together, or that is of another model',
  PLAYBOOK_UNSUPPORTED: 'a playbook with something in it that cannot be verified',
  // lessons
  ATTEMPT_LOCKED: 'a change to what the exercise does not open',
  ATTEMPT_OVERREACHES: 'a step that reads, writes, takes or sends what its actor has no hand in',
  ATTEMPT_HAPPY_PATH: 'a run without attack that the lesson names, and that is no longer possible',
  ATTEMPTS_LIMIT: 'more attempts than one learner may make at a time',
  PLAY_TOKEN: 'a token of a position that is not ours, or not of this player or model',
  PLAY_STEP: 'a step that is not possible in this position',
  ANSWER_SHAPE: 'an answer without the form that its exercise asks for',
  // evidence
  BUNDLE_SHAPE: 'a bundle file is missing or has the wrong shape',
  POLICY_SHAPE: 'a trust policy that cannot be read',
  VERDICT_WITHDRAWN: 'the verdict was revoked or superseded, and this form of it could not say so',
  VERDICT_ERASED: 'the verdict was erased: nothing is left that could be shown or spoken of',
} as const;

export const FAULTS = {
  IDENTITY_UNAVAILABLE: 'the issuer of tokens cannot be reached, or is another one',
  DATABASE_UNAVAILABLE: 'the database cannot be reached',
  DATABASE_EMBEDDED: 'the embedded Postgres did not start',
  DATABASE_SCHEMA: 'the database has a schema that this version cannot use',
  QUEUE_UNAVAILABLE: 'the queue cannot be reached',
  PORT_TAKEN: 'the port is in use',
  DATA_DIR: 'the data folder cannot be used',
  DISK_FULL: 'the disk is full',
  KEY_FILE: 'the signing key cannot be read or written',
  SIGNER_FAILED: 'who holds a key for us did not sign',
  LOG_CORRUPT: 'the transparency log contradicts itself',
  LOG_ROLLED_BACK: 'the transparency log is shorter than one that was already seen',
  LOG_FORKED: 'the transparency log is another than the one that was already seen',
  LOG_UNAVAILABLE: 'a transparency log elsewhere does not answer',
  LOG_WRITE: 'the transparency log could not be written',
  WITNESS_POLICY: 'the policy of witnesses cannot be used',
  WITNESS_UNAVAILABLE: 'a witness does not answer, or not as the protocol says',
  WITNESS_REFUSED: 'a witness refuses to cosign',
  LEDGER_UNAVAILABLE: 'the ledger does not answer',
  LEDGER_FUNDS: 'the ledger address has nothing to pay with',
  LEDGER_REJECTED: 'the ledger refused the transaction',
  TIMESTAMP_UNAVAILABLE: 'the time-stamping authority gave no timestamp',
  TOOL_UNAVAILABLE: 'a tool that is needed is not there',
  CHILD_CRASHED: 'a child process ended unexpectedly',
  TIMEOUT: 'the time limit was reached',
  CANCELLED: 'the work was cancelled',
  INTERNAL: 'a fault of ours',
} as const;

export type ProblemCode = keyof typeof PROBLEMS;
export type FaultCode = keyof typeof FAULTS;
