import type { Claim } from "../claims.js";
import type { Decision } from "../decide.js";

/** What an answer says that changes nothing. */
export const asItIs = ({ path, run, runs, sameRunAs, role, because, details }: Decision): Claim => {
  return { path, run, runs, sameRunAs, role, because, details, strength: "contents" };
};

/** @param because the reason, as the end of a sentence */
export const leftOut = ({ path, run }: Pick<Decision, "path" | "run">, because: string): Claim => {
  return { path, run, role: "left out", because, strength: "contents" };
};
