import type { OtmMatches } from '../checking/otm/matchOtm.ts';
import type { Io } from './io.ts';
import { painter } from './style.ts';

/** The answer of `probity otm` for a person. */
export function otmText(matches: OtmMatches, modelFile: string, io: Io): string {
  const paint = painter(io);
  const { model, project, components, dataflows, threats, mitigations, unnamed, select } = matches;
  const section = (title: string, lines: readonly string[]): readonly string[] =>
    lines.length === 0 ? [] : [paint('bold', title), ...lines.map((line) => `  ${line}`), ''];
  const lacks = (kind: string, names: readonly string[]): readonly string[] =>
    names.map((name) => `${kind} ${name}`);
  return [
    `${paint('bold', project)} · beside ${model.name} · ${model.format} · ${model.digest.slice(0, 13)}…`,
    '',
    ...section('Components', components.map(componentLine)),
    ...section(
      'Data flows',
      dataflows.map(
        ({ id, channel, by }) =>
          `${id} → ${channel ?? 'no channel of the model'}${by === 'ends' ? ', the only one from there to there' : ''}`,
      ),
    ),
    ...section('Threats', threats.map(threatLine)),
    ...section('Mitigations', mitigations.map(mitigationLine)),
    ...section('The model has, and the threat model does not name', [
      ...lacks('actor', unnamed.actors),
      ...lacks('channel', unnamed.channels),
      ...lacks('threat', unnamed.threats),
      ...lacks('control', unnamed.controls),
    ]),
    select.length === 0
      ? 'No threat of the file is one of the model.'
      : `Ask about them: probity threats ${modelFile} --threats ${select.join(',')}`,
    '',
  ].join('\n');
}

function componentLine({
  id,
  actor,
  zone,
  trust,
  differs,
}: OtmMatches['components'][number]): string {
  if (actor === null) return `${id} → no actor of the model`;
  const rating = zone?.rating === null || zone === null ? '' : ` (trust ${zone.rating})`;
  const stands = zone === null ? '' : `; it stands in ${zone.name}${rating}`;
  return `${id} → ${actor}, ${trust}${stands}${differs ? ': they differ' : ''}`;
}

function threatLine({
  id,
  ids,
  by,
  references,
  candidates,
}: OtmMatches['threats'][number]): string {
  if (by === 'id') return `${id}`;
  if (by === 'reference') return `${id} → ${ids.join(', ')}, by ${references.join(', ')}`;
  return candidates.length === 0
    ? `${id} → no threat of the model`
    : `${id} → none where it stands; of its kind there are ${candidates.join(', ')}`;
}

function mitigationLine({ id, control, states }: OtmMatches['mitigations'][number]): string {
  const said = states.length === 0 ? '' : `, said to be ${states.join(', ')}`;
  return `${id} → ${control ?? 'no control of the model'}${said}`;
}
