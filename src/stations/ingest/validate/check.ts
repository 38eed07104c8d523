import type { Finding } from "../../../core/finding.js";
import type { Mark } from "./finding.js";
import type { SubjectKind, Subjects } from "./subjects.js";

/** Before an import, on what a laboratory delivers; or after it, on the portal's tree. */
export type Suite = "source" | "standardized";

/** `warn`: worth a look, and no error. */
export type Severity = "fail" | "warn";

/**
 * One validation rule. It checks the facts of one subject, which all checks share, and returns what is wrong, or nothing. If a
 * fact that it needs is missing, `known` ends it as undecided, and the report says so.
 */
export interface Check<K extends SubjectKind = SubjectKind> {
  /** Stable: reports and exceptions of users name it. */
  readonly id: string;
  readonly of: K;
  /** One, or those of the subjects that it looks at. */
  readonly marks: readonly Mark[];
  readonly suites: readonly Suite[];
  readonly severity: Severity;
  /** Condition that holds where the check passes, in one line. */
  readonly statement: string;
  /** Whether it concerns a subject. Default: every subject of its kind. */
  readonly applies?: ((subject: Subjects[K]) => boolean) | undefined;
  /**
   * The correction that an import makes, as a sentence: for sources such a finding is a warning with this text. Undefined if the
   * import would fail or keep the error. In a tree it is always an error.
   */
  readonly mended?: ((subject: Subjects[K]) => Promise<string | undefined>) | undefined;
  /** @throws {Undecided} where a fact is missing; {Missing} for a field that must be there */
  judge(subject: Subjects[K]): readonly Finding[] | Promise<readonly Finding[]>;
}

type Defaults = "of" | "marks" | "suites" | "severity";

/** Checks of one kind of subject, which say only what each has of its own. They fail unless they say otherwise. */
export function checksOf<K extends SubjectKind>(
  of: K,
  defaults: Pick<Check<K>, "marks" | "suites">,
  checks: readonly (Omit<Check<K>, Defaults> & Partial<Pick<Check<K>, Exclude<Defaults, "of">>>)[],
): Check[] {
  // a check is only ever handed subjects of its own kind
  return checks.map((check) => ({ severity: "fail", ...defaults, ...check, of })) as unknown as Check[];
}

export const BOTH: readonly Suite[] = ["source", "standardized"];
export const STANDARDIZED: readonly Suite[] = ["standardized"];
export const SOURCE: readonly Suite[] = ["source"];
