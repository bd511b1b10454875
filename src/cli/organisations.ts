import { accepted, USER_ERRORS } from './accepted.ts';
import { ask, serverFrom, type ServerValues } from './client.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT } from './io.ts';

interface ListedOrganisation {
  readonly id: string;
  readonly name: string;
  readonly publishes: boolean;
  readonly createdAt: string;
}

type Payload = Parameters<typeof accepted>[0];

const SHOWN = 'id name publishes createdAt';

/** `probity organisations list`. */
export async function listAll(asked: ServerValues): Promise<Ended> {
  const { organisations } = await ask<{ organisations: readonly ListedOrganisation[] }>(
    serverFrom(asked),
    `{ organisations { ${SHOWN} } }`,
  );
  const line = ({ id, name, publishes }: ListedOrganisation): string =>
    `${id}  ${name}${publishes ? '  publishes' : ''}\n`;
  return { exit: EXIT.ok, json: organisations, text: () => organisations.map(line).join('') };
}

/** `probity organisations create`: the key alone goes to standard output. */
export async function create(
  asked: ServerValues & { readonly name: string; readonly publishes: boolean },
  io: CommandIo,
): Promise<Ended> {
  const { name, publishes } = asked;
  const { organisationCreate: made } = await ask<{
    organisationCreate: Payload & { organisation: ListedOrganisation; key: string };
  }>(
    serverFrom(asked),
    `mutation ($input: OrganisationCreateInput!) {
      organisationCreate(input: $input) { organisation { ${SHOWN} } key apiKey { id } ${USER_ERRORS} }
    }`,
    { input: { name, publishes } },
  );
  const { userErrors: _none, ...shown } = accepted(made);
  if (!io.json)
    io.stderr(`${made.organisation.id}; the key of its first admin, shown this once:\n`);
  return { exit: EXIT.ok, json: shown, text: () => `${made.key}\n` };
}

/** `probity organisations key`. */
export async function createKey(
  asked: ServerValues & {
    readonly organisation: string;
    readonly role: string;
    readonly name: string;
    readonly owner: string | undefined;
  },
  io: CommandIo,
): Promise<Ended> {
  const { organisation: organisationId, role, name, owner } = asked;
  const { organisationKeyCreate: made } = await ask<{
    organisationKeyCreate: Payload & { key: string; apiKey: { id: string } };
  }>(
    serverFrom(asked),
    `mutation ($input: OrganisationKeyCreateInput!) {
      organisationKeyCreate(input: $input) { key apiKey { id role owner } ${USER_ERRORS} }
    }`,
    { input: { organisationId, role, name, owner } },
  );
  const { userErrors: _none, ...shown } = accepted(made);
  if (!io.json) io.stderr(`${made.apiKey.id}; shown this once:\n`);
  return { exit: EXIT.ok, json: shown, text: () => `${made.key}\n` };
}
