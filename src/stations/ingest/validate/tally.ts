import type { CheckPlace, FindingSource } from "../../../core/finding.js";
import type { Severity, Suite } from "./check.js";
import type { Mark } from "./finding.js";
import { MARKS } from "./finding.js";
import type { Judged } from "./judge.js";
import { CHECKS } from "./table.js";

export interface Counts {
  passed: number;
  failed: number;
  warned: number;
  skipped: number;
}

/** One finding as reports list it. */
export interface ReportedFinding extends CheckPlace {
  readonly check: string;
  readonly severity: Severity;
  readonly mark: Mark;
  /** Title of its subject: `tomogram 100 of TS_0001`. */
  readonly entity: string;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
  /** "found, wanted". */
  readonly message: string;
  readonly found: string;
  readonly wanted: string;
  readonly explanation?: string | undefined;
  /** Every source of the spacing; only for `scale.truth`. */
  readonly sources?: readonly FindingSource[] | undefined;
}

/** A check that could not be decided, with one reason, on any number of subjects. */
export interface ReportedSkip {
  readonly check: string;
  readonly mark: Mark;
  readonly reason: string;
  count: number;
  /** The first few. */
  readonly entities: string[];
}

export interface CheckCounts extends Counts {
  readonly id: string;
  readonly severity: Severity;
  readonly marks: readonly Mark[];
  readonly statement: string;
}

export interface RunCounts extends Counts {
  readonly dataset: string;
  readonly run: string;
}

const RANK = new Map(CHECKS.map(({ id }, i) => [id, i]));
const rankOf = ({ check }: { check: string }): number => RANK.get(check)!;

const ENTITIES_SHOWN = 5;
/** Most findings of a check on one entity: a file of a million wrong points has one, a list of a million wrong sections these. */
const FINDINGS_SHOWN = 10;

/** All that a tally has added up, as plain values. */
export interface Tallied {
  readonly checks: readonly (readonly [id: string, counts: Counts])[];
  readonly marks: readonly (readonly [mark: Mark, counts: Counts])[];
  readonly runs: readonly RunCounts[];
  readonly findings: readonly ReportedFinding[];
  readonly skips: readonly ReportedSkip[];
  readonly total: Counts;
}

/** Adds outcomes up. Checks that passed are counted, findings and skips are kept. */
export class Tally {
  readonly #checks: Map<string, CheckCounts>;
  readonly #marks = new Map<Mark, Counts>();
  readonly #runs = new Map<string, RunCounts>();
  readonly #findings: ReportedFinding[] = [];
  readonly #skips = new Map<string, ReportedSkip>();
  readonly total: Counts = noCounts();

  constructor(suite: Suite) {
    const listed = CHECKS.filter(({ suites }) => suites.includes(suite));
    this.#checks = new Map(
      listed.map(({ id, severity, marks, statement }) => [id, { id, severity, marks, statement, ...noCounts() }]),
    );
  }

  add(judged: Judged): void {
    const { check, mark, subject, outcome } = judged;
    const { dataset, run } = subject;
    const holders: Counts[] = [this.total, this.#checks.get(check.id)!, held(this.#marks, mark, noCounts)];
    if (dataset !== undefined && run !== undefined) holders.push(this.#ofRun(dataset, run));
    for (const holder of holders) holder[outcome.state]++;
    if (outcome.state === "skipped") this.#skip({ check: check.id, mark, reason: outcome.why }, [subject.title], 1);
    this.#findings.push(...reported(judged));
  }

  /** Adds what another one has added up of something else. */
  addAll({ checks, marks, runs, findings, skips, total }: Tallied): void {
    addCounts(this.total, total);
    for (const [id, counts] of checks) addCounts(this.#checks.get(id)!, counts);
    for (const [mark, counts] of marks) addCounts(held(this.#marks, mark, noCounts), counts);
    for (const counts of runs) addCounts(this.#ofRun(counts.dataset, counts.run), counts);
    for (const skip of skips) this.#skip(skip, skip.entities, skip.count);
    for (const finding of findings) this.#findings.push(finding);
  }

  /** For `addAll` of another one. */
  get tallied(): Tallied {
    const counted = [...this.#checks].filter(([, { passed, failed, warned, skipped }]) => passed + failed + warned + skipped > 0);
    return {
      checks: counted.map(([id, { passed, failed, warned, skipped }]) => [id, { passed, failed, warned, skipped }]),
      marks: [...this.#marks],
      runs: [...this.#runs.values()],
      findings: this.#findings,
      skips: [...this.#skips.values()],
      total: this.total,
    };
  }

  #ofRun(dataset: string, run: string): RunCounts {
    return held(this.#runs, `${dataset}/${run}`, () => ({ dataset, run, ...noCounts() }));
  }

  #skip(
    { check, mark, reason }: Pick<ReportedSkip, "check" | "mark" | "reason">,
    titles: readonly string[],
    count: number,
  ): void {
    const key = [check, mark, reason].join("\n");
    const skip = held(this.#skips, key, () => ({ check, mark, reason, count: 0, entities: [] }));
    skip.count += count;
    for (const title of titles) if (!skip.entities.includes(title)) skip.entities.push(title);
    skip.entities.sort();
    skip.entities.splice(ENTITIES_SHOWN);
  }

  get checks(): CheckCounts[] {
    return [...this.#checks.values()];
  }

  /** Those that any check looked at, in the order of the data model. */
  get marks(): (Counts & { mark: Mark })[] {
    return MARKS.flatMap((mark) => {
      const counts = this.#marks.get(mark);
      return counts ? [{ mark, ...counts }] : [];
    });
  }

  get runs(): RunCounts[] {
    return [...this.#runs.values()].sort((a, b) => byText(a.dataset, b.dataset) || byText(a.run, b.run));
  }

  /** Errors before warnings; then in the order of checks, datasets and runs, however they were found. */
  get findings(): ReportedFinding[] {
    const severity = (finding: ReportedFinding) => (finding.severity === "fail" ? 0 : 1);
    return this.#findings.toSorted(
      (a, b) =>
        severity(a) - severity(b) ||
        rankOf(a) - rankOf(b) ||
        byText(a.key, b.key) ||
        (a.line ?? 0) - (b.line ?? 0) ||
        // several runs may be told of one line of a configuration
        byText(a.dataset ?? "", b.dataset ?? "") ||
        byText(a.run ?? "", b.run ?? "") ||
        byText(a.entity, b.entity),
    );
  }

  get skips(): ReportedSkip[] {
    return [...this.#skips.values()].sort(
      (a, b) => rankOf(a) - rankOf(b) || byText(a.mark, b.mark) || byText(a.reason, b.reason),
    );
  }
}

function reported({ check, mark, subject: { dataset, run, title: entity }, outcome }: Judged): ReportedFinding[] {
  if (!("findings" in outcome)) return [];
  const { findings, state } = outcome;
  const severity = state === "failed" ? "fail" : "warn";
  return findings.slice(0, FINDINGS_SHOWN).map(({ place, found, wanted, explanation, sources }, i) => {
    const rest = i === FINDINGS_SHOWN - 1 ? findings.length - FINDINGS_SHOWN : 0;
    const message = `${found}; expected ${wanted}${rest > 0 ? ` (and ${rest} more)` : ""}`;
    return { check: check.id, severity, mark, entity, dataset, run, message, found, wanted, explanation, sources, ...place };
  });
}

function noCounts(): Counts {
  return { passed: 0, failed: 0, warned: 0, skipped: 0 };
}

function addCounts(sum: Counts, more: Counts): void {
  for (const state of ["passed", "failed", "warned", "skipped"] as const) sum[state] += more[state];
}

function held<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
