import { bad, problem, type Problem, type Result } from '../errors/index.ts';
import { casesOf, ObjectTypes, type OcelEvent } from './ocel.ts';
import { MAX_ROW_PROBLEMS, rowProblem, type LogOptions, type LogRows } from './rows.ts';
import { readXml, type XmlAttributes, type XmlListener } from './xml.ts';

/** Reads OCEL 2.0 in XML. */
export function readOcelXml(text: string, options: LogOptions): Result<LogRows> {
  const reader = new OcelXmlReader();
  const read = readXml(text, reader);
  if (!read.ok) return read;
  const { types, events } = reader;
  const problems = [...reader.problems, ...types.problems];
  if (problems.length > 0) return bad(...problems.slice(0, MAX_ROW_PROBLEMS));
  return casesOf({ objectTypes: types.names, typeOf: types.typeOf, events }, options);
}

interface OpenEvent extends OcelEvent {
  readonly attributes: [string, string][];
  readonly objects: string[];
}

class OcelXmlReader implements XmlListener {
  readonly types = new ObjectTypes();
  readonly events: OpenEvent[] = [];
  readonly problems: Problem[] = [];
  readonly #open: string[] = [];
  #event: OpenEvent | undefined;
  #attribute: { readonly name: string; text: string } | undefined;

  open(name: string, attributes: XmlAttributes): void {
    const parent = this.#open.at(-1);
    this.#open.push(name);
    if (name === 'object-type' && attributes['name'] !== undefined)
      this.types.declare(attributes['name']);
    else if (name === 'object' && parent === 'objects' && !this.#event) this.#object(attributes);
    else if (name === 'event') this.#begin(attributes);
    else if (this.#event && (name === 'relationship' || name === 'object'))
      this.#relate(attributes);
    else if (this.#event && name === 'attribute')
      this.#attribute = { name: attributes['name'] ?? '', text: attributes['value'] ?? '' };
  }

  text(text: string): void {
    if (this.#attribute) this.#attribute.text += text;
  }

  close(name: string): void {
    this.#open.pop();
    if (name === 'attribute' && this.#attribute) {
      const value = this.#attribute.text.trim();
      if (value !== '') this.#event?.attributes.push([this.#attribute.name, value]);
      this.#attribute = undefined;
    }
    if (name === 'event') this.#event = undefined;
  }

  #object({ id, type }: XmlAttributes): void {
    if (id !== undefined && type !== undefined) this.types.add(id, type);
    else
      this.problems.push(
        problem(
          'EVENT_LOG_ROW',
          `object ${this.types.typeOf.size + 1}`,
          'an <object> has an `id` and a `type`',
        ),
      );
  }

  #begin({ id, type, time }: XmlAttributes): void {
    if (id === undefined || type === undefined || time === undefined)
      this.problems.push(
        rowProblem(this.events.length + 1, 'an <event> has an `id`, a `type` and a `time`'),
      );
    this.#event = { id: id ?? '', type: type ?? '', time, attributes: [], objects: [] };
    this.events.push(this.#event);
  }

  #relate(attributes: XmlAttributes): void {
    const object = attributes['object-id'];
    if (object === undefined)
      this.problems.push(
        rowProblem(this.events.length, 'a <relationship> names an object: `object-id`'),
      );
    else this.#event?.objects.push(object);
  }
}
