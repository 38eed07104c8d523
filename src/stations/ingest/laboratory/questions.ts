import { crc32, crcText } from "../../../core/crc32.js";
import { fewFiles } from "../../../core/finding.js";
import { groupsOf, keyOf } from "../../../core/groups.js";
import type { Option, Question } from "./claims.js";

/**
 * The id of a question by what is asked, not by its place among others: an answer still belongs to it when files are added, and when others of its kind
 * are decided.
 */
export const stableId = (word: string, key: string): string => `${word}-${crcText(crc32(new TextEncoder().encode(key)))}`;

/**
 * Questions that are the same but for the name of the run are one: nobody answers three hundred of them. One to which a person has answered already stays
 * by itself, and an answer to all of them holds for those that come later.
 */
export function joinAlike(questions: readonly Question[], answers: ReadonlyMap<string, string>): Question[] {
  return joinedAlike(questions, answers).map(({ question }) => question);
}

/** The same, each with the questions of which it was made. */
export function joinedAlike<Q extends Question>(
  questions: readonly Q[],
  answers: ReadonlyMap<string, string>,
): { readonly question: Question; readonly of: readonly Q[] }[] {
  const isJoinable = ({ id, isOfRuns }: Question) => !isOfRuns && !answers.has(id);
  const groups = groupsOf(questions.filter(isJoinable), formOf);
  const joined = new Map<Q, { readonly question: Question; readonly of: readonly Q[] } | undefined>();
  for (const [form, group] of groups) {
    const id = stableId("alike", form);
    if (group.length < 2 && !answers.has(id)) continue;
    for (const one of group) joined.set(one, undefined);
    joined.set(group[0]!, { question: { ...together(group), id }, of: group });
  }
  return questions.flatMap((question) => (joined.has(question) ? (joined.get(question) ?? []) : [{ question, of: [question] }]));
}

/** What is asked, without the names of runs. */
function formOf(question: Question): string {
  const { text, options, guess = "" } = question;
  const plain = withoutRuns(question);
  return keyOf(plain(text), guess, ...options.map(({ answer, says }) => keyOf(answer, plain(says))));
}

function withoutRuns({ options }: Question): (text: string) => string {
  const runs = [...new Set(options.flatMap(({ claims }) => claims.flatMap(({ run }) => run ?? [])))];
  const names = runs.sort((a, b) => b.length - a.length);
  return (text) => names.reduce((rest, name) => rest.replaceAll(name, "{run}"), text);
}

/** One question for several that have the same answers. */
export function together(group: readonly Question[]): Question {
  const [first, ...others] = group as [Question, ...Question[]];
  const plain = withoutRuns(first);
  const like = (says: string) => (others.length > 0 && plain(says) !== says ? `${says}, and so for the others` : says);
  const also = others.length === 0 ? "" : ` The same is asked about ${fewFiles(others.flatMap(({ files }) => files))}.`;
  return {
    ...first,
    text: `${first.text}${also}`,
    files: group.flatMap(({ files }) => files),
    options: [
      ...groupsOf(
        group.flatMap(({ options }) => options),
        ({ answer }) => answer,
      ).values(),
    ].map((same): Option => {
      const [{ answer, says }] = same as [Option, ...Option[]];
      const runs = same.flatMap((one) => one.runs ?? []);
      const claims = same.flatMap((one) => one.claims);
      return { answer, says: like(says), claims, ...(runs.length > 0 && { runs }) };
    }),
  };
}
