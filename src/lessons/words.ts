/** What the grader says by itself to a learner, in one language. */
export interface GraderWords {
  /** The attack goes through a step that the learner may change. */
  through(action: string, step: number): string;
  /** It goes through none of them. */
  readonly missing: string;
  /** A run that the lesson names is no longer possible. */
  stops(next: string, taken: number): string;
  readonly elsewhere: string;
  readonly lost: string;
}

const EN: GraderWords = {
  through: (action, step) =>
    `Step ${step} of the attack is \`${action}\`: could it notice that something is wrong?`,
  missing:
    'No step that you may change takes part in this attack: what is missing is something that happens beside it, or in its place.',
  stops: (next, taken) =>
    taken === 0
      ? `Without any attack \`${next}\` is no longer possible.`
      : `Without any attack, after ${taken === 1 ? 'one step' : `${taken} steps`}, \`${next}\` is no longer possible.`,
  elsewhere: 'Without any attack all steps are possible, and do not lead where they should.',
  lost: 'Without any attack the honest customer is no longer sure to get what was promised.',
};

const DE: GraderWords = {
  through: (action, step) =>
    `Schritt ${step} des Angriffs ist \`${action}\`: Könnte er merken, dass etwas nicht stimmt?`,
  missing:
    'An diesem Angriff ist kein Schritt beteiligt, den du ändern darfst: Es fehlt etwas, das daneben geschieht, oder an seiner Stelle.',
  stops: (next, taken) =>
    taken === 0
      ? `Ohne jeden Angriff ist \`${next}\` nicht mehr möglich.`
      : `Ohne jeden Angriff ist nach ${taken === 1 ? 'einem Schritt' : `${taken} Schritten`} \`${next}\` nicht mehr möglich.`,
  elsewhere: 'Ohne jeden Angriff sind alle Schritte möglich, führen aber nicht ans Ziel.',
  lost: 'Ohne jeden Angriff bekommt ein ehrlicher Kunde nicht mehr sicher, was versprochen war.',
};

/** By language; another one is one entry more. */
const WORDS: Readonly<Record<string, GraderWords>> = { en: EN, de: DE };

export const wordsIn = (language: string): GraderWords =>
  (Object.hasOwn(WORDS, language) ? WORDS[language] : undefined) ?? EN;
