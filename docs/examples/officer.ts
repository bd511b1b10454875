/**
 * A compliance officer fetches the certified verdicts of a period in which a property has an
 * outcome, each as a bundle that anybody can verify offline. Run it with the address of a service
 * and a key with the role `compliance`:
 *
 *     node --import tsx docs/examples/officer.ts http://127.0.0.1:4600 KEY paidInFull violated FOLDER
 *     npx --no probity verify FOLDER/ID.zip --policy policy
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ask, graphql, type ResultOf } from '../../clients/typescript/probity.ts';

const [url = 'http://127.0.0.1:4600', key = '', property = '', outcome = 'violated', folder = '.'] =
  process.argv.slice(2);
const VERDICTS = graphql(`
  query Verdicts($filter: VerdictFilter!, $after: ID) {
    verdicts(first: 20, after: $after, filter: $filter) {
      edges {
        node {
          id
          issuedAt
          logIndex
          run {
            model {
              name
            }
          }
          status {
            state
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`);

const asked = (['violated', 'holds'] as const).find((each) => each === outcome);
if (!asked) throw new Error('give `violated` or `holds`');
const quarter = new Date(Date.now() - 92 * 86_400_000).toISOString();
await mkdir(folder, { recursive: true });
for (let after: string | null = null; ;) {
  const { verdicts }: ResultOf<typeof VERDICTS> = await ask({ url, key }, VERDICTS, {
    after,
    filter: { property, outcome: asked, period: { from: quarter } },
  });
  for (const { node } of verdicts.edges) {
    const bundle = await fetch(new URL(`/verdicts/${node.id}/bundle.zip`, url), {
      headers: { authorization: `Bearer ${key}` },
    });
    if (!bundle.ok) throw new Error(`${node.id}: ${bundle.status} ${bundle.statusText}`);
    const file = join(folder, `${node.id}.zip`);
    await writeFile(file, new Uint8Array(await bundle.arrayBuffer()));
    console.log(
      `${node.issuedAt}  leaf ${node.logIndex}  ${node.status?.state ?? 'erased'}  ${node.run.model.name}  ${file}`,
    );
  }
  if (!verdicts.pageInfo.hasNextPage) break;
  after = verdicts.pageInfo.endCursor;
}
