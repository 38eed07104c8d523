import { matchesGlob, parseGlob } from "../../../core/glob.js";
import type { Filter } from "../profile/profile.js";

/**
 * Whether a path relative to its source is sent, by the rule of `aws s3 sync --exclude … --include …`: the last matching filter
 * decides, and a path that none matches is sent. Patterns are Python's `fnmatch` on whole paths, as in the AWS CLI: `*` and `?`
 * match `/` too.
 */
export function pathTaken(filters: readonly Filter[]): (path: string) => boolean {
  const compiled = filters.map(({ action, pattern }) => ({ takes: action === "include", parts: parseGlob(pattern) })).reverse();
  return (path) => compiled.find(({ parts }) => matchesGlob(parts, path))?.takes ?? true;
}
