import { looseRunName, normalised, parseRunName, type RunName } from "../inventory/run-name.js";

/** Rules by which two names mean one run, the strictest first. Each includes the ones before it. */
export const RULES = ["exact", "two-letter", "normalised", "padded", "initials"] as const;
export type Rule = (typeof RULES)[number];

export const SCORES: Readonly<Record<Rule | "manual", number>> = {
  exact: 1,
  "two-letter": 0.95,
  normalised: 0.9,
  padded: 0.85,
  initials: 0.5,
  manual: 1,
};

/** Explanations for the review list. */
export const REASONS: Readonly<Record<Rule | "manual", string>> = {
  exact: "the same name",
  "two-letter": "the laboratory writes two initials, the portal three",
  normalised: "the same but for capitals, blanks, `_` and `-`",
  padded: "the same but for zeros before the counter",
  initials: "the same day and counter under other initials: look at it",
  manual: "a person decided so",
};

export const ruleAt = (rank: number): Rule => RULES[rank]!;

/** Keys of a name, one set for each rule: two names agree by a rule when they share a key. */
export type Keys = readonly (readonly string[])[];

/** Keys of a portal's name: of the name itself and, if it has a run's form, of the name without its third initial. */
export function portalKeys(name: string): Keys {
  const strict = parseRunName(name);
  const loose = strict ?? looseRunName(name);
  const two = strict?.who.length === 3 ? [withWho(strict, strict.who.slice(0, 2))] : [];
  return [[name], two, looseKeys(name, loose, (count) => count), looseKeys(name, loose, unpadded), initialKeys(loose)];
}

/** Keys of a folder's name. */
export function archiveKeys(name: string): Keys {
  const loose = parseRunName(name) ?? looseRunName(name);
  return [[name], [name], ownKeys(name, loose, (count) => count), ownKeys(name, loose, unpadded), initialKeys(loose)];
}

function looseKeys(name: string, run: RunName | undefined, count: (text: string) => string): string[] {
  if (!run) return [plainKey(name, count)];
  const counted = { ...run, count: count(run.count) };
  return run.who.length === 3 ? [withWho(counted, run.who), withWho(counted, run.who.slice(0, 2))] : [withWho(counted, run.who)];
}

function ownKeys(name: string, run: RunName | undefined, count: (text: string) => string): string[] {
  return [run ? withWho({ ...run, count: count(run.count) }, run.who) : plainKey(name, count)];
}

function initialKeys(run: RunName | undefined): string[] {
  return run ? [`${run.date}-${unpadded(run.count)}`] : [];
}

/**
 * Key of a name that does not have a run's form. Its counter is the number at its end; digits behind a point are no counter: 1.05
 * is not 1.5.
 */
function plainKey(name: string, count: (text: string) => string): string {
  return normalised(name).replace(/(?<![\d.,])\d+$/, count);
}

const withWho = ({ date, count }: RunName, who: string): string => `${who}${date}-${count}`;
const unpadded = (count: string): string => count.replace(/^0+(?=\d)/, "");
