import { ask, serverFrom, type ServerValues } from './client.ts';
import type { Ended } from './command.ts';
import { EXIT } from './io.ts';

interface Withdrawn {
  readonly id: string;
  readonly erasedAt: string | null;
  readonly status: {
    readonly state: string;
    readonly reason: string | null;
    readonly by: string | null;
    readonly at: string | null;
    readonly asOf: number;
  } | null;
}

const FIELDS = 'id erasedAt status { state reason by at asOf }';

/** A mutation for each way in which a verdict ends; they differ in what is asked. */
const MUTATIONS = {
  revoke: `mutation ($id: ID!, $reason: String!) { done: revokeVerdict(id: $id, reason: $reason) { ${FIELDS} } }`,
  supersede: `mutation ($id: ID!, $by: ID!, $reason: String!) { done: supersedeVerdict(id: $id, by: $by, reason: $reason) { ${FIELDS} } }`,
  erase: `mutation ($id: ID!, $reason: String!) { done: eraseVerdict(id: $id, reason: $reason) { ${FIELDS} } }`,
} as const;

type Asked = ServerValues & {
  readonly id: string;
  readonly reason: string;
  /** Of `supersede`: the verdict that stands in its place. */
  readonly by?: string;
};

/** `probity revoke`, `probity supersede`, `probity erase`. */
export async function withdraw(how: keyof typeof MUTATIONS, asked: Asked): Promise<Ended> {
  const { id, reason, by } = asked;
  const { done } = await ask<{ done: Withdrawn }>(serverFrom(asked), MUTATIONS[how], {
    id,
    reason,
    ...(by !== undefined && { by }),
  });
  return { exit: EXIT.ok, json: done, text: () => `${textOf(done)}\n` };
}

function textOf({ id, erasedAt, status }: Withdrawn): string {
  if (erasedAt !== null) return `${id} was erased at ${erasedAt}`;
  return `${id} is ${status?.state}${status?.by === null ? '' : ` by ${status?.by}`} since ${status?.at}, as of ${status?.asOf} leaves in the log · ${status?.reason}`;
}
