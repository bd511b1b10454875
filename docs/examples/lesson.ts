/**
 * A lesson, taken through GraphQL: find it, read it, hand in what is wrong, what cheats, and what is
 * right. Run it with the address of a service and a key with the role `learner`:
 *
 *     node --import tsx docs/examples/lesson.ts http://127.0.0.1:4600 KEY
 */
const [url = 'http://127.0.0.1:4600', key = ''] = process.argv.slice(2);

interface Graded {
  readonly verdict: 'right' | 'wrong' | 'refused' | 'unreadable' | 'undecided';
  readonly problems: readonly { code: string; message: string; line: number | null }[];
  readonly attacks: readonly { property: string; threats: readonly string[] }[];
  readonly hint: { text: string; line: number | null } | null;
  readonly carriers: readonly { name: string; falls: readonly string[] }[];
  readonly explanation: string | null;
}

async function ask<T>(query: string, variables: object): Promise<T> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query, variables }),
  });
  const { data, errors } = (await response.json()) as { data: T; errors?: { message: string }[] };
  if (errors) throw new Error(errors.map(({ message }) => message).join('; '));
  return data;
}

const { scenarios } = await ask<{
  scenarios: { title: string; exercises: { id: string; kind: string }[] }[];
}>(
  'query ($search: String) { scenarios(search: $search, language: "en") { title exercises { id kind } } }',
  { search: 'postcard watch token' },
);
const exercise = scenarios[0]?.exercises.find(({ kind }) => kind === 'fix');
if (!exercise) throw new Error('there is no such exercise');

const { exercise: read } = await ask<{ exercise: { task: string; start: { source: string } } }>(
  'query ($id: ID!) { exercise(id: $id, language: "en") { task start { source } } }',
  { id: exercise.id },
);
console.log(`${scenarios[0]?.title}: ${read.task.trim()}`);

const grade = async (model: string, hint = 1): Promise<Graded> => {
  const { gradeAttempt } = await ask<{ gradeAttempt: Graded }>(
    `mutation ($input: GradeAttemptInput!) {
      gradeAttempt(input: $input) {
        verdict problems { code message line } attacks { property threats }
        hint { text line } carriers { name falls } explanation
      }
    }`,
    { input: { exerciseId: exercise.id, model, hint, learner: 'pupil-17', language: 'en' } },
  );
  return gradeAttempt;
};

const { source } = read.start;
const wrong = await grade(source, 2);
console.log(
  `wrong: ${wrong.verdict}, ${wrong.attacks[0]?.threats.join()} still works; line ${wrong.hint?.line}: ${wrong.hint?.text}`,
);

const cheated = await grade(source.replace('medium: public', 'medium: private'));
console.log(
  `cheat: ${cheated.verdict}, ${cheated.problems[0]?.code} in line ${cheated.problems[0]?.line}`,
);

const right = await grade(
  source.replace(
    'when: paid[r.token] and status[r.order] = paying',
    'when: paid[r.token] and status[r.order] = paying\n    controls: { sameOrder: r.token = r.order }',
  ),
);
console.log(`right: ${right.verdict}, carried by ${right.carriers.map(({ name }) => name).join()}`);
