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
  /** Of an exercise that nobody wrote. */
  generated(properties: readonly string[], action: string): string;
  taken(part: 'control' | 'guard' | 'assignment', action: string): string;
  readonly putBack: string;
}

const listedNames = (names: readonly string[]): string =>
  names.map((name) => `\`${name}\``).join(', ');

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
  generated: (properties, action) =>
    `Something is missing in \`${action}\`, and so ${listedNames(properties)} can be broken. Mend it.`,
  taken: (part, action) =>
    ({
      control: `\`${action}\` has lost a control: what should it compare?`,
      guard: `\`${action}\` has lost its guard: when may it happen?`,
      assignment: `\`${action}\` has lost an assignment: what should it write down?`,
    })[part],
  putBack: 'What was missing carries the property: without it the attack works again.',
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
  generated: (properties, action) =>
    `In \`${action}\` fehlt etwas, und so kann ${listedNames(properties)} gebrochen werden. Bring es in Ordnung.`,
  taken: (part, action) =>
    ({
      control: `\`${action}\` hat eine Kontrolle verloren: Was sollte er vergleichen?`,
      guard: `\`${action}\` hat seine Bedingung verloren: Wann darf er geschehen?`,
      assignment: `\`${action}\` hat eine Zuweisung verloren: Was sollte er festhalten?`,
    })[part],
  putBack: 'Was fehlte, trägt die Eigenschaft: Ohne es gelingt der Angriff wieder.',
};

/** By language; another one is one entry more. */
const WORDS: Readonly<Record<string, GraderWords>> = { en: EN, de: DE };

export const wordsIn = (language: string): GraderWords =>
  (Object.hasOwn(WORDS, language) ? WORDS[language] : undefined) ?? EN;
