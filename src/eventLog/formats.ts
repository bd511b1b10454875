import type { Result } from '../errors/index.ts';
import { readJsonArray } from './jsonArray.ts';
import { readOcelJson } from './ocelJson.ts';
import { readOcelXml } from './ocelXml.ts';
import type { LogOptions, LogRows } from './rows.ts';
import { readTable } from './table.ts';
import { readXes } from './xes.ts';

/** A format of event logs that is text. */
export interface LogFormat {
  readonly name: 'json' | 'ocelJson' | 'ocelXml' | 'xes' | 'csv';
  readonly title: string;
  /** Whether a text is of this format, as far as its beginning tells. */
  readonly fits: (text: string) => boolean;
  readonly read: (text: string, options: LogOptions) => Result<LogRows>;
  /** The one option that it takes. */
  readonly option?: keyof LogOptions;
}

const OCEL_ELEMENT = /<(?:object-types|event-types|objects|events)[\s/>]/u;
const TRACE_ELEMENT = /<trace[\s/>]/u;
const isXml = (text: string): boolean => /^\uFEFF?\s*</u.test(text);

function isOcelXml(text: string): boolean {
  const at = text.search(OCEL_ELEMENT);
  const trace = text.search(TRACE_ELEMENT);
  return at >= 0 && (trace < 0 || at < trace);
}

/** Asked in this order; a table is what is none of the others. */
export const LOG_FORMATS: readonly [...LogFormat[], LogFormat] = [
  {
    name: 'json',
    title: 'a JSON array',
    fits: (text) => /^\uFEFF?\s*\[/u.test(text),
    read: readJsonArray,
  },
  {
    name: 'ocelJson',
    title: 'OCEL 2.0 (JSON)',
    fits: (text) => /^\uFEFF?\s*\{/u.test(text),
    read: readOcelJson,
    option: 'caseType',
  },
  {
    name: 'ocelXml',
    title: 'OCEL 2.0 (XML)',
    fits: (text) => isXml(text) && isOcelXml(text),
    read: readOcelXml,
    option: 'caseType',
  },
  { name: 'xes', title: 'XES', fits: isXml, read: readXes },
  { name: 'csv', title: 'a table (CSV)', fits: () => true, read: readTable, option: 'columns' },
];

export function formatOf(text: string): LogFormat {
  return LOG_FORMATS.find(({ fits }) => fits(text)) ?? (LOG_FORMATS.at(-1) as LogFormat);
}
