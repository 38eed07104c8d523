import type { ReactNode } from "react";
import { ABSENT } from "./format.js";

/** Content of a cell. In place of nothing, an empty text or an en dash it is a sign that says on hover why there is nothing. */
export function orAbsent(shown: ReactNode, why = "the catalogue does not say"): ReactNode {
  const isAbsent = shown === undefined || shown === null || (typeof shown === "string" && /^\u2013?$/.test(shown.trim()));
  return isAbsent ? <span title={why}>{ABSENT}</span> : shown;
}
