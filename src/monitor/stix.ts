import { createHash } from 'node:crypto';

/** What is told of an incident to others: no case, no event, nothing of whom it happened to. */
export interface SharedIncident {
  readonly id: string;
  /** Who shares it. */
  readonly issuer: string;
  readonly model: { readonly name: string; readonly digest: string };
  readonly kind: string;
  readonly property: string;
  /** The smallest sets of threats that explain it. */
  readonly explainedBy: readonly (readonly string[])[];
  readonly alerts: number;
  readonly cases: number;
  readonly firstSeen: Date;
  readonly lastChanged: Date;
  /** Names and ids (`playbook--UUID`) of what is verified for it. */
  readonly playbooks: readonly { readonly playbook: string; readonly name: string }[];
}

type StixObject = Readonly<Record<string, unknown>> & { readonly id: string };

/** Names of threats are ours; an id of STIX follows from the name, so that two reports agree. */
const NAMESPACE = '5b7f1c1e-7a52-4d5e-9d0c-2f1f7a1c6e30';

/**
 * An incident as a STIX 2.1 bundle (OASIS, 2021): the incident, an attack pattern for each threat
 * that may be behind it, a course of action for each verified playbook, and how they hang together.
 * Bare of cases and events: it is for others.
 */
export function stixBundle(shared: SharedIncident): Readonly<Record<string, unknown>> {
  const created = shared.firstSeen.toISOString();
  const modified = new Date(
    Math.max(shared.firstSeen.getTime(), shared.lastChanged.getTime()),
  ).toISOString();
  const identity = objectOf('identity', shared.issuer, created, created, {
    name: shared.issuer,
    identity_class: 'organization',
  });
  const by = { created_by_ref: identity.id };
  const about = shared.property === '' ? '' : ` ${shared.property}`;
  const incident = objectOf('incident', shared.id, created, modified, {
    ...by,
    name: `${shared.kind}${about} in ${shared.model.name}`,
    description: `${shared.alerts} alerts of ${shared.cases} cases along the verified model ${shared.model.digest}. ${explained(shared.explainedBy)}`,
    labels: [shared.kind],
  });
  const threats = [...new Set(shared.explainedBy.flat())].sort();
  const patterns = threats.map((id) =>
    objectOf('attack-pattern', id, created, created, { ...by, name: id }),
  );
  const actions = shared.playbooks.map(({ playbook, name }) =>
    objectOf('course-of-action', playbook, created, created, {
      ...by,
      name,
      external_references: [{ source_name: 'cacao', external_id: playbook }],
    }),
  );
  const relations = [
    ...patterns.map((pattern) => relation('related-to', incident, pattern, created, by)),
    ...actions.flatMap((action) =>
      patterns.map((pattern) => relation('mitigates', action, pattern, created, by)),
    ),
  ];
  const objects = [identity, incident, ...patterns, ...actions, ...relations];
  return {
    type: 'bundle',
    id: `bundle--${uuidOf(`${shared.id} ${modified}`)}`,
    objects,
  };
}

const explained = (sets: readonly (readonly string[])[]): string =>
  sets.length === 0
    ? 'No threat explains it.'
    : `It can only happen if ${sets.map((set) => set.join(' and ')).join(', or ')}.`;

function objectOf(
  type: string,
  name: string,
  created: string,
  modified: string,
  more: Readonly<Record<string, unknown>>,
): StixObject {
  const id = `${type}--${uuidOf(`${type} ${name}`)}`;
  return { type, spec_version: '2.1', id, created, modified, ...more };
}

const relation = (
  kind: string,
  from: StixObject,
  to: StixObject,
  created: string,
  by: Readonly<Record<string, unknown>>,
): StixObject =>
  objectOf('relationship', `${kind} ${from.id} ${to.id}`, created, created, {
    ...by,
    relationship_type: kind,
    source_ref: from.id,
    target_ref: to.id,
  });

/** A UUID of version 5 (RFC 9562, 5.5). */
function uuidOf(name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(NAMESPACE.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16);
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  const hex = hash.toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
