/**
 * An architect asks whether a design holds, and what breaks it. Run it with the address of a
 * service, a key with the role `architect`, and a file:
 *
 *     node --import tsx docs/examples/architect.ts http://127.0.0.1:4600 KEY order.bpmn
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { ask, finished, graphql } from '../../clients/typescript/probity.ts';

const [url = 'http://127.0.0.1:4600', key = '', file = 'specs/demo/checkout.yaml'] =
  process.argv.slice(2);
const service = { url, key };

const { modelSubmit } = await ask(
  service,
  graphql(`
    mutation Submit($input: SubmitModelInput!) {
      modelSubmit(input: $input) {
        model {
          id
          name
        }
        userErrors {
          code
          line
          column
          message
        }
      }
    }
  `),
  {
    input: {
      name: basename(file),
      format: file.endsWith('.bpmn') ? 'bpmn' : 'native',
      source: await readFile(file, 'utf8'),
    },
  },
);
const { model, userErrors } = modelSubmit;
for (const { code, line, column, message } of userErrors)
  console.error(`${file}:${line ?? 1}:${column ?? 1}: ${code} ${message}`);
if (!model) process.exit(2);

const { verificationRequest } = await ask(
  service,
  graphql(`
    mutation Check($input: RequestVerificationInput!) {
      verificationRequest(input: $input) {
        run {
          id
        }
        userErrors {
          code
          message
        }
      }
    }
  `),
  { input: { modelId: model.id, seal: false, crossCheck: false } },
);
const { run } = verificationRequest;
if (!run) throw new Error(verificationRequest.userErrors.map(({ message }) => message).join('; '));

const { state, report, failure } = await finished(service, run.id);
console.log(`${model.name}: ${state}${failure ? ` (${failure.code} ${failure.message})` : ''}`);
for (const property of report?.properties ?? [])
  console.log(
    `${property.outcome.padEnd(8)} ${property.name}${property.traceSteps === null ? '' : `, shown in ${property.traceSteps} steps`}`,
  );
process.exit(report?.properties.some(({ outcome }) => outcome === 'violated') ? 1 : 0);
