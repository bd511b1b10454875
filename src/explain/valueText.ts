import type { Message, Value } from '../model/trace.ts';

/** A value for people: members and elements by name, sets and lists in brackets. */
export function valueText(value: Value): string {
  return Array.isArray(value) ? `[${value.map(valueText).join(', ')}]` : String(value as string);
}

/** A message by its channel and the values of its fields: `redirect{bicycle, 2}`. */
export function messageText({ channel, message }: Message): string {
  return `${channel}{${Object.values(message).map(valueText).join(', ')}}`;
}
