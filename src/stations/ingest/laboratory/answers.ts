import { AUTHOR_STATUSES, type ProfileAuthor, type SamplePart } from "../../../formats/yaml/deposition-profile.js";
import { CAMERA_MODELS, ENUMS } from "../../../model/enums.js";

/** Facts that only a person knows. Those left out are written as placeholders that the portal's rules accept, with a comment. */
export interface Answers {
  depositionId?: number | undefined;
  datasetId?: number | undefined;
  title?: string | undefined;
  description?: string | undefined;
  author?: string | undefined;
  orcid?: string | undefined;
  /** Date as 2026-02-01. */
  releaseDate?: string | undefined;
  organism?: string | undefined;
  taxonomyId?: number | undefined;
  microscope?: string | undefined;
  microscopeManufacturer?: string | undefined;
  /** As a profile has it. */
  camera?: { readonly manufacturer: string; readonly model: string } | undefined;
  cameraManufacturer?: string | undefined;
  cameraModel?: string | undefined;
  energyFilter?: string | undefined;
  /** mm. */
  sphericalAberration?: number | undefined;
  /** 1 to 5, 5 is best. */
  quality?: number | undefined;
  sampleType?: string | undefined;
  /** Parts of the sample with their names and identifiers, by the fields of a dataset. */
  sample?: Partial<Readonly<Record<SamplePart, object>>> | undefined;
  samplePreparation?: string | undefined;
  gridPreparation?: string | undefined;
  /** Order of the tilts, where the files do not tell it. */
  tiltingScheme?: string | undefined;
  isGainCorrected?: boolean | undefined;
  /** All authors, as the portal's configurations have them. */
  authors?: readonly ProfileAuthor[] | undefined;
  dates?: Readonly<Record<"deposition_date" | "release_date" | "last_modified_date", string>> | undefined;
  /** Of annotations by hand, as a profile has it. */
  annotations?: AnnotationAnswers | undefined;
  /** For a configuration without a folder: where the sources will be. */
  sourcePrefix?: string | undefined;
}

/** What a person knows of annotations; fields as the portal's configurations have them. */
export interface AnnotationAnswers {
  /** What labels mean, by their names in small letters. */
  readonly objects: ReadonlyMap<string, AnnotatedObject>;
  readonly method?: string | undefined;
  readonly software?: string | undefined;
  readonly method_links?: readonly object[] | undefined;
  readonly publications?: string | undefined;
  readonly ground_truth_status?: boolean | undefined;
  readonly is_curator_recommended?: boolean | undefined;
  readonly version?: number | undefined;
}

/** What a vocabulary or a profile tells of an object. */
export interface AnnotatedObject {
  readonly name: string;
  readonly id?: string | undefined;
  readonly description?: string | undefined;
  readonly state?: string | undefined;
}

/** Facts that are more than a word, and those that a profile alone tells. */
type Told =
  | ("authors" | "dates" | "camera" | "annotations" | "sourcePrefix")
  | ("sample" | "samplePreparation" | "gridPreparation" | "tiltingScheme" | "isGainCorrected");
type QuestionKey = Exclude<keyof Answers, Told>;

export interface Question {
  key: QuestionKey;
  text: string;
  /** Undefined where the answer will do; else what is wanted. */
  fault(answer: string): string | undefined;
  isNumber?: boolean;
  /** The only answers, where they are few. */
  choices?: readonly string[];
}

const wanted = (pattern: RegExp, what: string) => (answer: string) => (pattern.test(answer) ? undefined : what);
const number = wanted(/^[1-9]\d{0,8}$/, "a whole number above 0");
const anything = () => undefined;
const oneOf = (choices: readonly string[]): Pick<Question, "choices" | "fault"> => ({
  choices,
  fault: (answer) => (choices.includes(answer) ? undefined : `one of ${choices.join(", ")}`),
});

/** Questions in the order in which a terminal asks them, and a page too. An empty answer leaves the placeholder. */
export const QUESTIONS: readonly Question[] = [
  { key: "depositionId", text: "Number of the deposition at the portal", fault: number, isNumber: true },
  { key: "datasetId", text: "Number of the dataset, which names its folder", fault: number, isNumber: true },
  { key: "title", text: "Title", fault: anything },
  { key: "description", text: "Description, a few sentences", fault: anything },
  { key: "author", text: "First author, to whom one writes", fault: anything },
  {
    key: "orcid",
    text: "ORCID of the first author",
    fault: wanted(/^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/, "an ORCID as 0000-0002-1825-0097"),
  },
  { key: "releaseDate", text: "Day of the release", fault: dayFault },
  { key: "organism", text: "Scientific name of the organism", fault: anything },
  { key: "taxonomyId", text: "Number of the organism in NCBI's taxonomy", fault: number, isNumber: true },
  { key: "microscope", text: "Model of the microscope", fault: anything },
  { key: "microscopeManufacturer", text: "Manufacturer of the microscope", ...oneOf(ENUMS.tiltseries_microscope_manufacturer) },
  { key: "cameraManufacturer", text: "Manufacturer of the camera", ...oneOf(ENUMS.tiltseries_camera_manufacturer) },
  { key: "cameraModel", text: "Model of the camera", ...oneOf([...new Set(Object.values(CAMERA_MODELS).flat())].sort()) },
  { key: "energyFilter", text: "Energy filter", fault: anything },
  {
    key: "sphericalAberration",
    text: "Spherical aberration of the objective lens, mm",
    fault: wanted(/^\d{1,2}(?:\.\d{1,4})?$/, "a number such as 2.7"),
    isNumber: true,
  },
  {
    key: "quality",
    text: "Your mark for the tilt series, 1 to 5, 5 is best",
    ...oneOf(["1", "2", "3", "4", "5"]),
    isNumber: true,
  },
  { key: "sampleType", text: "Type of the sample", ...oneOf(ENUMS.sample_type) },
];

/** What a profile or a person has said of a question: authors, days and the camera are more than one word in a profile. */
export function saidOf(answers: Answers, key: Question["key"]): string | number | undefined {
  const [first] = answers.authors ?? [];
  if (key === "author") return answers.author ?? first?.name;
  if (key === "orcid") return answers.orcid ?? (first?.ORCID as string | undefined);
  if (key === "releaseDate") return answers.releaseDate ?? answers.dates?.release_date;
  if (key === "cameraManufacturer") return answers.cameraManufacturer ?? answers.camera?.manufacturer;
  if (key === "cameraModel") return answers.cameraModel ?? answers.camera?.model;
  return answers[key];
}

/** The question of a key with its fault in an answer, as a text that was typed; undefined where the answer will do. */
export function faultOf(key: string, answer: string): string | undefined {
  const question = QUESTIONS.find((one) => one.key === key);
  return question ? question.fault(answer) : "no such fact";
}

/** Answers that were typed, by the keys of their questions; those that are empty are left out. */
export function answersOf(typed: Readonly<Record<string, string>>): Answers {
  const given = QUESTIONS.flatMap(({ key, isNumber }): [string, string | number][] => {
    const answer = typed[key]?.trim() ?? "";
    return answer === "" ? [] : [[key, isNumber ? Number(answer) : answer]];
  });
  return Object.fromEntries(given);
}

/**
 * Facts of a profile with those that a person gives beside it, which go before. A first author is put before the profile's authors and takes their
 * marks; a day of the release replaces the profile's.
 */
export function answersWith(profile: Answers, own: Answers): Answers {
  const said = Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) as Answers;
  const { author, orcid, releaseDate } = said;
  const { authors, dates } = profile;
  return {
    ...profile,
    ...said,
    ...(authors && { authors: withFirst(authors, author, orcid) }),
    ...(dates && releaseDate !== undefined && { dates: releasedOn(dates, releaseDate) }),
  };
}

function withFirst(
  authors: readonly ProfileAuthor[],
  author: string | undefined,
  orcid: string | undefined,
): readonly ProfileAuthor[] {
  if (author === undefined && orcid === undefined) return authors;
  const known = author === undefined ? authors[0] : authors.find(({ name }) => name === author);
  const first = { ...known, name: author ?? known!.name, ...(orcid === undefined ? {} : { ORCID: orcid }) };
  const others = authors.filter((one) => one !== known);
  if (author === undefined) return [first, ...others];
  const unmarked = others.map((one) =>
    Object.fromEntries(Object.entries(one).filter(([key]) => !AUTHOR_STATUSES.some((status) => status === key))),
  );
  return [{ ...first, ...Object.fromEntries(AUTHOR_STATUSES.map((status) => [status, true])) }, ...unmarked] as ProfileAuthor[];
}

/** The day of the last change follows that of the release where they were one. */
function releasedOn(dates: NonNullable<Answers["dates"]>, day: string): Answers["dates"] {
  const isOne = dates.last_modified_date === dates.release_date;
  return { ...dates, release_date: day, last_modified_date: isOne ? day : dates.last_modified_date };
}

function dayFault(answer: string): string | undefined {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(answer) && new Date(`${answer}T00:00:00Z`).toJSON()?.startsWith(answer);
  return isDay ? undefined : "a day as 2026-02-01";
}

/** Takes the answer to a question; one that will not do is asked for again, three times at most. */
export async function askAll(
  questions: readonly Question[],
  prompt: (text: string) => Promise<string | undefined>,
): Promise<Answers> {
  const answers: Record<string, string | number> = {};
  for (const { key, text, fault, isNumber } of questions) {
    let said = "";
    for (let attempt = 0; attempt < 3; attempt++) {
      const answer = (await prompt(`${text}${said}: `))?.trim();
      if (answer === undefined) return answers; // nobody is there any more
      if (answer === "") break;
      const what = fault(answer);
      if (what === undefined) {
        answers[key] = isNumber ? Number(answer) : answer;
        break;
      }
      said = ` (${what})`;
    }
  }
  return answers;
}
