import { OutOfTime, type Time } from '../time/time.ts';
import type {
  ChooseExercise,
  FindExercise,
  FixExercise,
  PredictExercise,
} from '../scenarios/exercises.ts';
import type { ExerciseTask } from './exercise.ts';
import { gradeFix, type Telling } from './gradeFix.ts';
import { checkedAnswer, gradeChoose, gradeFind, gradePredict } from './gradeOthers.ts';
import { gradedAs, type GradedAttempt, type LearnerAnswer } from './graded.ts';

/**
 * Grades an attempt by the verifier. Nothing of it is kept, signed or logged. What is not decided
 * in
 * the time is `undecided`, never right.
 */
export async function gradeAttempt(
  task: ExerciseTask,
  answer: LearnerAnswer,
  told: Telling,
  time: Time,
): Promise<GradedAttempt> {
  const checked = checkedAnswer(task, answer);
  if (!checked.ok) return gradedAs(task, 'unreadable', { problems: checked.problems });
  try {
    return await byKind(task, answer, told, time);
  } catch (error) {
    if (!(error instanceof OutOfTime)) throw error;
    return gradedAs(task, 'undecided', { open: 'the time of an attempt was over' });
  }
}

function byKind(
  task: ExerciseTask,
  answer: LearnerAnswer,
  told: Telling,
  time: Time,
): Promise<GradedAttempt> {
  switch (task.exercise.kind) {
    case 'fix':
      return gradeFix(task as ExerciseTask<FixExercise>, answer, told, time);
    case 'find':
      return gradeFind(task as ExerciseTask<FindExercise>, answer, told, time);
    case 'predict':
      return gradePredict(task as ExerciseTask<PredictExercise>, answer, told, time);
    case 'choose':
      return gradeChoose(task as ExerciseTask<ChooseExercise>, answer, told, time);
  }
}
