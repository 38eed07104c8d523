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
  camera?: { readonly manufacturer: string; readonly model: string } | undefined;
  energyFilter?: string | undefined;
  /** mm. */
  sphericalAberration?: number | undefined;
  /** 1 to 5, 5 is best. */
  quality?: number | undefined;
  sampleType?: string | undefined;
  /** All authors, as the portal's configurations have them. */
  authors?: readonly object[] | undefined;
  dates?: Readonly<Record<"deposition_date" | "release_date" | "last_modified_date", string>> | undefined;
  /** For a configuration without a folder: where the sources will be. */
  sourcePrefix?: string | undefined;
}

type QuestionKey = Exclude<keyof Answers, "authors" | "dates" | "camera">;

export interface Question {
  key: QuestionKey;
  text: string;
  /** Undefined where the answer will do; else what is wanted. */
  fault(answer: string): string | undefined;
  isNumber?: boolean;
}

const wanted = (pattern: RegExp, what: string) => (answer: string) => (pattern.test(answer) ? undefined : what);
const number = wanted(/^[1-9]\d{0,8}$/, "a whole number above 0");
const anything = () => undefined;

/** Questions in the order in which they are asked. An empty answer leaves the placeholder. */
export const QUESTIONS: readonly Question[] = [
  { key: "depositionId", text: "Number of the deposition at the portal", fault: number, isNumber: true },
  { key: "datasetId", text: "Number of the dataset, which names its folder", fault: number, isNumber: true },
  { key: "title", text: "Title", fault: anything },
  { key: "description", text: "A few sentences about it", fault: anything },
  { key: "author", text: "First author, to whom one writes", fault: anything },
  {
    key: "orcid",
    text: "ORCID of that author",
    fault: wanted(/^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$/, "an ORCID as 0000-0002-1825-0097"),
  },
  { key: "releaseDate", text: "Day of the release", fault: dayFault },
  { key: "organism", text: "Scientific name of the organism", fault: anything },
  { key: "taxonomyId", text: "Its number in NCBI's taxonomy", fault: number, isNumber: true },
  { key: "microscope", text: "Model of the microscope", fault: anything },
];

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
