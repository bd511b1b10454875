import type { ChannelBlock, Layout } from '../../model/layout.ts';
import type { Assignment, Send } from '../../model/model.ts';
import { ERROR_BIT, type Instance } from '../../model/semantics.ts';
import type { Type } from '../../model/types.ts';
import type { Expressions } from './expressions.ts';
import type { Packing, PackedPlace } from './packing.ts';
import { bound, NO_SCOPE, digits, type ScalarText, type TextScope, type Test } from './text.ts';

/** The text of one instance's steps: a guard to try first, and the function that takes them. */
export interface StepText {
  /** True to JavaScript where the function is worth calling. */
  readonly guard: string;
  /** The statements of the function. */
  readonly body: string;
}

/** A write whose value and place are known to be constants named in the text. */
interface Written {
  readonly offset: ScalarText;
  readonly value: string;
}

/**
 * The steps of an instance (SEMANTICS 1–4) as text. `S` is the row that they start from, `P` the
 * same row packed, `Q` the packed row that they lead to, `T` a row for channels while they change,
 * `M` one message. `N` is told of a step, `E` of an error step.
 */
export class StepWriter {
  readonly #layout: Layout;
  readonly #packing: Packing;
  readonly #expressions: Expressions;

  constructor(layout: Layout, packing: Packing, expressions: Expressions) {
    this.#layout = layout;
    this.#packing = packing;
    this.#expressions = expressions;
  }

  write(instance: Instance): StepText {
    const { action } = instance;
    let scope: TextScope = NO_SCOPE;
    action.binders.forEach(({ name }, i) => {
      const value = instance.binding[i] ?? 0;
      scope = bound(scope, name, {
        kind: 'scalar',
        text: digits(value),
        lo: value,
        hi: value,
        throws: false,
      });
    });
    const receives = action.receives.map(({ channel, local }, i) => {
      scope = bound(scope, local, { kind: 'message', text: `r${i}` });
      return this.#layout.channel(channel);
    });
    const guards = [
      ...(action.when ? [action.when] : []),
      ...action.controls.map(({ condition }) => condition),
    ].map((guard) => this.#expressions.test(guard, scope));
    const step = this.#step(instance, scope, receives);
    if (receives.length === 0 && guards.every(({ throws }) => !throws))
      return { guard: allOf(guards), body: caught(step, instance, receives) };
    const whole = { text: `if (${allOf(guards)}) {\n${step.text}\n}`, throws: step.throws };
    const throws = step.throws || guards.some((guard) => guard.throws);
    return {
      guard: receives.map((block) => `S[${digits(block.offset)}] !== 0`).join(' && ') || 'true',
      body: receiving(receives, caught({ text: whole.text, throws }, instance, receives)),
    };
  }

  /** All of a step after its guards: values, errors, and what is told of it. */
  #step(instance: Instance, scope: TextScope, receives: readonly ChannelBlock[]): Test {
    const { action } = instance;
    const lines: string[] = [`let e = 0;`, this.#copy()];
    let throws = false;
    const written: Written[] = [];
    for (const [i, assignment] of action.assignments.entries()) {
      const write = this.#assignment(assignment, scope, i, written);
      lines.push(write.text);
      throws ||= write.throws;
    }
    const touched = new Set([
      ...receives,
      ...action.sends.map((send) => this.#layout.channel(send.channel)),
    ]);
    for (const block of touched) {
      const { offset } = block;
      lines.push(
        `for (let i = ${digits(offset)}; i < ${digits(endOf(block))}; i += 1) T[i] = S[i];`,
      );
    }
    receives.forEach((block, i) =>
      lines.push(`R(${digits(block.offset)}, ${digits(block.messageWidth)}, t${i});`),
    );
    for (const send of action.sends) {
      const sent = this.#send(send, scope);
      lines.push(sent.text);
      throws ||= sent.throws;
    }
    for (const block of touched) lines.push(this.#packBlock(block));
    const label = labelOf(instance, receives.length);
    lines.push(`if (e !== 0) E(${label}, e);`, `else if (${this.#changed()}) N(${label});`);
    return { text: lines.filter((line) => line !== '').join('\n'), throws };
  }

  #copy(): string {
    const { words } = this.#packing;
    if (words > UNROLLED) return `for (let i = 0; i < ${digits(words)}; i += 1) Q[i] = P[i];`;
    return numbersTo(words)
      .map((i) => `Q[${i}] = P[${i}];`)
      .join(' ');
  }

  #changed(): string {
    const { words } = this.#packing;
    if (words > UNROLLED) return 'D()';
    return numbersTo(words)
      .map((i) => `Q[${i}] !== P[${i}]`)
      .join(' || ');
  }

  #assignment(
    { variable, keys, value, type }: Assignment,
    scope: TextScope,
    place: number,
    written: Written[],
  ): Test {
    const block = this.#layout.cell('variable', variable);
    const at = this.#expressions.cellOffset(block, keys, scope);
    const put = this.#put(value, type, scope, `v${place}`);
    const fixed = isFixed(at);
    const offset = fixed ? at : { ...at, text: `o${place}` };
    const lines = [
      ...(fixed ? [] : [`const ${offset.text} = ${at.text};`]),
      put.text,
      ...written
        .filter((other) => mayMeet(other.offset, offset))
        .map((other) => {
          const differ = `${other.value} !== v${place}`;
          const meet = `${other.offset.text} === ${offset.text}`;
          const test = fixed && isFixed(other.offset) ? differ : `${meet} && ${differ}`;
          return `if (${test}) e |= ${ERROR_BIT.singleWrite};`;
        }),
      fixed ? this.#store(at.lo, `v${place}`) : `A(${offset.text}, v${place});`,
    ];
    written.push({ offset, value: `v${place}` });
    return { text: lines.join('\n'), throws: at.throws || put.throws };
  }

  /** `name` becomes the word of the value; `e` says whether it is out of range. */
  #put(value: Assignment['value'], type: Type, scope: TextScope, name: string): Test {
    if (type.kind === 'set') return this.#putSet(value, type, scope, name);
    const scalar = this.#expressions.scalar(value, scope);
    const { ranges } = this.#expressions;
    const { lo, hi } = ranges.of(type);
    const tests = [
      ...(scalar.lo < lo ? [`${name} < ${digits(lo)}`] : []),
      ...(scalar.hi > hi ? [`${name} > ${digits(hi)}`] : []),
    ];
    const then = ranges.isAssumed(type) ? 'throw Z;' : `e |= ${ERROR_BIT.withinRange};`;
    return {
      text: [
        `const ${name} = ${scalar.text};`,
        ...(tests.length > 0 ? [`if (${tests.join(' || ')}) ${then}`] : []),
      ].join('\n'),
      throws: scalar.throws,
    };
  }

  /** What lies outside the base of a set is left out, and breaks the range. */
  #putSet(
    value: Assignment['value'],
    type: Extract<Type, { kind: 'set' }>,
    scope: TextScope,
    name: string,
  ): Test {
    const mask = this.#expressions.mask(value, scope);
    if (mask.lo > mask.hi) return { text: `const ${name} = ${mask.text};`, throws: mask.throws };
    const { lo, hi } = this.#expressions.ranges.of(type.of);
    const inside = bitsFrom(Math.max(lo, mask.lo) - mask.lo, Math.min(hi, mask.hi) - mask.lo);
    const given = `w${name.slice(1)}`;
    const kept = `(${given} & ${digits(inside)})`;
    const by = mask.lo - lo;
    const moved = by >= 0 ? `${kept} << ${digits(by)}` : `${kept} >>> ${digits(-by)}`;
    return {
      text: [
        `const ${given} = ${mask.text};`,
        `const ${name} = ${inside === 0 ? '0' : moved};`,
        `if ((${given} & ~${digits(inside)}) !== 0) e |= ${ERROR_BIT.withinRange};`,
      ].join('\n'),
      throws: mask.throws,
    };
  }

  #store(offset: number, value: string): string {
    const place = this.#packing.places[offset] as PackedPlace;
    if (place.bits === 0) return '';
    const { word, shift, lo } = place;
    const kept = ~(place.mask << shift);
    const q = `Q[${digits(word)}]`;
    return `${q} = ${q} & ${digits(kept)} | ${value} - ${digits(lo)} << ${digits(shift)};`;
  }

  #send({ channel, values }: Send, scope: TextScope): Test {
    const block = this.#layout.channel(channel);
    const lines: string[] = ['{'];
    let throws = false;
    block.fields.forEach((field, i) => {
      const value = values[i];
      if (!value) return;
      const put = this.#put(value, field.type, scope, `v${i}`);
      lines.push(put.text, `M[${digits(field.offset)}] = v${i};`);
      throws ||= put.throws;
    });
    const { offset, messageWidth } = block;
    const [at, width] = [digits(offset), digits(messageWidth)];
    const insert = block.channel.order === 'bag' ? 'I' : 'J';
    lines.push(
      `if (T[${at}] >= ${digits(block.channel.capacity)}) e |= ${ERROR_BIT.withinCapacity};`,
      `else ${insert}(${at}, ${width});`,
      '}',
    );
    return { text: lines.join('\n'), throws };
  }

  /** A channel's words from `T` into `Q`: one statement for each packed word. */
  #packBlock(block: ChannelBlock): string {
    const { offset } = block;
    const end = endOf(block);
    if (end - offset > MAX_UNROLLED_BLOCK)
      return `for (let i = ${digits(offset)}; i < ${digits(end)}; i += 1) A(i, T[i]);`;
    const byWord = new Map<number, { kept: number; terms: string[] }>();
    for (let at = offset; at < end; at += 1) {
      const place = this.#packing.places[at] as PackedPlace;
      if (place.bits === 0) continue;
      const entry = byWord.get(place.word) ?? { kept: -1, terms: [] };
      byWord.set(place.word, entry);
      entry.kept &= ~(place.mask << place.shift);
      entry.terms.push(`T[${digits(at)}] - ${digits(place.lo)} << ${digits(place.shift)}`);
    }
    return [...byWord]
      .map(
        ([word, { kept, terms }]) =>
          `Q[${digits(word)}] = Q[${digits(word)}] & ${digits(kept)} | ${terms.join(' | ')};`,
      )
      .join('\n');
  }
}

/** Rows of up to so many words are copied and compared word by word. */
const UNROLLED = 8;
const MAX_UNROLLED_BLOCK = 32;

const numbersTo = (count: number): string[] => Array.from({ length: count }, (_, i) => digits(i));

function endOf({ offset, messageWidth, channel }: ChannelBlock): number {
  return offset + 1 + messageWidth * channel.capacity;
}

function allOf(tests: readonly Test[]): string {
  return tests.map(({ text }) => text).join(' && ') || 'true';
}

/** Whether an offset is one number. */
function isFixed({ lo, hi, throws }: ScalarText): boolean {
  return lo === hi && !throws;
}

function mayMeet(a: ScalarText, b: ScalarText): boolean {
  return a.lo <= b.hi && b.lo <= a.hi;
}

/** Ones from bit `first` to bit `last`, none where there are no such bits. */
function bitsFrom(first: number, last: number): number {
  return last < first ? 0 : (2 ** (last - first + 1) - 1) * 2 ** first;
}

/** With `perMessage` each message value has a label of its own, which `C` finds. */
function labelOf({ index, action }: Instance, receives: number): string {
  if (!action.perMessage || action.fair === 'none') return digits(index);
  const taken = Array.from({ length: receives }, (_, i) => `, t${i}`).join('');
  return `C(${digits(index)}${taken})`;
}

/** What has no value is an error step (SEMANTICS 4). */
function caught(
  { text, throws }: Test,
  instance: Instance,
  receives: readonly ChannelBlock[],
): string {
  if (!throws) return text;
  const label = labelOf(instance, receives.length);
  const told = `if (x !== U) throw x;\nE(${label}, ${ERROR_BIT.defined});`;
  return `try {\n${text}\n} catch (x) {\n${told}\n}`;
}

/**
 * A loop for each channel that is received from: each distinct message of a bag, the head of a fifo
 * (SEMANTICS 1, 2). `t0` is the position of the first message, `r0` where it stands in the row.
 */
function receiving(receives: readonly ChannelBlock[], body: string): string {
  return receives.reduceRight((inner, { offset, messageWidth, channel }, i) => {
    const [at, width] = [digits(offset), digits(messageWidth)];
    const message = `const r${i} = ${digits(offset + 1)} + t${i} * ${width};`;
    const again = `if (t${i} > 0 && G(r${i}, ${width})) continue;`;
    const count = channel.order === 'fifo' ? `Math.min(S[${at}], 1)` : `S[${at}]`;
    return `for (let t${i} = 0; t${i} < ${count}; t${i} += 1) {\n${message}\n${again}\n${inner}\n}`;
  }, body);
}
