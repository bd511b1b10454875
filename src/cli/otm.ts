import { inspect } from '../checking/inspect.ts';
import { readCatalogue } from '../checking/attackSets/catalogue.ts';
import { isSameThreatModel, matchOtm } from '../checking/otm/matchOtm.ts';
import { readOtm } from '../checking/otm/readOtm.ts';
import { bad, problem } from '../errors/index.ts';
import { isSpecificationFormat } from '../model/formats.ts';
import { inFile } from '../yaml/shaped.ts';
import type { CommandIo, Ended } from './command.ts';
import { EXIT } from './io.ts';
import type { SubmissionValues } from './options.ts';
import { otmText } from './otmText.ts';
import { submissionFrom } from './submission.ts';
import { readText } from './textFile.ts';

interface Asked extends SubmissionValues {
  readonly file: string;
  readonly model: string;
  readonly catalogue: readonly string[];
}

/** `probity otm`: a threat model of another tool beside a model. */
export async function otm(asked: Asked, io: CommandIo): Promise<Ended> {
  const { file, model: modelFile } = asked;
  const text = await readText(file);
  if (!text.ok) return text;
  const read = readOtm(text.value);
  if (!read.ok) return bad(...read.problems.map((each) => inFile(each, file)));
  const submission = await submissionFrom(modelFile, asked);
  if (!submission.ok) return submission;
  if (isSpecificationFormat(submission.value.format))
    return bad(
      problem(
        'OPTION_INVALID',
        modelFile,
        `a threat model is held beside a model, not beside ${submission.value.format}, which has no actors and channels`,
      ),
    );
  const inspected = await inspect(submission.value);
  if (!inspected.ok) return inspected;
  const catalogue = readCatalogue(asked.catalogue);
  if (!catalogue.ok) return catalogue;
  const { digest, semantics } = inspected.value;
  const named = { name: semantics.model.name, format: submission.value.format, digest };
  const matches = matchOtm(read.value, semantics.model, named, catalogue.value);
  return {
    exit: isSameThreatModel(matches) ? EXIT.ok : EXIT.violated,
    json: matches,
    text: () => otmText(matches, modelFile, io),
  };
}
