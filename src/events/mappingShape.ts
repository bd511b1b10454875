import type { JsonShape } from '../yaml/shape.ts';

const text = (about: string): JsonShape => ({ kind: 'text', about });
const value = (about: string): JsonShape => ({ kind: 'expression', about });
const mapping = (about: string, of: JsonShape): JsonShape => ({ kind: 'mapping', about, of });

const DATUM: JsonShape = {
  kind: 'either',
  about: 'a place in the event, or `{ path | value, values | cuts | scale, optional }`',
  options: [
    text('a path'),
    {
      kind: 'record',
      about: 'a datum',
      fields: {
        path: { shape: text('where it stands in the event') },
        value: { shape: value('a value that is always the same') },
        values: { shape: mapping('JSON text: value of the model', value('a value of the model')) },
        cuts: {
          shape: {
            kind: 'list',
            about: 'rising numbers that part the values of the type',
            of: value('a number'),
          },
        },
        scale: { shape: { kind: 'number', about: 'what it is multiplied by', min: 0 } },
        optional: { shape: { kind: 'boolean', about: 'whether it may be missing' } },
      },
    },
  ],
};
const DATA = mapping('a datum by name', DATUM);

/** The shape of a mapping (`MAPPING.md` of the semantics, version 1). */
export const MAPPING_SHAPE: JsonShape = {
  kind: 'record',
  about: 'a mapping',
  fields: {
    probityMapping: {
      shape: { kind: 'oneOf', values: [1], about: 'the version of the format' },
      required: true,
    },
    model: { shape: text('the name of the model') },
    case: { shape: text('where the key of the case stands'), required: true },
    timeFormat: { shape: text('how a log writes its times, where not ISO 8601: dd.MM.yyyy HH:mm') },
    lateness: { shape: text('how late an event may come: PT10M') },
    elements: {
      shape: mapping('what binds the elements of a set', {
        kind: 'either',
        about: '`next`, or real ids and their elements',
        options: [
          { kind: 'oneOf', values: ['next'], about: 'a new id takes the next free element' },
          mapping('real id: element', text('an element')),
        ],
      }),
    },
    events: {
      shape: {
        kind: 'list',
        about: 'which events are which steps; the first that fits is taken',
        of: {
          kind: 'record',
          about: 'an entry',
          fields: {
            type: { shape: text('the type of the event'), required: true },
            where: { shape: mapping('path: value', value('a JSON value')) },
            action: {
              shape: {
                kind: 'either',
                about: 'an action, or a list of which it is one',
                options: [
                  text('an action, or recover.ACTOR'),
                  { kind: 'list', about: 'actions', of: text('an action') },
                ],
              },
            },
            for: { shape: DATA },
            receive: { shape: mapping('a channel: fields of the message', DATA) },
            send: { shape: mapping('a channel: fields of the message', DATA) },
            read: {
              shape: {
                kind: 'list',
                about: 'what the event tells of variables and parameters',
                of: {
                  kind: 'record',
                  about: 'a reading',
                  fields: {
                    of: { shape: text('a variable or a parameter'), required: true },
                    cell: {
                      shape: {
                        kind: 'either',
                        about: 'the keys of a map',
                        options: [DATUM, { kind: 'list', about: 'keys', of: DATUM }],
                      },
                    },
                    value: { shape: DATUM, required: true },
                  },
                },
              },
            },
          },
        },
      },
      required: true,
    },
    deadlines: {
      shape: mapping('deadlines by name', {
        kind: 'record',
        about: 'a deadline',
        fields: {
          from: { shape: text('the type of event that opens it'), required: true },
          to: { shape: text('the type of event that closes it'), required: true },
          within: { shape: text('how long it may take: P2D'), required: true },
          same: {
            shape: {
              kind: 'list',
              about: 'what is equal in both events',
              of: text('a path'),
            },
          },
        },
      }),
    },
  },
};
