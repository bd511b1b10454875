/** Who may ask for what. `docs/api.md` prints this table, and a test compares them. */
export const ROLES = ['architect', 'trainer', 'learner', 'compliance', 'admin'] as const;
export type Role = (typeof ROLES)[number];

const everybody = ROLES;
/** A learner sees lessons, and neither what others verify nor how a lesson is solved. */
const staff = ROLES.filter((role) => role !== 'learner');
const modellers: readonly Role[] = ['architect', 'trainer', 'admin'];
const officers: readonly Role[] = ['compliance', 'admin'];
const admins: readonly Role[] = ['admin'];

/**
 * Every field of Query, Mutation and Subscription, and the roles that may use it. One that is
 * missing here is a bug.
 */
export const OPERATIONS: Readonly<Record<string, readonly Role[]>> = {
  viewer: everybody,
  node: staff,
  model: staff,
  run: staff,
  runs: staff,
  runUpdated: staff,
  verdict: staff,
  verdicts: staff,
  scenarios: everybody,
  scenario: everybody,
  scenarioSolution: staff,
  trustPolicy: staff,
  submitModel: modellers,
  requestVerification: modellers,
  cancelRun: modellers,
  revokeVerdict: officers,
  supersedeVerdict: officers,
  eraseVerdict: officers,
  auditEvents: officers,
  rotateKey: admins,
  apiKeys: admins,
  createApiKey: admins,
  revokeApiKey: admins,
};

/** Roles that see everybody's models, runs and verdicts; the others see those of their owner. */
const SEES_ALL: ReadonlySet<Role> = new Set(['compliance', 'admin']);

export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);
export const mayUse = (role: Role, operation: string): boolean =>
  OPERATIONS[operation]?.includes(role) ?? false;
export const seesAll = (role: Role): boolean => SEES_ALL.has(role);
export const operationsOf = (role: Role): string[] =>
  Object.keys(OPERATIONS).filter((operation) => mayUse(role, operation));
