import type { GivenEnv } from "../../../engine/env.js";
import type { Resolve } from "../../../net/gate.js";
import type { Bases } from "../../../portals/bases.js";
import type { KeyedAccesses } from "../../../portals/registry.js";

/** Options of all commands that read portals and headers. */
export interface LookOptions extends GivenEnv {
  /** Mirrors and tests (`--portal-base`). */
  bases?: Bases | undefined;
  /** Portals that the user has a key for. */
  accesses?: KeyedAccesses | undefined;
  /** What a name resolves to. Default: the system's resolver. */
  resolve?: Resolve | undefined;
  /** Called before each item. */
  onProgress?: ((progress: LookProgress) => void) | undefined;
}

export interface LookProgress {
  done: number;
  /** As far as it is known by now. */
  total: number;
  /** The current item. */
  at: string;
}
