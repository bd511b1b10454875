import { describe, expect, it } from 'vitest';
import { readBpmn } from '../../../src/frontends/bpmn/index.ts';
import { typecheck } from '../../../src/model/typecheck.ts';
import { NAMESPACE, collaboration, definitions, process } from './diagramXml.ts';

/** `CODE element` or `CODE line:column` of each problem. */
async function problemsOf(source: string): Promise<readonly string[]> {
  const read = await readBpmn(source);
  return read.ok
    ? []
    : read.problems.map((found) =>
        `${found.code} ${found.elementId ?? (found.line === undefined ? '' : `${found.line}:${found.column}`)}`.trim(),
      );
}

const LINE = process('p', ['startEvent s', 'task a', 'endEvent e'], ['s a', 'a e']);

describe('text that is no BPMN', () => {
  it.each([
    ['nothing', '', 'XML_SYNTAX 1:1'],
    ['blanks', ' \n ', 'XML_SYNTAX 1:1'],
    ['prose', 'Dear customer,', 'XML_SYNTAX 1:1'],
    ['a tag left open', '<a>\n <b>\n</a>', 'XML_SYNTAX 3:1'],
    ['an unfinished file', '<a>\n  <b/>', 'XML_SYNTAX 1:1'],
    ['an unfinished tag', '<a b="c', 'XML_SYNTAX 1:1'],
    ['an unfinished comment', '<a><!-- </a>', 'XML_SYNTAX 1:4'],
    ['a closing tag alone', '</a>', 'XML_SYNTAX 1:1'],
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg"><g/></svg>', 'BPMN_SHAPE 1:1'],
    [
      'DMN',
      '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d"><decision id="x"/></definitions>',
      'BPMN_SHAPE 1:1',
    ],
    ['no namespace', '<definitions><process id="p"/></definitions>', 'BPMN_SHAPE 1:1'],
    ['a process alone', `<process xmlns="${NAMESPACE}" id="p"/>`, 'BPMN_SHAPE 1:1'],
    [
      'UTF-16 read as bytes',
      Buffer.from(definitions(LINE), 'utf16le').toString('latin1'),
      'INPUT_NOT_UTF8',
    ],
    ['broken UTF-8', definitions(LINE).replace('id="a"', 'id="a" name="\uFFFD"'), 'INPUT_NOT_UTF8'],
    [
      'half of a surrogate pair',
      definitions(LINE).replace('id="a"', 'id="a" name="&#xD800;"'),
      'XML_SYNTAX 5:27',
    ],
    [
      'a NUL by its number',
      definitions(LINE).replace('id="a"', 'id="a" name="&#0;"'),
      'XML_SYNTAX 5:27',
    ],
    ['text after the end', `${definitions(LINE)}more`, 'XML_SYNTAX 11:1'],
    [
      'an attribute twice',
      definitions(LINE).replace('id="a"', 'id="a" name="b" name="c"'),
      'XML_SYNTAX 5:3',
    ],
    [
      'an unknown element',
      definitions('<bpmn:process id="p"><bpmn:robot id="r"/></bpmn:process>'),
      'BPMN_SHAPE 3:22',
    ],
    [
      'an element out of place',
      definitions('<bpmn:process id="p"><bpmn:messageEventDefinition/></bpmn:process>'),
      'BPMN_STRUCTURE 3:22',
    ],
  ])('%s', async (_, source, expected) => {
    expect(await problemsOf(source)).toContain(expected);
  });

  it('a document type is refused before any parser sees it', async () => {
    const bomb = `<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY lol "lol">${'<!ENTITY l "&lol;&lol;">'.repeat(9)}]>\n${definitions(LINE)}`;
    expect(await problemsOf(bomb)).toEqual(['XML_DOCTYPE 2:1']);
    expect(await problemsOf('<!doctype html><html></html>')).toEqual(['XML_DOCTYPE 1:1']);
  });

  it('a document type in a comment or in CDATA is text', async () => {
    const harmless = definitions(
      LINE.replace(
        'id="a">',
        'id="a"><!-- <!DOCTYPE a> --><bpmn:documentation><![CDATA[<!ENTITY b "c">]]></bpmn:documentation>',
      ),
    );
    expect(await problemsOf(harmless)).toEqual([]);
  });

  it('entities that are not the five of XML stay text', async () => {
    const read = await readBpmn(
      definitions(LINE.replace('id="a"', 'id="a" name="&lt;b&gt; &amp; &unknown; &#65;"')),
    );
    expect(read.ok && read.value.actions['a']?.label).toBe('<b> & &unknown; A');
  });

  it('50 megabytes are refused at once', async () => {
    expect(await problemsOf(`<a>${' '.repeat(50_000_000)}</a>`)).toEqual(['INPUT_TOO_LARGE']);
  });

  it('abysmal nesting is refused', async () => {
    const deep = '<bpmn:subProcess>'.repeat(5_000) + '</bpmn:subProcess>'.repeat(5_000);
    expect(await problemsOf(definitions(`<bpmn:process id="p">${deep}</bpmn:process>`))).toEqual([
      expect.stringMatching(/^BPMN_SHAPE 3:/),
    ]);
  });

  it('a file full of unknown elements ends after the first hundred', async () => {
    const noise = '\n<bpmn:robot/>'.repeat(50_000);
    const found = await problemsOf(definitions(`<bpmn:process id="p">${noise}</bpmn:process>`));
    expect(found.length).toBeGreaterThan(99);
    expect(found.length).toBeLessThan(110);
  }, 20_000);
});

describe('large diagrams', () => {
  it('ten thousand tasks in a row are read', async () => {
    const count = 10_000;
    const nodes = [
      'startEvent s',
      ...Array.from({ length: count }, (_, i) => `task t${i}`),
      'endEvent e',
    ];
    const flows = [
      's t0',
      ...Array.from({ length: count - 1 }, (_, i) => `t${i} t${i + 1}`),
      `t${count - 1} e`,
    ];
    const read = await readBpmn(definitions(process('p', nodes, flows)));
    expect(read.ok && Object.keys(read.value.actions).length).toBe(count + 1);
    expect(read.ok && typecheck(read.value).ok).toBe(true);
  }, 60_000);

  it('an inclusive join waits for thousands of tasks', async () => {
    const count = 3_000;
    const row = (branch: string): string[] =>
      Array.from({ length: count }, (_, i) => `${branch}${i}`);
    const chain = (branch: string): string[] => [
      `g ${branch}0`,
      ...row(branch)
        .slice(1)
        .map((next, i) => `${branch}${i} ${next}`),
      `${branch}${count - 1} j`,
    ];
    const nodes = [
      'startEvent s',
      'inclusiveGateway g',
      ...[...row('a'), ...row('b')].map((id) => `task ${id}`),
      'inclusiveGateway j',
      'endEvent e',
    ];
    const read = await readBpmn(
      definitions(process('p', nodes, ['s g', ...chain('a'), ...chain('b'), 'j e'])),
    );
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const checked = typecheck(read.value);
    expect(checked.ok ? [] : checked.problems).toEqual([]);
    expect(String(read.value.actions['j']?.when).length).toBeLessThan(2 * count * 30);
  }, 60_000);

  it('thousands of errors, links and signals take no time', async () => {
    const many = Array.from({ length: 4_000 }, (_, i) => i);
    const inside = many
      .map(
        (i) =>
          `<bpmn:endEvent id="e${i}"><bpmn:errorEventDefinition errorRef="E${i}"/></bpmn:endEvent>`,
      )
      .join('\n');
    const events = many
      .map(
        (
          i,
        ) => `<bpmn:boundaryEvent id="b${i}" attachedToRef="x"><bpmn:errorEventDefinition errorRef="E${i}"/></bpmn:boundaryEvent>
      <bpmn:intermediateThrowEvent id="t${i}"><bpmn:linkEventDefinition name="l${i}"/></bpmn:intermediateThrowEvent>
      <bpmn:intermediateCatchEvent id="c${i}"><bpmn:linkEventDefinition name="l${i}"/></bpmn:intermediateCatchEvent>
      <bpmn:intermediateThrowEvent id="st${i}"><bpmn:signalEventDefinition signalRef="T${i}"/></bpmn:intermediateThrowEvent>
      <bpmn:intermediateCatchEvent id="sc${i}"><bpmn:signalEventDefinition signalRef="S${i}"/></bpmn:intermediateCatchEvent>`,
      )
      .join('\n');
    const declared = many
      .map((i) => `<bpmn:error id="E${i}"/><bpmn:signal id="S${i}"/><bpmn:signal id="T${i}"/>`)
      .join('\n');
    const body = `${declared}<bpmn:process id="p"><bpmn:startEvent id="s"/><bpmn:subProcess id="x"><bpmn:startEvent id="is"/>${inside}</bpmn:subProcess>${events}</bpmn:process>`;
    expect(await problemsOf(definitions(body))).toEqual([]);
  }, 60_000);

  it('calls that multiply are refused', async () => {
    const levels = Array.from({ length: 18 }, (_, i) =>
      process(
        `p${i}`,
        [`startEvent s${i}`, ...[0, 1, 2].map((call) => `callActivity c${i}_${call}`)],
        [`s${i} c${i}_0`, `c${i}_0 c${i}_1`, `c${i}_1 c${i}_2`],
      ).replaceAll(/(<bpmn:callActivity)/g, `$1 calledElement="p${i + 1}"`),
    );
    expect(
      await problemsOf(
        definitions(`${levels.join('')}${process('p18', ['startEvent sx', 'task tx'], ['sx tx'])}`),
      ),
    ).toEqual([expect.stringMatching(/^INPUT_TOO_LARGE /)]);
  }, 30_000);

  it('a gateway with too many ways to fire is refused by name', async () => {
    const wide = Array.from({ length: 1_500 }, (_, i) => i);
    const nodes = [
      'startEvent s',
      'parallelGateway p1',
      'exclusiveGateway x',
      ...wide.map((i) => `endEvent e${i}`),
    ];
    const flows = ['s p1', ...wide.map(() => 'p1 x'), ...wide.map((i) => `x e${i}`)];
    expect(await problemsOf(definitions(process('p', nodes, flows)))).toEqual([
      'INPUT_TOO_LARGE x',
    ]);
  }, 30_000);
});

describe('odd names', () => {
  // The parser would drop these, or take them for repeated.
  const odd = [
    'constructor',
    '__proto__',
    'toString',
    '1task',
    '42',
    'Aufgäbe',
    '注文',
    'a b',
    'a:b:c',
    'a/b',
    '{guid}',
  ];
  it.each(odd)('the id %s is kept', async (id) => {
    const lane =
      '<bpmn:laneSet><bpmn:lane id="L"><bpmn:flowNodeRef>odd</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>';
    const xml = process('p', ['startEvent s', 'task odd', 'endEvent e'], ['s odd', 'odd e'])
      .replace('id="p">', `id="p">${lane}`)
      .replace(
        '<bpmn:task id="odd">',
        '<bpmn:task id="odd" name="odd"><bpmn:incoming>p_f0</bpmn:incoming>',
      )
      .replaceAll('odd', id);
    const read = await readBpmn(definitions(xml));
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const [name, action] = Object.entries(read.value.actions)[0] ?? [];
    expect(name).toMatch(/^[A-Za-z_]\w*$/);
    expect(action).toMatchObject({ elementId: id, label: id, actor: 'L' });
    expect(typecheck(read.value).ok).toBe(true);
  });

  it('a reference to an odd id that does not exist is told under its own name', async () => {
    const source = definitions(process('p', ['startEvent s', 'task 1'], ['s 1', '1 2']));
    const sentence =
      "A sequence flow whose targetRef names '2', which does not exist, was left out";
    const read = await readBpmn(source);
    expect(read.ok ? read.value.abstractions : []).toContainEqual(
      expect.stringContaining(sentence),
    );
    const strict = await readBpmn(source, { strict: true });
    expect(strict.ok ? [] : strict.problems).toMatchObject([
      { code: 'BPMN_REFERENCE', message: sentence, elementId: 'p_f1' },
    ]);
  });

  const reserved = [
    'MODULE',
    'VARIABLE',
    'Init',
    'Next',
    'WF_x',
    'declare-fun',
    'assert',
    'and',
    'not',
    'if',
    'null',
    'sum',
    'safe',
    'sound',
    'deadlockFree',
    'withinRange',
    '_',
    '__',
    '-x'.slice(1),
    'a.b-c',
    'p',
  ];
  it.each(reserved)('the id %s becomes an identifier', async (id) => {
    const xml = definitions(
      process(
        'proc',
        ['startEvent s', 'task here', 'task also', 'endEvent e'],
        [`s here ${id}_f`, 'here also', 'also e'],
      ).replaceAll('here', id),
    );
    const read = await readBpmn(xml);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    const checked = typecheck(read.value);
    expect(checked.ok ? [] : checked.problems).toEqual([]);
    const action = Object.values(read.value.actions).find((found) => found.elementId === id);
    expect(action).toBeDefined();
  });

  it('names may be any text; they are labels only', async () => {
    const read = await readBpmn(
      definitions(
        LINE.replace('id="a"', 'id="a" name="__proto__ &#10;  注文 \\* ==== (* ; (assert"'),
      ),
    );
    expect(read.ok && read.value.actions['a']?.label).toBe('__proto__ 注文 \\* ==== (* ; (assert');
  });

  it('ids that only differ in what an identifier leaves out stay apart', async () => {
    const read = await readBpmn(
      definitions(
        process(
          'p',
          ['startEvent s', 'task a-b', 'task a.b', 'task a_b', 'endEvent e'],
          ['s a-b', 'a-b a.b', 'a.b a_b', 'a_b e'],
        ),
      ),
    );
    expect(read.ok && Object.keys(read.value.actions)).toEqual(['a_b', 'a_b_2', 'a_b_3', 'e']);
  });
});

describe('ways to write it down', () => {
  it.each(['bpmn', 'bpmn2', 'semantic', 'x', ''])('the prefix %j', async (prefix) => {
    const read = await readBpmn(definitions(LINE, prefix));
    expect(read.ok && Object.keys(read.value.actions)).toEqual(['a', 'e']);
  });

  it('a byte order mark, CRLF, single quotes, and another encoding named', async () => {
    const xml = `\uFEFF${definitions(LINE).replaceAll('"', "'").replaceAll('\n', '\r\n').replace('UTF-8', 'UTF-16')}`;
    expect(await problemsOf(xml)).toEqual([]);
  });

  it('elements of other vendors, forms that repeat their ids, and a broken drawing change nothing', async () => {
    const form =
      '<bpmn:extensionElements><v:field id="x"/><v:field id="x"/></bpmn:extensionElements>';
    const drawing = `<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" id="s"><di:BPMNPlane id="s" bpmnElement="nowhere"/></di:BPMNDiagram>`;
    const xml = definitions(LINE.replace('id="a">', `id="a" v:x="1">${form}`) + drawing).replace(
      'id="Definitions_1"',
      'id="d" xmlns:v="urn:vendor"',
    );
    expect(await problemsOf(xml)).toEqual([]);
  });

  it('an element of another vendor outside of extensionElements is left out, and that is said', async () => {
    const xml = definitions(LINE.replace('id="a">', 'id="a"><v:mark/>')).replace(
      'id="Definitions_1"',
      'id="d" xmlns:v="urn:vendor"',
    );
    const read = await readBpmn(xml);
    expect(read.ok && read.value.abstractions).toEqual([expect.stringContaining('v:mark')]);
  });
});

describe('collaborations without much in them', () => {
  it('no process', async () => {
    expect(await problemsOf(definitions(''))).toEqual(['BPMN_NO_PROCESS']);
    expect(await problemsOf(definitions(collaboration(['a', 'b'], ['a b'])))).toEqual([
      'BPMN_NO_PROCESS',
    ]);
  });
  it('an empty process', async () => {
    expect(await problemsOf(definitions('<bpmn:process id="p"/>'))).toEqual(['BPMN_NO_PROCESS']);
  });
});
