import { crc32, crcText } from "../../../core/crc32.js";
import { few } from "../../../core/finding.js";
import { groupsOf, keyOf } from "../../../core/groups.js";
import { counted } from "../../../core/units.js";
import type { Option, Question } from "./claims.js";

/**
 * The id of a question by what is asked, not by its place among others: an answer still belongs to it when files are added, and when others of its kind
 * are decided.
 */
export const stableId = (word: string, key: string): string => `${word}-${crcText(crc32(new TextEncoder().encode(key)))}`;

/** `TS_01.mrc`, or `these 3 files`: whoever shows a question lists the files that it does not name. */
export const theseFiles = (paths: readonly string[]): string =>
  paths.length === 1 ? paths[0]! : `these ${counted(paths.length, "file")}`;

export const publishText = (paths: readonly string[]): string => `Should ${theseFiles(paths)} be published?`;

/** The text of a question with why it is asked, and what its answers say: files of it that are named there need no list of their own. */
export const wholeText = ({ text, why, options }: Pick<Question, "text" | "why" | "options">): string =>
  [text, why ?? "", ...options.map(({ says }) => says)].join(" ");

/**
 * Questions that are the same but for the name of the run, and for numbers that all of their files have, such as those of a grid or a position, are one:
 * nobody answers three hundred of them. One to which a person has answered already stays by itself, and an answer to all of them holds for those that
 * come later.
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
  const taken = new Set<string>();
  for (const [form, group] of [...groups].sort(([, a], [, b]) => b.length - a.length)) {
    const own = stableId("alike", subjectOf(group[0]!));
    // two that differ in their words alone
    const id = taken.has(own) ? stableId("alike", form) : own;
    if (group.length < 2 && !answers.has(id)) continue;
    taken.add(id);
    for (const one of group) joined.set(one, undefined);
    joined.set(group[0]!, { question: { ...together(group), id }, of: group });
  }
  return questions.flatMap((question) => (joined.has(question) ? (joined.get(question) ?? []) : [{ question, of: [question] }]));
}

/** Files by whose names questions are told apart. */
const EXAMPLES = 3;

/** What is asked, without the names of runs and the numbers that all paths have. */
function formOf(question: Question): string {
  const { text, why = "", options, files, guess = "" } = question;
  const plain = withoutNames(question);
  const examples = files.slice(0, EXAMPLES).map(plain);
  return keyOf(plain(text), plain(why), guess, ...examples, ...options.map(({ answer, says }) => keyOf(answer, plain(says))));
}

/** What a question is about, whatever words it is asked with: an answer belongs to it, too, when another version asks it in better ones. */
function subjectOf(question: Question): string {
  const { id, options, files, guess = "" } = question;
  const plain = withoutNames(question);
  return keyOf(id.split("-")[0]!, guess, ...files.slice(0, EXAMPLES).map(plain), ...options.map(({ answer }) => answer));
}

function withoutNames({ options, files }: Question): (text: string) => string {
  const runs = [...new Set(options.flatMap(({ claims }) => claims.flatMap(({ run }) => run ?? [])))].sort(longestFirst);
  const withoutRuns = (text: string) => runs.reduce((rest, run) => rest.replaceAll(run, "{run}"), text);
  // numbers that not all files have tell the answers apart: which of two tries counts
  const [first, ...others] = files.map((path) => new Set(path.match(/\d+/g)?.map(Number)));
  const isCommon = (number: string) => [first!, ...others].every((numbers) => numbers.has(Number(number)));
  const plainOf = (path: string) => withoutRuns(path).replace(/\d+/g, (number) => (isCommon(number) ? "{number}" : number));
  const paths = files.toSorted(longestFirst).map((path) => [path, plainOf(path)] as const);
  // names that all of the files have stand in what a note beside them says, too: `ts_003: do not use`
  const isTheirs = (word: string) => /\p{L}/u.test(word) && files.every((path) => path.includes(word));
  return (text) =>
    withoutRuns(paths.reduce((rest, [path, plain]) => rest.replaceAll(path, plain), text)).replace(NAME, (word) =>
      isTheirs(word) ? plainOf(word) : word,
    );
}

/** A word with a number. */
const NAME = /[\p{L}\d_-]*\d[\p{L}\d_-]*/gu;

const longestFirst = (a: string, b: string): number => b.length - a.length;

/** The runs of questions, where each is of one that no other is of; else how many files they are about. */
function othersText(others: readonly Question[]): string {
  const runs = others.map(({ options }) => [...new Set(options.flatMap(({ claims }) => claims.map(({ run }) => run)))]);
  const names = runs.flatMap((own) => (own.length === 1 ? (own[0] ?? []) : []));
  return names.length === others.length && new Set(names).size === names.length
    ? few(names, 3, "run")
    : counted(others.flatMap(({ files }) => files).length, "more file");
}

/** One question for several that have the same answers. */
export function together(group: readonly Question[]): Question {
  const [first, ...others] = group as [Question, ...Question[]];
  const plain = withoutNames(first);
  const like = (says: string) => (others.length > 0 && plain(says) !== says ? `${says}, and so for the others` : says);
  const also = others.length === 0 ? "" : ` The answer is for ${othersText(others)}, too.`;
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
