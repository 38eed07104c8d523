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
  /** What it is about: `tomogram 100 of TS_0001`. */
  readonly entity: string;
  readonly dataset?: string | undefined;
  readonly run?: string | undefined;
  /** "found, wanted". */
  readonly message: string;
  readonly found: string;
  readonly wanted: string;
  readonly explanation?: string | undefined;
  /** Of `scale.truth`: every source of the spacing. */
  readonly sources?: readonly FindingSource[] | undefined;
}

/** A check that could not be decided, for one reason, wherever that was. */
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
/** Of one check on one entity: a file of a million wrong points has one finding, a list of a million wrong sections these. */
const FINDINGS_SHOWN = 10;

/** Adds outcomes up. What passed is counted, what did not is kept. */
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
    if (dataset !== undefined && run !== undefined) {
      holders.push(held(this.#runs, `${dataset}/${run}`, () => ({ dataset, run, ...noCounts() })));
    }
    for (const holder of holders) holder[outcome.state]++;
    if (outcome.state === "skipped") this.#skip(judged, outcome.why);
    this.#findings.push(...reported(judged));
  }

  #skip({ check: { id: check }, mark, subject: { title } }: Judged, reason: string): void {
    const key = [check, mark, reason].join("\n");
    const skip = held(this.#skips, key, () => ({ check, mark, reason, count: 0, entities: [] }));
    skip.count++;
    if (!skip.entities.includes(title)) skip.entities.push(title);
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
      (a, b) => severity(a) - severity(b) || rankOf(a) - rankOf(b) || byText(a.key, b.key) || (a.line ?? 0) - (b.line ?? 0),
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
    const message = `${found}, wanted: ${wanted}${rest > 0 ? ` (and ${rest} more)` : ""}`;
    return { check: check.id, severity, mark, entity, dataset, run, message, found, wanted, explanation, sources, ...place };
  });
}

function noCounts(): Counts {
  return { passed: 0, failed: 0, warned: 0, skipped: 0 };
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
