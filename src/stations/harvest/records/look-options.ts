import type { GivenEnv } from "../../../engine/env.js";
import type { Resolve } from "../../../net/gate.js";
import type { Bases } from "../../../portals/bases.js";
import type { KeyedAccesses } from "../../../portals/registry.js";

/** Options of all commands that read portals and headers. */
export interface LookOptions extends GivenEnv {
  /** Other base addresses of portals and hosts (`--portal-base`), for mirrors and tests. */
  bases?: Bases | undefined;
  /** Portals that the user has a key for. */
  accesses?: KeyedAccesses | undefined;
  /** Resolves host names to addresses. Default: the system's resolver. */
  resolve?: Resolve | undefined;
  /** Called before each item. */
  onProgress?: ((progress: LookProgress) => void) | undefined;
}

export interface LookProgress {
  done: number;
  /** Number of all items, as far as it is known by now. */
  total: number;
  /** The current item. */
  at: string;
}
