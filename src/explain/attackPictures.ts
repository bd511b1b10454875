import type { ThreatReport } from '../checking/attackSets/types.ts';
import { mermaidOf, sequenceSvg } from '../drawing/sequence.ts';
import type { Model } from '../model/model.ts';
import { attackSequence } from './attackSequence.ts';
import type { Teller } from './teller.ts';

/** Of each attack a sequence diagram, as SVG and as text for Mermaid: `PROPERTY-1.svg`, `.mmd`. */
export function attackPictures(
  model: Model,
  report: ThreatReport,
  teller: Teller,
): { readonly name: string; readonly text: string }[] {
  return report.properties.flatMap(({ name, minimalAttackSets }) =>
    minimalAttackSets.flatMap(({ threats, trace }, i) => {
      if (!trace) return [];
      const by = threats.length === 0 ? 'without any threat' : `by ${threats.join(' + ')}`;
      const sequence = attackSequence(model, trace, `${name} broken ${by}`, teller);
      return [
        { name: `${name}-${i + 1}.svg`, text: sequenceSvg(sequence) },
        { name: `${name}-${i + 1}.mmd`, text: mermaidOf(sequence) },
      ];
    }),
  );
}
