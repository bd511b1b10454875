import { type Problem, problem } from '../../errors/problem.ts';

/** Where an element starts in the text; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** An id that something has already, on what nothing refers to; in words, and where. */
interface Repeated {
  readonly sentence: string;
  readonly place: Place;
}

export const MAX_CHARACTERS = 10_000_000;

const MAX_DEPTH = 200;

export const MAX_SCAN_PROBLEMS = 100;

/**
 * The ids that the parser behind us can keep: it drops an element with another id, and takes those
 * of `Object` for repeated.
 */
const USABLE_ID = /^([a-z][\w-.]*:)?[a-z_][\w-.]*$/i;

const ID_ATTRIBUTE = /\sid\s*=\s*(?:"([^"]*)"|'([^']*)')/;

/** Below these, ids belong to the drawing or to a vendor's forms, and may repeat. */
const FOREIGN = new Set(['BPMNDiagram', 'extensionElements']);

/** What stands in these is text, whatever markup somebody put into it. */
const TEXTS = new Set(['text', 'documentation', 'script', 'conditionExpression']);

interface OpenTag {
  readonly name: string;
  readonly start: number;
}

export class Scanner {
  readonly problems: Problem[] = [];
  readonly places = new Map<string, Place>();
  private readonly open: OpenTag[] = [];
  private readonly interchange: [number, number][] = [];
  /** What the parser need not see: each from where to where, in the order of the text. */
  private readonly blank: (readonly [number, number])[] = [];
  private readonly unreferred: UnreferredId[] = [];
  private readonly bpmnPrefixes: ReadonlySet<string>;
  /** How deep the text is whose markup is left out, and in words which texts had some. */
  private textDepth: number | undefined;
  private readonly marked = new Set<string>();
  /** Where the content of an element of another vendor began, that stands among those of BPMN. */
  private strange: { readonly depth: number; readonly start: number } | undefined;
  private readonly text: string;
  private line = 1;
  private lineStart = 0;
  private foreignDepth = 0;
  private counted = 0;

  constructor(text: string) {
    this.text = text;
    this.bpmnPrefixes = new Set(
      [...text.matchAll(BPMN_PREFIX)].map(([, prefix]) =>
        prefix === undefined ? '' : `${prefix}:`,
      ),
    );
  }

  run(): void {
    let end = 0;
    for (
      let at = this.text.indexOf('<');
      at !== -1 && this.problems.length < MAX_SCAN_PROBLEMS;
      at = this.text.indexOf('<', end)
    ) {
      this.outside(end, at);
      const next = this.token(at);
      if (next === undefined) return;
      end = next;
    }
    this.outside(end, this.text.length);
    const last = this.open.at(-1);
    if (last) this.report('XML_SYNTAX', last.start, `<${last.name}> is never closed`);
  }

  /** Text may stand between the tags of the root only. */
  private outside(from: number, to: number): void {
    if (this.open.length > 0) return;
    const blank = /^\s*/.exec(this.text.slice(from, to))?.[0].length ?? 0;
    if (from + blank < to)
      this.report('XML_SYNTAX', from + blank, 'there is text outside of the root element');
  }

  /**
   * Reads the markup that starts at `at`; answers where it ends, or nothing if the text cannot be
   * read further.
   */
  private token(at: number): number | undefined {
    if (this.text.startsWith('<!--', at)) return this.through('-->', at, 'a comment');
    if (this.text.startsWith('<![CDATA[', at)) return this.through(']]>', at, 'a CDATA section');
    if (this.text.startsWith('<?', at)) return this.through('?>', at, 'a processing instruction');
    if (this.text.startsWith('<!', at)) {
      this.report(
        'XML_DOCTYPE',
        at,
        'a document type declaration is refused: its entities can be made to explode; remove it',
      );
      return undefined;
    }
    const end = this.tagEnd(at);
    if (end === undefined) {
      this.report('XML_SYNTAX', at, 'a tag is never closed by >');
      return undefined;
    }
    return this.text[at + 1] === '/' ? this.close(at, end) : this.begin(at, end);
  }

  private through(mark: string, at: number, what: string): number | undefined {
    const end = this.text.indexOf(mark, at + 2);
    if (end === -1) {
      this.report('XML_SYNTAX', at, `${what} is never closed by ${mark}`);
      return undefined;
    }
    return end + mark.length;
  }

  /** The position after the `>` of the tag at `at`, skipping quoted values. */
  private tagEnd(at: number): number | undefined {
    let quote = '';
    for (let i = at + 1; i < this.text.length; i++) {
      const c = this.text[i];
      if (quote !== '') {
        if (c === quote) quote = '';
      } else if (c === '"' || c === "'") quote = c;
      else if (c === '>') return i + 1;
      else if (c === '<') return undefined;
    }
    return undefined;
  }

  private begin(at: number, end: number): number | undefined {
    const selfClosing = this.text[end - 2] === '/';
    const tag = this.text.slice(at + 1, end - (selfClosing ? 2 : 1));
    const name = /^[^\s/>]*/.exec(tag)?.[0] ?? '';
    const foreign = FOREIGN.has(localName(name));
    const inText = this.strange === undefined && TEXTS.has(localName(this.open.at(-1)?.name ?? ''));
    const markup = this.foreignDepth === 0 && (inText || this.textDepth !== undefined);
    if (markup) this.blank.push([at, end]);
    if (markup && inText && this.textDepth === undefined)
      this.marked.add(
        `The text of the <${localName(this.open.at(-1)?.name ?? '')}> in line ${this.placeOf(at).line} has markup in it, which was left out.`,
      );
    else if (this.foreignDepth === 0 && !foreign && !this.strange)
      this.id(ID_ATTRIBUTE.exec(tag), localName(name), at);
    if (selfClosing) return end;
    if (markup) this.textDepth ??= this.open.length;
    else if (this.foreignDepth === 0 && !foreign && this.isStrange(name))
      this.strange ??= { depth: this.open.length, start: end };
    if (this.open.length === 1 && localName(name) === 'BPMNDiagram')
      this.interchange.push([at, -1]);
    if (foreign) this.foreignDepth++;
    this.open.push({ name, start: at });
    if (this.open.length > MAX_DEPTH) {
      this.report('BPMN_SHAPE', at, `elements are nested deeper than ${MAX_DEPTH}`);
      return undefined;
    }
    return end;
  }

  private close(at: number, end: number): number | undefined {
    const name = this.text.slice(at + 2, end - 1).trim();
    const opened = this.open.pop();
    if (opened?.name !== name) {
      this.report(
        'XML_SYNTAX',
        at,
        opened ? `</${name}> closes <${opened.name}>` : `</${name}> closes nothing`,
      );
      return undefined;
    }
    if (FOREIGN.has(localName(name))) this.foreignDepth--;
    if (this.textDepth !== undefined && this.foreignDepth === 0) this.blank.push([at, end]);
    if (this.textDepth === this.open.length) this.textDepth = undefined;
    if (this.strange?.depth === this.open.length) {
      if (this.strange.start < at) this.blank.push([this.strange.start, at]);
      this.strange = undefined;
    }
    const cut = this.interchange.at(-1);
    if (cut && cut[0] === opened.start) cut[1] = end;
    return end;
  }

  /** Whether an element is none of BPMN's; where nothing is declared, all are. */
  private isStrange(name: string): boolean {
    const prefix = name.slice(0, name.indexOf(':') + 1);
    return this.bpmnPrefixes.size > 0 && this.open.length > 0 && !this.bpmnPrefixes.has(prefix);
  }

  private id(match: RegExpExecArray | null, element: string, at: number): void {
    const id = match?.[1] ?? match?.[2];
    if (!match || id === undefined || id === '') return;
    if (UNREFERRED.has(element)) {
      const from = at + 1 + match.index;
      const to = from + match[0].length;
      this.unreferred.push({ id, element, place: this.placeOf(at), from, to });
      return;
    }
    const first = this.places.get(id);
    if (first) {
      this.report('BPMN_STRUCTURE', at, `the id '${id}' is already used in line ${first.line}`, id);
    } else {
      this.places.set(id, this.placeOf(at));
    }
  }

  /**
   * Of what nothing refers to, an id that stands for something else is left out, as markup in text
   * is: in words.
   */
  get leftOut(): readonly string[] {
    return [...this.marked];
  }

  leaveOut(): readonly Repeated[] {
    return this.unreferred.flatMap(({ id, element, place, from, to }) => {
      const first = this.places.get(id);
      if (!first) {
        this.places.set(id, place);
        return [];
      }
      this.blank.push([from, to]);
      const sentence = `The <${element}> in line ${place.line} has the id '${id}', which is already used in line ${first.line}; the id was left out.`;
      return [{ sentence, place }];
    });
  }

  /** Asked with growing offsets, so that all lines are counted once. */
  private placeOf(offset: number): Place {
    for (
      let next = this.text.indexOf('\n', this.counted);
      next !== -1 && next < offset;
      next = this.text.indexOf('\n', this.counted)
    ) {
      this.line++;
      this.lineStart = next + 1;
      this.counted = next + 1;
    }
    return offset < this.lineStart
      ? placeIn(this.text, offset)
      : { line: this.line, column: offset - this.lineStart + 1 };
  }

  private report(code: Problem['code'], offset: number, message: string, elementId?: string): void {
    this.problems.push(
      problem(code, elementId ?? '', message, {
        ...this.placeOf(offset),
        ...(elementId !== undefined && { elementId }),
      }),
    );
  }

  onlyInterchange(): string {
    return this.interchange.map(([start, end]) => this.text.slice(start, end)).join('');
  }

  /** The text with all that the parser need not see blanked out, everything else where it was. */
  withoutOddities(): string {
    let text = '';
    let from = 0;
    const cuts = [...this.interchange, ...this.blank].sort(([a], [b]) => a - b);
    for (const [start, end] of cuts) {
      if (start < from) continue;
      text += this.text.slice(from, start) + this.text.slice(start, end).replace(/[^\n]/g, ' ');
      from = end;
    }
    return text + this.text.slice(from);
  }
}

const ATTRIBUTE_VALUE = /(?<=\s)([\w.:-]+)(\s*=\s*)("[^"<]*"|'[^'<]*')/g;

const REFERENCE_TEXT = />([^<>]+)<\//g;

/**
 * Gives usable names to the ids that the parser cannot keep, where they are declared and wherever
 * something refers to them.
 */
export function rename(
  text: string,
  places: ReadonlyMap<string, Place>,
): Pick<Scan, 'text' | 'renamed'> {
  const names = new Map<string, string>();
  for (const id of places.keys()) {
    if (USABLE_ID.test(id) && !(id in Object.prototype)) continue;
    let name = `odd_${names.size + 1}`;
    while (places.has(name)) name += '_';
    names.set(id, name);
  }
  if (names.size === 0) return { text, renamed: new Map() };
  const usable = text
    .replace(ATTRIBUTE_VALUE, (all, attribute: string, equals: string, value: string) => {
      const name = attribute === 'name' ? undefined : names.get(value.slice(1, -1));
      return name === undefined ? all : `${attribute}${equals}"${name}"`;
    })
    .replace(REFERENCE_TEXT, (all, content: string) => {
      const name = names.get(content.trim());
      return name === undefined ? all : `>${name}</`;
    });
  return { text: usable, renamed: new Map([...names].map(([id, name]) => [name, id])) };
}

function placeIn(text: string, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** `startEvent` of `bpmn:startEvent`. */
export function localName(qualified: string): string {
  return qualified.slice(qualified.indexOf(':') + 1);
}

const BPMN_PREFIX =
  /\sxmlns(?::([\w.-]+))?\s*=\s*["']http:\/\/www\.omg\.org\/spec\/BPMN\/20100524\/MODEL["']/g;

/** Nothing that is read refers to these, so that their ids may stand for something else. */
const UNREFERRED = new Set([
  'property',
  'itemDefinition',
  'documentation',
  'ioSpecification',
  'dataInput',
  'dataOutput',
  'inputSet',
  'outputSet',
  'dataState',
  'interface',
  'operation',
  'laneSet',
  'category',
  'categoryValue',
  'group',
  'textAnnotation',
  'association',
  'conditionExpression',
  'formalExpression',
  'correlationKey',
  'correlationProperty',
  'resource',
  'auditing',
  'monitoring',
]);

/** An id of something that nothing refers to, and where its attribute stands. */
interface UnreferredId {
  readonly id: string;
  readonly element: string;
  readonly place: Place;
  readonly from: number;
  readonly to: number;
}

/** What a first, linear pass over the text found, before any XML parser sees it. */
export interface Scan {
  /**
   * The text to parse: no byte order mark, no diagram interchange (BPMN 2.0 §12), whose ids and
   * oddities mean nothing here.
   */
  readonly text: string;
  /** What else was taken out because it says nothing about the order of things; in words. */
  readonly leftOut: readonly string[];
  /** Ids that were taken out because they stand for something else already. */
  readonly repeated: readonly Repeated[];
  /** The diagram interchange that was taken out. */
  readonly interchange: string;
  /** Where the element with this id starts. */
  readonly places: ReadonlyMap<string, Place>;
  /**
   * Ids that the parser could not keep stand in `text` under another name: that name, and the id.
   */
  readonly renamed: ReadonlyMap<string, string>;
}
