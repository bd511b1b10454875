/**
 * A lamp that goes on and off, and may break while it is off. `properties` are lines of YAML,
 * `fair` goes into switching on and off.
 */
export const lamp = (properties: string, fair = ''): string => `
probity: 1
name: lamp
variables: { lamp: { type: bool, init: false }, broken: { type: bool, init: false } }
actors: { a: {} }
actions:
  on: { actor: a, when: not(lamp) and not(broken), then: { lamp: true }${fair} }
  off: { actor: a, when: lamp, then: { lamp: false }${fair} }
  break: { actor: a, when: not(lamp), then: { broken: true } }
properties:
${properties}`;
