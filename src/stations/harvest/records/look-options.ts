import type { Clock } from "../../../core/clock.js";
import type { Log } from "../../../core/log.js";
import type { Random } from "../../../core/random.js";
import type { Resolve } from "../../../net/gate.js";
import type { Bases } from "../../../portals/bases.js";
import type { KeyedAccesses } from "../../../portals/registry.js";

/** What looking at portals and files has in common. */
export interface LookOptions {
  /** Mirrors and tests (`--portal-base`). */
  bases?: Bases | undefined;
  /** Portals that the user has a key for. */
  accesses?: KeyedAccesses | undefined;
  clock?: Clock | undefined;
  random?: Random | undefined;
  signal?: AbortSignal | undefined;
  log?: Log | undefined;
  /** What a name resolves to. Default: the system's resolver. */
  resolve?: Resolve | undefined;
  /** Called before each thing is asked. */
  onProgress?: ((progress: LookProgress) => void) | undefined;
}

export interface LookProgress {
  done: number;
  /** As far as is known by now. */
  total: number;
  /** What is being looked at. */
  at: string;
}
