import { exitStatusOf, type Validation } from "../validation.js";

/** The result for programs: all that was found, in the form that `docs/reference/checks.md` describes. */
export interface ValidationDocument extends Validation {
  readonly status: "ok" | "errors";
  readonly exitStatus: 0 | 4;
}

export function validationDocument(validation: Validation): ValidationDocument {
  const exitStatus = exitStatusOf(validation);
  return { status: exitStatus === 0 ? "ok" : "errors", exitStatus, ...validation };
}
