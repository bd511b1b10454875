import { nodeCrypto } from '../evidence/formats/nodeCrypto.ts';
import type { TrustPolicy } from '../evidence/formats/policy.ts';
import type { IncidentStatement } from '../evidence/statements/incident.ts';
import {
  INCIDENT_CODES,
  verifyIncident,
  type IncidentReport,
} from '../evidence/verify/incident.ts';
import type { CommandIo, Ended } from './command.ts';
import type { Io } from './io.ts';
import { painter } from './style.ts';
import { readDataFile } from './textFile.ts';
import { EXIT_OF, plainText } from './verifyWords.ts';

/** `probity verify incident.json`: what was told of an alert or an incident, offline. */
export async function verifyIncidentFile(
  path: string,
  { policy, file }: { readonly policy: TrustPolicy; readonly file?: string | undefined },
  io: CommandIo,
): Promise<Ended> {
  const bytes = await readDataFile(path);
  if (!bytes.ok) return bytes;
  const report = await verifyIncident(bytes.value, policy, nodeCrypto);
  if (file === undefined)
    io.stderr(
      'no trust policy: give one with --policy, from somebody other than who gave you the file\n',
    );
  const exit = EXIT_OF[report.status];
  return {
    exit,
    json: { ...report, policy: file ?? null, exit },
    text: () => incidentText(path, report, io),
  };
}

function incidentText(path: string, { status, code, statement }: IncidentReport, io: Io): string {
  const paint = painter(io);
  const mark = status === 'verified' ? paint('green', '✓') : paint('red', '✗');
  return [
    `${paint('bold', path)} · incident statement · ${status}`,
    `  ${mark} ${code}  ${INCIDENT_CODES[code]}`,
    ...(statement ? told(statement) : []),
    '',
  ].join('\n');
}

function told({ subject, predicate }: IncidentStatement): readonly string[] {
  const { issuer, issuedAt, about, monitor, model, extent, alerts } = predicate;
  return [
    '',
    `  ${about} ${subject[0].name}, signed by ${issuer.name} on ${issuedAt}`,
    `  monitor ${monitor.name} (version ${monitor.version}) along ${model.name}, ${model.digest}`,
    `  ${extent.alerts} alerts of ${extent.cases} cases; ${alerts.length} are stated`,
    ...alerts
      .slice(0, MOST_TOLD)
      .map(
        ({ case: key, kind, property, event, raisedAt, standing, state, history }) =>
          `    ${raisedAt}  ${key}  ${kind}${property === undefined ? '' : ` ${property}`} at ${event}: ${standing}, ${state}, ${history.length} notes`,
      ),
    ...(alerts.length > MOST_TOLD ? [`    and ${alerts.length - MOST_TOLD} more: --json`] : []),
    '  It says what the monitor told, not that the events happened.',
  ].map(plainText);
}

/** More of them nobody reads on a terminal. */
const MOST_TOLD = 20;
