import type { ReactNode } from "react";
import { ABSENT } from "./format.js";

/** What stands in a cell. Nothing, an empty text or an en dash says on hover why there is nothing. */
export function orAbsent(shown: ReactNode, why = "the catalogue does not say"): ReactNode {
  const isAbsent = shown === undefined || shown === null || (typeof shown === "string" && /^\u2013?$/.test(shown.trim()));
  return isAbsent ? <span title={why}>{ABSENT}</span> : shown;
}
