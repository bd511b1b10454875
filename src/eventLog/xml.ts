import { SaxesParser } from 'saxes';
import { bad, ok, problem, type Result } from '../errors/index.ts';

export type XmlAttributes = Readonly<Record<string, string>>;

/** What wants to hear of a text in XML, element by element. */
export interface XmlListener {
  open(name: string, attributes: XmlAttributes): void;
  close(name: string): void;
  /** Text between two tags; absent where nobody wants it. */
  text?(text: string): void;
}

/** Characters that are read at a time. */
const CHUNK = 1 << 16;

/** Reads XML; what is not well-formed is a problem at its place. Entities of a DTD are none. */
export function readXml(source: string, listener: XmlListener): Result<true> {
  const parser = new SaxesParser({ xmlns: false });
  let wrong:
    { readonly message: string; readonly line: number; readonly column: number } | undefined;
  parser.on('error', ({ message }) => {
    wrong ??= {
      message: message.replace(/^[^:]*:\d+:\s*/u, '').replace(/\.$/u, ''),
      line: parser.line,
      column: parser.column,
    };
  });
  parser.on('opentag', ({ name, attributes }) => listener.open(name, attributes));
  parser.on('closetag', ({ name }) => listener.close(name));
  if (listener.text) parser.on('text', (text) => listener.text?.(text));
  for (let at = 0; at < source.length && !wrong; at += CHUNK)
    parser.write(source.slice(at, at + CHUNK));
  if (!wrong) parser.close();
  if (!wrong) return ok(true);
  const { message, line, column } = wrong;
  return bad(
    problem('EVENT_LOG_SYNTAX', `line ${line}`, `not well-formed XML: ${message}`, {
      line,
      column: column + 1,
    }),
  );
}
