import { describe, expect, it } from 'vitest';
import { extent, middle, type Drawing, type Overlay } from '../../src/drawing/drawing.ts';
import { svgOf } from '../../src/drawing/svg.ts';
import { readDrawing } from '../../src/frontends/bpmn/index.ts';
import { definitions, process } from '../frontends/bpmn/diagramXml.ts';

const overlay = (more: Partial<Overlay> = {}): Overlay => ({
  title: 't',
  sentence: '',
  path: [],
  tokens: new Map(),
  blamed: new Set(),
  dead: new Set(),
  ...more,
});
const figure = {
  shape: 'activity',
  name: '',
  symbols: [],
  border: 'plain',
  x: 10,
  y: 20,
  width: 100,
  height: 80,
} as const;

describe('SVG', () => {
  it('is well-formed whatever stands in a name, and carries nothing that runs', () => {
    const nasty = '<script>alert("1")</script> & \u0001 \ud800 ]]>';
    const svg = svgOf(
      {
        figures: [{ ...figure, id: nasty, name: nasty }],
        lines: [
          {
            id: nasty,
            kind: 'message',
            name: nasty,
            points: [
              { x: 0, y: 0 },
              { x: Number.NaN, y: 5 },
            ],
          },
        ],
      },
      overlay({
        title: nasty,
        sentence: nasty,
        path: [[nasty]],
        tokens: new Map([[nasty, 7]]),
        dead: new Set([nasty]),
      }),
    );
    expect(svg).not.toMatch(/<script|on\w+="|href/);
    expect([...svg].every((c) => (c >= ' ' || c === '\n') && (c < '\ud800' || c > '\udfff'))).toBe(
      true,
    );
    expect(svg).toContain('×7');
    const open: string[] = [];
    for (const [, slash, name, attributes = '', closed] of svg.matchAll(
      /<(\/?)([a-z]\w*)((?:\s[\w-]+="[^"<]*")*)(\/?)>/gi,
    )) {
      const names = [...attributes.matchAll(/\s([\w-]+)=/g)].map((match) => match[1]);
      expect(new Set(names).size).toBe(names.length);
      if (slash) expect(open.pop()).toBe(name);
      else if (!closed) open.push(name ?? '');
    }
    expect(open).toEqual([]);
    expect(svg.replaceAll(/<\/?[a-z]\w*((?:\s[\w-]+="[^"<]*")*)\/?>/gi, '')).not.toContain('<');
  });

  it('numbers an element that comes again, and shortens what comes too often', () => {
    const drawing: Drawing = { figures: [{ ...figure, id: 'a' }], lines: [] };
    expect(svgOf(drawing, overlay({ path: [['a'], [], ['a']] }))).toContain('>1,3</text>');
    expect(svgOf(drawing, overlay({ path: Array.from({ length: 9 }, () => ['a']) }))).toContain(
      '>1,2,3…9</text>',
    );
  });
});

describe('drawings', () => {
  const diagram = definitions(
    process(
      'p',
      ['startEvent s', 'subProcess x', 'boundaryEvent b timer', 'endEvent e', 'endEvent e2'],
      ['s x', 'x e', 'b e2'],
    )
      .replace('id="b"', 'id="b" attachedToRef="x"')
      .replace('id="x">', 'id="x"><bpmn:task id="i" name="inner"/>'),
  );

  it('are laid out where a file has none: nothing overlaps but what stands inside', async () => {
    const drawing = await readDrawing(diagram);
    if (!drawing.ok) throw new Error('unread');
    const { figures, lines } = drawing.value;
    expect(figures.map((found) => found.id).sort()).toEqual(['b', 'e', 'e2', 'i', 'p', 's', 'x']);
    expect(lines.map((line) => line.id).sort()).toEqual(['p_f0', 'p_f1', 'p_f2']);
    const box = (id: string) =>
      figures.find((found) => found.id === id) as (typeof figures)[number];
    const inside = (a: string, b: string): boolean =>
      box(a).x >= box(b).x &&
      box(a).y >= box(b).y &&
      box(a).x + box(a).width <= box(b).x + box(b).width &&
      box(a).y + box(a).height <= box(b).y + box(b).height;
    expect(inside('i', 'x') && inside('x', 'p') && inside('s', 'p')).toBe(true);
    expect(box('s').x + box('s').width).toBeLessThan(box('x').x);
    expect(box('b').y).toBeGreaterThan(box('x').y);
  });

  it('are taken from the file where it has one, oddities passed over', async () => {
    const shape = (id: string, bounds: string, more = ''): string =>
      `<di:BPMNShape bpmnElement="${id}"${more}><dc:Bounds ${bounds}/><di:BPMNLabel><dc:Bounds x="1" y="1" width="1" height="1"/></di:BPMNLabel></di:BPMNShape>`;
    const drawn = diagram.replace(
      '</bpmn:definitions>',
      `<di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"><di:BPMNPlane>
      ${shape('s', 'x="5" y="6" width="36" height="36"')}${shape('gone', 'x="5" y="6" width="36" height="36"')}${shape('e', 'x="much" y="6" width="36" height="36"')}${shape('e2', 'x="1e99" y="6" width="36" height="36"')}
      ${shape('x', 'x="80" y="0" width="200" height="100"', ' isExpanded="true"')}
      <di:BPMNEdge bpmnElement="tns:p_f0"><dc:waypoint x="41" y="24"/><dc:waypoint x="80" y="24"/></di:BPMNEdge><di:BPMNEdge bpmnElement="p_f1"><dc:waypoint x="1" y="1"/></di:BPMNEdge></di:BPMNPlane></di:BPMNDiagram></bpmn:definitions>`,
    );
    const drawing = await readDrawing(drawn);
    if (!drawing.ok) throw new Error(JSON.stringify(drawing.problems));
    expect(drawing.value.figures.map(({ id, shape: kind, x }) => [id, kind, x])).toEqual([
      ['s', 'event', 5],
      ['x', 'frame', 80],
    ]);
    expect(drawing.value.lines).toEqual([
      {
        id: 'p_f0',
        kind: 'sequence',
        name: '',
        points: [
          { x: 41, y: 24 },
          { x: 80, y: 24 },
        ],
      },
    ]);
    expect(extent(drawing.value)).toEqual({ x: 5, y: 0, width: 275, height: 100 });
  });

  it('names stand where the file says, over every line, and the run over what it does not take', () => {
    const line = (id: string): Drawing['lines'][number] => ({
      id,
      kind: 'sequence',
      name: id,
      label: { x: 300, y: 7, width: 60, height: 14 },
      points: [
        { x: 0, y: 0 },
        { x: 9, y: 0 },
      ],
    });
    const event = { ...figure, id: 'event', name: 'Paid', shape: 'event' } as const;
    const svg = svgOf(
      {
        figures: [{ ...event, label: { x: 200, y: 70, width: 40, height: 14 } }],
        lines: [line('blamed'), line('taken'), line('other')],
      },
      overlay({ path: [['taken']], blamed: new Set(['blamed']) }),
    );
    const order = [...svg.matchAll(/data-element-id="(\w+)"|<text[^>]*>(\w+)</g)].map(
      ([, element, text]) => element ?? text,
    );
    expect(order.slice(1)).toEqual([
      'other',
      'taken',
      'blamed',
      'event',
      'blamed',
      'taken',
      'other',
      'Paid',
    ]);
    expect(svg).toMatch(/<text x="220" y="81"[^>]*paint-order="stroke">Paid</);
    expect(svg).toMatch(/<text x="330" y="18"[^>]*paint-order="stroke">taken</);
    expect(svg).toMatch(/viewBox="-30 -94 480 /);
  });

  it('a token stands in the middle of its line', () => {
    expect(
      middle([
        { x: 0, y: 0 },
        { x: 10, y: 0 },
        { x: 10, y: 30 },
      ]),
    ).toEqual({ x: 10, y: 10 });
    expect(middle([])).toEqual({ x: 0, y: 0 });
  });

  it('of many elements are placed in rows, soon', async () => {
    const many = Array.from({ length: 3_000 }, (_, i) => `task t${i}`);
    const drawing = await readDrawing(
      definitions(
        process(
          'p',
          many,
          many.slice(1).map((_, i) => `t${i} t${i + 1}`),
        ),
      ),
    );
    expect(drawing.ok && drawing.value.figures.length).toBe(3_001);
  });
});
