import type { TypeKey } from "../../model/kinds.js";
import type { Match } from "./finders/glob.js";
import type { Scope } from "./finders/scope.js";

/** Decides what a plan leaves for later because its sources are still being written. */
export interface Arriving {
  /** Whether what a glob found in a scope is left out. */
  leaves(type: TypeKey, scope: Scope, find: Match): boolean;
  /** Is told of each glob of the sources that is looked for in a scope. */
  looksFor?(type: TypeKey, scope: Scope, pattern: string): void;
  /** Is told of a section that applies to a scope and finds nothing that is complete. */
  foundNothing(type: TypeKey, scope: Scope): void;
  /** Whether a whole run is left out. */
  holds(dataset: string, run: string): boolean;
  /** Ends a plan. @throws {EmporiumError} SOURCE_CHANGED where it would be of half a run */
  finish(): void;
}
