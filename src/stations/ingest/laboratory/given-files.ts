import { EmporiumError } from "../../../core/errors.js";
import {
  type DepositionProfile,
  markedAuthors,
  parseDepositionProfile,
  SAMPLE_PARTS,
} from "../../../formats/yaml/deposition-profile.js";
import { readGivenText } from "../../../stores/file/read-given.js";
import { type Answers, QUESTIONS, saidOf } from "./answers.js";
import { type DecisionsDocument, readDecisions } from "./decisions-file.js";

/** The file of decisions that an option names. @throws {EmporiumError} USAGE, CONFIG_FIELD, CONFIG_SYNTAX */
export async function readDecisionsFile(path: string): Promise<DecisionsDocument> {
  return readDecisions(await readGivenText(path, "--decisions"), path);
}

/** The facts of a profile, the one of `curate package`. @throws {EmporiumError} USAGE, CONFIG_FIELD, CONFIG_SYNTAX */
export async function readProfile(path: string): Promise<Answers> {
  const answers = answersOf(parseDepositionProfile(await readGivenText(path, "--profile"), path));
  for (const { key, text, fault } of QUESTIONS) {
    const said = saidOf(answers, key);
    const expected = said === undefined ? undefined : fault(String(said));
    if (expected === undefined) continue;
    throw new EmporiumError("CONFIG_FIELD", `${path}: ${said} is no answer to "${text}"; expected ${expected}`, {
      place: { file: path },
      hint: "correct it there: docs/guides/new-configuration.md shows a whole profile",
    });
  }
  return answers;
}

function answersOf(profile: DepositionProfile): Answers {
  const { deposition_id, dataset_id, title, description, authors, dates, organism, ...more } = profile;
  return {
    depositionId: deposition_id,
    datasetId: dataset_id,
    title,
    description,
    authors: authors && markedAuthors(authors),
    dates: dates && { ...dates, last_modified_date: dates.last_modified_date ?? dates.release_date },
    organism: organism?.name,
    taxonomyId: organism?.taxonomy_id,
    sampleType: more.sample_type,
    sample: Object.fromEntries(SAMPLE_PARTS.flatMap((part) => (more[part] === undefined ? [] : [[part, more[part]]]))),
    samplePreparation: more.sample_preparation,
    gridPreparation: more.grid_preparation,
    tiltingScheme: more.tilting_scheme,
    isGainCorrected: more.is_gain_corrected,
    microscope: more.microscope?.model,
    microscopeManufacturer: more.microscope?.manufacturer,
    camera: more.camera,
    energyFilter: more.energy_filter,
    sphericalAberration: more.spherical_aberration_constant,
    quality: more.tilt_series_quality,
    annotations: {
      objects: new Map(Object.entries(more.objects).map(([label, object]) => [label.toLowerCase(), object])),
      method: more.method,
      software: more.software,
      method_links: more.method_links,
      publications: more.publications,
      ground_truth_status: more.ground_truth_status,
      is_curator_recommended: more.is_curator_recommended,
      version: more.version,
    },
  };
}
