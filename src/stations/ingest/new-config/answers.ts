/** What only a person knows. What is left out is written as a placeholder that the portal's rules accept, with a comment. */
export interface Answers {
  depositionId?: number | undefined;
  datasetId?: number | undefined;
  title?: string | undefined;
  description?: string | undefined;
  author?: string | undefined;
  orcid?: string | undefined;
  /** As 2026-02-01. */
  releaseDate?: string | undefined;
  organism?: string | undefined;
  taxonomyId?: number | undefined;
  microscope?: string | undefined;
  /** For a configuration without a folder: where the sources will be. */
  sourcePrefix?: string | undefined;
}

export interface Question {
  key: keyof Answers;
  text: string;
  /** Undefined where the answer will do; else what is wanted. */
  fault(answer: string): string | undefined;
  isNumber?: boolean;
}

const wanted = (pattern: RegExp, what: string) => (answer: string) => (pattern.test(answer) ? undefined : what);
const number = wanted(/^[1-9]\d{0,8}$/, "a whole number above 0");
const anything = () => undefined;

/** In the order in which they are asked. An empty answer leaves the placeholder. */
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
