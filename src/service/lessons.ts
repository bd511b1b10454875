import { bad, ok, problem, type Problem, type Result } from '../errors/index.ts';
import type { GradedAttempt, LearnerAnswer } from '../lessons/graded.ts';
import { LessonThread } from '../lessons/lessonThread.ts';
import type { GameSetup, Position } from '../lessons/play.ts';
import type { PlayerRole } from '../lessons/playerRole.ts';
import type {
  FoundExercise,
  LessonAnswers,
  LessonQuestion,
  SolvedExercise,
} from '../lessons/question.ts';
import { gameToken, readGameToken, type GameRecord } from '../lessons/token.ts';
import { xapiStatement } from '../lessons/xapi.ts';
import { MAX_SOURCE_BYTES } from '../checking/inspect.ts';
import type { StepPattern } from '../scenarios/exercises.ts';
import { scenario } from '../scenarios/index.ts';
import type { LaunchRecord } from '../store/index.ts';
import { returnGrade } from './lti/returnGrade.ts';
import { playKey } from './playKey.ts';
import { keepAttempt } from './progress.ts';
import type { Json } from '../canonical/index.ts';
import type { Service } from './service.ts';
import { exerciseParts } from '../lessons/exercise.ts';

/** What one attempt, and one learner, may take. Attempts are kept apart from certified work. */
export const ATTEMPT_LIMITS = {
  /** Attempts and moves of one learner. */
  perMinute: 60,
  /** Of all learners of one key. */
  ofKeyPerMinute: 1_200,
  timeoutMs: 10_000,
  hints: 20,
} as const;

/** Who is at work: a key, and, where a portal speaks for many, a pseudonym. */
export interface Learner {
  readonly keyId: string;
  readonly learner?: string | null;
  /** Where a learning platform has sent him: then he is who it says, and it is told his score. */
  readonly launch?: LaunchRecord;
}

export interface AttemptInput {
  readonly exerciseId: string;
  readonly language?: string | null;
  readonly hint?: number | null;
  readonly learner?: string | null;
  readonly class?: string | null;
  readonly model?: string | null;
  readonly steps?: readonly AttackStepInput[] | null;
  readonly outcomes?: readonly { readonly question: string; readonly outcome: string }[] | null;
  readonly candidate?: string | null;
}

export interface AttackStepInput {
  readonly do: string;
  readonly with?: StepPattern['with'] | null;
  readonly receives?: StepPattern['receives'] | null;
  readonly sends?: StepPattern['sends'] | null;
}

export interface PlayInput {
  readonly scenarioId: string;
  readonly model?: 'vulnerable' | 'fixed' | null;
  readonly as?: PlayerRole | null;
  readonly threats?: readonly string[] | null;
  readonly seed?: number | null;
}

/** A graded attempt, with a statement for a learning record store where it is known whose it is. */
export type LearnersGrade = GradedAttempt & { readonly xapi?: Readonly<Record<string, unknown>> };

/** A position with the token that leads on from it. */
export type TokenPosition = Position & { readonly token: string };

let thread: LessonThread | undefined;

/** One thread for all lessons of a process; it keeps no process alive. */
async function ask<Q extends LessonQuestion>(question: Q): Promise<Result<Inside<Q>>> {
  thread ??= new LessonThread();
  const answer = await thread.ask(question);
  return (answer ??
    bad(
      problem('INPUT_TOO_COMPLEX', 'input', 'this takes more time or memory than a lesson may'),
    )) as Result<Inside<Q>>;
}

type Inside<Q extends LessonQuestion> = LessonAnswers[Q['ask']] extends Result<infer T> ? T : never;

const { timeoutMs } = ATTEMPT_LIMITS;

/** An exercise, without what would solve it. */
export const findExercise = (id: string, language: string): Promise<Result<FoundExercise>> =>
  ask({ ask: 'found', ...exerciseParts(id), language, timeoutMs });

/** How an exercise is solved. */
export const solveExercise = (id: string, language: string): Promise<Result<SolvedExercise>> =>
  ask({ ask: 'solved', ...exerciseParts(id), language, timeoutMs });

/** Makes an exercise that nobody wrote, and says its id. */
export async function makeExercise(
  who: Learner,
  scenarioId: string,
  seed: number,
  attackLength: number | undefined,
): Promise<Result<string>> {
  const limited = limitProblems(who);
  if (limited.length > 0) return bad(...limited);
  if (seed < 0 || seed > 999_999_999)
    return bad(problem('OPTION_INVALID', 'seed', 'a seed is a whole number from 0 to 999999999'));
  const made = await ask({
    ask: 'generated',
    scenario: scenarioId,
    seed,
    ...(attackLength !== undefined && { attackLength }),
    timeoutMs,
  });
  return made.ok ? ok(`${scenarioId}/${made.value}`) : made;
}

/**
 * Grades what a learner hands in. Nothing of it is signed, logged or anchored; an attempt that
 * finds no end in its time is undecided. What became of it is kept where it is known whose it is.
 */
export async function gradeLearner(
  service: Pick<Service, 'config' | 'store'>,
  who: Learner,
  input: AttemptInput,
): Promise<Result<LearnersGrade>> {
  const { launch } = who;
  const learner = launch?.learner ?? input.learner;
  const problems = [...limitProblems({ ...who, learner: learner ?? null }), ...wrong(input)];
  if (problems.length > 0) return bad(...problems);
  const language = input.language ?? 'en';
  const hint = input.hint ?? 1;
  const answer = answerOf(input);
  const graded = await ask({
    ask: 'grade',
    ...exerciseParts(input.exerciseId),
    language,
    hint,
    answer,
    timeoutMs,
  });
  if (!graded.ok || !learner) return graded;
  const className = launch?.className ?? input.class ?? '';
  await keepAttempt(service, graded.value, {
    learner,
    className,
    hint,
    answer: answer as unknown as Json,
  });
  if (launch) await returnGrade(service, launch, graded.value);
  const actor = { homePage: `https://${service.config.origin}`, name: learner };
  return ok({ ...graded.value, xapi: xapiStatement(graded.value, actor, language, new Date()) });
}

function wrong(input: AttemptInput): Problem[] {
  const { model, hint, learner, steps } = input;
  const problems: Problem[] = [];
  if (model && Buffer.byteLength(model, 'utf8') > MAX_SOURCE_BYTES / 16)
    problems.push(
      problem(
        'INPUT_TOO_LARGE',
        'input.model',
        `an attempt has at most ${MAX_SOURCE_BYTES / 16} bytes`,
      ),
    );
  if (hint !== undefined && hint !== null && (hint < 1 || hint > ATTEMPT_LIMITS.hints))
    problems.push(
      problem(
        'OPTION_INVALID',
        'input.hint',
        `a hint is a number from 1 to ${ATTEMPT_LIMITS.hints}`,
      ),
    );
  for (const [name, text] of [
    ['learner', learner],
    ['class', input.class],
  ] as const)
    if (text && !/^[\w.@:+-]{1,100}$/u.test(text))
      problems.push(
        problem(
          'REQUEST_SHAPE',
          `input.${name}`,
          `a ${name} has 1 to 100 letters, digits, or signs among _ . @ : + -`,
        ),
      );
  if (steps && steps.length > 100)
    problems.push(problem('INPUT_TOO_LARGE', 'input.steps', 'an attack has at most 100 steps'));
  return problems;
}

function answerOf({ model, steps, outcomes, candidate }: AttemptInput): LearnerAnswer {
  return {
    ...(typeof model === 'string' && { model }),
    ...(typeof candidate === 'string' && { candidate }),
    ...(steps && { steps: steps.map(patternFrom) }),
    ...(outcomes && {
      outcomes: Object.fromEntries(outcomes.map((each) => [each.question, each.outcome])),
    }),
  };
}

const patternFrom = (step: AttackStepInput): StepPattern => ({
  do: step.do,
  ...(step.with && { with: step.with }),
  ...(step.receives && { receives: step.receives }),
  ...(step.sends && { sends: step.sends }),
});

/** A game from its beginning, in a scenario. */
export async function beginPlay(
  service: Service,
  who: Learner,
  input: PlayInput,
): Promise<Result<TokenPosition>> {
  return move(service, who, { ...gameFrom(input), choices: [] });
}

/** Where a token stands. */
export async function readPlay(
  service: Service,
  who: Learner,
  token: string,
): Promise<Result<TokenPosition>> {
  const record = readGameToken(await playKey(service), who.keyId, token);
  return record.ok ? resumed(service, who, record.value, record.value.choices) : record;
}

/** One step on from a token. */
export async function playStep(
  service: Service,
  who: Learner,
  token: string,
  choice: number,
): Promise<Result<TokenPosition>> {
  const record = readGameToken(await playKey(service), who.keyId, token);
  if (!record.ok) return record;
  return resumed(service, who, record.value, [...record.value.choices, choice]);
}

/** One step back. */
export async function undoPlay(
  service: Service,
  who: Learner,
  token: string,
): Promise<Result<TokenPosition>> {
  const record = readGameToken(await playKey(service), who.keyId, token);
  if (!record.ok) return record;
  return resumed(service, who, record.value, record.value.choices.slice(0, -1));
}

/** A run that is drawn from a seed, of at most so many steps. */
export async function simulatePlay(
  service: Service,
  who: Learner,
  input: PlayInput,
  steps: number,
): Promise<Result<TokenPosition>> {
  if (steps < 1 || steps > 300)
    return bad(problem('OPTION_INVALID', 'steps', 'a run is drawn of 1 to 300 steps'));
  // Whoever watches takes every step.
  return move(service, who, { ...gameFrom({ ...input, as: 'attacker' }), choices: [] }, steps);
}

type Game = Omit<GameRecord, 'digest' | 'threats'> & { readonly threats: GameSetup['threats'] };

const gameFrom = ({ scenarioId, model, as, threats, seed }: PlayInput): Omit<Game, 'choices'> => ({
  scenario: scenarioId,
  model: model ?? 'vulnerable',
  as: as ?? 'attacker',
  threats: threats ?? scenario(scenarioId)?.threats ?? [],
  seed: seed ?? 0,
});

async function resumed(
  service: Service,
  who: Learner,
  record: GameRecord,
  choices: readonly number[],
): Promise<Result<TokenPosition>> {
  const position = await move(service, who, { ...record, choices });
  return position.ok && position.value.model.digest !== record.digest
    ? bad(
        problem(
          'PLAY_TOKEN',
          'token',
          'the model of this game has changed since; begin a new one with `play`',
        ),
      )
    : position;
}

async function move(
  service: Service,
  who: Learner,
  { scenario: id, model, as, threats, seed, choices }: Game,
  simulate?: number,
): Promise<Result<TokenPosition>> {
  const limited = limitProblems(who);
  if (limited.length > 0) return bad(...limited);
  const played = await ask({
    ask: 'played',
    scenario: id,
    model,
    setup: { as, threats, seed },
    choices,
    ...(simulate !== undefined && { simulate }),
    timeoutMs,
  });
  if (!played.ok) return played;
  const position = played.value;
  const { digest } = position.model;
  const record = { scenario: id, model, as, threats: position.threats, seed, digest };
  const token = gameToken(await playKey(service), who.keyId, {
    ...record,
    choices: position.choices,
  });
  return ok({ ...position, token });
}

/** By learner and by key: when each began something, in the last minute. */
const begun = new Map<string, number[]>();
const MOST_KNOWN = 10_000;

function limitProblems({ keyId, learner }: Learner): Problem[] {
  const now = Date.now();
  if (begun.size > MOST_KNOWN) begun.clear();
  const recent = (name: string): number[] => {
    const times = (begun.get(name) ?? []).filter((at) => now - at < 60_000);
    begun.set(name, times);
    return times;
  };
  const own = recent(`learner ${keyId} ${learner ?? ''}`);
  const all = recent(`key ${keyId}`);
  if (own.length >= ATTEMPT_LIMITS.perMinute || all.length >= ATTEMPT_LIMITS.ofKeyPerMinute)
    return [
      problem(
        'ATTEMPTS_LIMIT',
        'input',
        `one learner begins at most ${ATTEMPT_LIMITS.perMinute} attempts or moves a minute; wait a little`,
      ),
    ];
  own.push(now);
  all.push(now);
  return [];
}
