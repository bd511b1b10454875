/** Who may ask for what is a line of each operation (`areas/`); `docs/api.md` prints the table. */
export const ROLES = [
  'architect',
  'trainer',
  'learner',
  'compliance',
  'responder',
  'admin',
] as const;
export type Role = (typeof ROLES)[number];

export const EVERYBODY: readonly Role[] = ROLES;
/** A learner sees lessons, and neither what others verify nor how a lesson is solved. */
export const STAFF: readonly Role[] = ROLES.filter((role) => role !== 'learner');
export const MODELLERS: readonly Role[] = ['architect', 'trainer', 'admin'];
/** Who sees how far learners are. */
export const TRAINERS: readonly Role[] = ['trainer', 'admin'];
export const OFFICERS: readonly Role[] = ['compliance', 'admin'];
export const ADMINS: readonly Role[] = ['admin'];
/** Who sees running cases and their alerts: all of the organisation's. */
export const WATCHERS: readonly Role[] = ['architect', 'compliance', 'responder', 'admin'];
/** Who says what is done about an alert. */
export const RESPONDERS: readonly Role[] = ['responder', 'compliance', 'admin'];
/** Who carries out playbooks; which role approves a step, the step says. */
export const CARRIERS: readonly Role[] = ['responder', 'admin'];
/** Who sends events: a key for this alone has the scope `postEvents`. */
export const EVENT_SENDERS: readonly Role[] = ['architect', 'responder', 'admin'];

/** Roles that see everybody's models, runs and verdicts; the others see those of their owner. */
const SEES_ALL: ReadonlySet<Role> = new Set(OFFICERS);

export const isRole = (text: string): text is Role => (ROLES as readonly string[]).includes(text);
export const seesAll = (role: Role): boolean => SEES_ALL.has(role);
