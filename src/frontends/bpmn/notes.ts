import { display } from './diagram.ts';

const SHOWN = 8;

/** Sentences about what was left out or widened, each once, with the elements that it is about. */
export class Notes {
  private readonly about = new Map<string, { readonly id: string; readonly name: string }[]>();

  add(sentence: string, element?: { readonly id: string; readonly name: string }): void {
    const elements = this.about.get(sentence) ?? [];
    if (element) elements.push({ id: element.id, name: element.name });
    this.about.set(sentence, elements);
  }

  sentences(): readonly string[] {
    return [...this.about].map(([sentence, elements]) => {
      if (elements.length === 0) return sentence;
      const shown = elements.slice(0, SHOWN).map(display).join(', ');
      return `${sentence}: ${shown}${elements.length > SHOWN ? ` and ${elements.length - SHOWN} more` : ''}.`;
    });
  }
}
