import type { Finding } from "../../../core/finding.js";
import type { Check, Suite } from "./check.js";
import { Missing, Undecided } from "./facts/fact.js";
import type { Mark } from "./finding.js";
import type { SubjectKind, Subjects } from "./subjects.js";
import { checksFor } from "./table.js";

/** Outcome of one check on one subject. */
type Outcome =
  | { readonly state: "passed" }
  | { readonly state: "failed" | "warned"; readonly findings: readonly Finding[] }
  /** It could not be decided. */
  | { readonly state: "skipped"; readonly why: string };

/** The subject of the outcome. */
export interface Judged {
  readonly check: Check;
  readonly mark: Mark;
  readonly subject: Subjects[SubjectKind];
  readonly outcome: Outcome;
}

/** Runs every check of a suite that concerns a subject. */
export function judgeOf(suite: Suite): <K extends SubjectKind>(kind: K, subject: Subjects[K]) => Promise<Judged[]> {
  const table = checksFor(suite);
  return async (kind, subject) => {
    const judged: Judged[] = [];
    for (const check of table.get(kind) ?? []) {
      const [only, ...more] = check.marks;
      const mark = more.length === 0 ? only! : subject.mark;
      if (!check.marks.includes(mark) || check.applies?.(subject as never) === false) continue;
      judged.push({ check, mark, subject, outcome: await outcomeOf(check, subject, suite) });
    }
    return judged;
  };
}

async function outcomeOf(check: Check, subject: Subjects[SubjectKind], suite: Suite): Promise<Outcome> {
  try {
    const findings = await check.judge(subject as never);
    if (findings.length === 0) return { state: "passed" };
    const mended = suite === "source" ? await check.mended?.(subject as never) : undefined;
    if (mended === undefined) return { state: stateOf(check), findings };
    return { state: "warned", findings: findings.map((finding) => ({ explanation: mended, ...finding })) };
  } catch (error) {
    if (error instanceof Undecided) return { state: "skipped", why: error.why };
    if (error instanceof Missing) return { state: stateOf(check), findings: [error.finding] };
    throw error;
  }
}

function stateOf({ severity }: Check): "failed" | "warned" {
  return severity === "fail" ? "failed" : "warned";
}
