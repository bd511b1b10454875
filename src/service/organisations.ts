import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import {
  isId,
  type KeyRecord,
  type NewOrganisation,
  type OrganisationRecord,
} from '../store/index.ts';
import { createApiKey, plainProblems, type MadeApiKey, type NewApiKey } from './apiKeys.ts';
import { audited, type AuditActor } from './auditTrail.ts';
import type { Installation } from './service.ts';

/** What is done to organisations by whoever runs the installation. */

export interface OpenedOrganisation {
  readonly organisation: OrganisationRecord;
  /** The key of its first admin: in this answer and nowhere else, ever. */
  readonly key: string | null;
  readonly record: KeyRecord;
}

export const listOrganisations = ({ store }: Installation): Promise<OrganisationRecord[]> =>
  store.organisations.list();

/**
 * A new organisation with its first admin. It starts with nothing, and what it publishes is said
 * here.
 */
export async function createOrganisation(
  installation: Installation,
  actor: AuditActor,
  organisationOfActor: string,
  { name, publishes }: NewOrganisation,
): Promise<Result<OpenedOrganisation>> {
  const problems = plainProblems('name', 'a name', name);
  if (problems.length > 0) return bad(...problems);
  const organisation = await installation.store.organisations.create({ name, publishes });
  if (!organisation) return bad(nameTaken());
  const { id } = organisation;
  await audited(installation.of(organisationOfActor), actor, 'organisationCreate', id);
  const made = await createApiKey(installation.of(id), actor, {
    name: 'first admin',
    role: 'admin',
  });
  if (!made.ok) return made;
  installation.logger.info('organisation.created', { organisation: id, by: actor.keyId });
  return ok({ organisation, ...made.value });
}

/** Its name, and whether it publishes. */
export async function updateOrganisation(
  installation: Installation,
  actor: AuditActor,
  organisationOfActor: string,
  id: string,
  change: Partial<NewOrganisation>,
): Promise<Result<OrganisationRecord>> {
  const problems = change.name === undefined ? [] : plainProblems('name', 'a name', change.name);
  if (problems.length > 0) return bad(...problems);
  if (!(await known(installation, id))) return bad(noSuch());
  await audited(installation.of(organisationOfActor), actor, 'organisationUpdate', id);
  const organisation = await installation.store.organisations.update(id, change);
  return organisation ? ok(organisation) : bad(nameTaken());
}

/** A key for somebody of an organisation. Its own audit says so too. */
export async function createKeyOf(
  installation: Installation,
  actor: AuditActor,
  organisationOfActor: string,
  id: string,
  wanted: NewApiKey,
): Promise<Result<MadeApiKey>> {
  if (!(await known(installation, id))) return bad(noSuch());
  const made = await createApiKey(installation.of(id), actor, wanted);
  if (made.ok)
    await audited(
      installation.of(organisationOfActor),
      actor,
      'organisationKeyCreate',
      made.value.record.id,
      id,
    );
  return made;
}

const known = async ({ store }: Installation, id: string): Promise<boolean> =>
  isId(id) && (await store.organisations.get(id)) !== undefined;

const noSuch = (): Problem =>
  problem('NOT_FOUND', 'input.organisationId', 'there is no such organisation');
const nameTaken = (): Problem =>
  problem('OPTION_INVALID', 'input.name', 'another organisation has this name');
