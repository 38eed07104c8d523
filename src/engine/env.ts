import { type Clock, systemClock } from "../core/clock.js";
import { type Log, silentLog } from "../core/log.js";
import type { Random } from "../core/random.js";
import type { OnEvent } from "./events.js";

/** Everything that the library takes of its surroundings, so that a test can set all of it. */
export interface Env {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Ends the work when it aborts. */
  readonly signal: AbortSignal | undefined;
  /** Gets the events of the progress. */
  readonly onEvent: OnEvent;
  /** Command that a person has typed for it; journals keep it. */
  readonly typed?: TypedCommand | undefined;
}

export interface TypedCommand {
  /** The words behind `emporium`. */
  readonly words: readonly string[];
  /** Working directory in which they were typed. */
  readonly folder: string;
}

/** Surroundings as callers give them. Defaults: the machine's own clock and random numbers; messages and progress go nowhere. */
export type GivenEnv = { readonly [K in keyof Env]?: Env[K] | undefined };

export function envOf(given: GivenEnv): Env {
  const { clock = systemClock, random = Math.random, log = silentLog, signal, onEvent = () => {}, typed } = given;
  return { clock, random, log, signal, onEvent, typed };
}
