import { createHash } from "node:crypto";
import { asEmporiumError, EmporiumError } from "../../core/errors.js";
import type { Env } from "../../engine/env.js";
import { isGone, type ProcessIdentity, thisProcess } from "../../engine/holder.js";
import { takeLocks } from "../../engine/lock.js";
import { ENGINE_FOLDER } from "../../engine/plan.js";
import type { Store } from "../../stores/store.js";
import type { GivenId } from "./identifiers.js";

const CLAIMS_KEY = `${ENGINE_FOLDER}/ids.json`;
const LOCK = "ids";
const ATTEMPTS = 40;
const WAIT_MS = 250;
/** An import on another machine that never said that it ended. */
const FORGOTTEN_MS = 14 * 24 * 3600 * 1000;

/** Imports of this process so far: two that begin in one millisecond are two. */
let joined = 0;

/** An import that is planning or running. */
interface Job extends ProcessIdentity {
  readonly token: string;
  readonly job: string;
  readonly startedMs: number;
}

interface Claim extends GivenId {
  /** Token of the import that made the claim; the claim remains if that import does not finish. */
  readonly token: string;
}

interface State {
  readonly jobs: readonly Job[];
  readonly claims: readonly Claim[];
  /** Ids that were given for good while others were making their plans: they may have looked before these were there. */
  readonly finished: readonly GivenId[];
}

export interface ClaimOptions extends Omit<Env, "onEvent"> {
  /** The name of the import, independent of the user. */
  job: string;
}

/**
 * Reserved ids of a target, in one small object beside its locks. Two imports of different depositions may write into one run at
 * the same time. Each reserves the ids of its entities here before it writes.
 */
export interface IdClaims {
  /** Names this import among those that lay claims. */
  readonly token: string;
  /** Ids that other imports have been given and that a plan must not give again. */
  taken(): readonly GivenId[];
  /**
   * Lays claim to all ids of a plan.
   *
   * @returns false where another import was faster with one of them: plan again, with the ids that `taken` then gives.
   */
  claim(ids: readonly GivenId[]): Promise<boolean>;
  /**
   * Ends the import. Claims to what it did not finish stay, for the run that will go on with it.
   *
   * @param isUnfinished undefined: nothing was begun, nothing is kept.
   */
  release(isUnfinished?: (id: GivenId) => boolean): Promise<void>;
}

/** Ids that others have laid claim to, for a plan that nobody will run. */
export async function readClaims(target: Store): Promise<readonly GivenId[]> {
  const { claims, finished } = (await readState(target)).state;
  return [...claims, ...finished];
}

/** Joins those who write into a target. @throws {EmporiumError} TARGET_LOCKED where the claims cannot be had, STORE_… */
export async function joinClaims(target: Store, options: ClaimOptions): Promise<IdClaims> {
  const self = thisProcess();
  const startedMs = options.clock.now();
  const token = createHash("sha256")
    .update([self.host, self.machine, self.pid, startedMs, options.random(), ++joined].join(" "))
    .digest("hex")
    .slice(0, 24);
  const me: Job = { token, job: options.job, ...self, startedMs };
  const join = (state: State): State => ({ ...state, jobs: [...alive(state.jobs, token, startedMs), me] });
  let seen = await change(target, options, join);
  return {
    token,
    taken: () => [...seen.claims.filter((claim) => claim.token !== token), ...seen.finished],
    async claim(ids) {
      let fits = true;
      seen = await change(target, options, (state) => {
        const others = [...state.claims.filter((claim) => claim.token !== token), ...state.finished];
        // who was not on the list may have missed what was finished meanwhile
        fits = state.jobs.some((job) => job.token === token) && !clashes(ids, others);
        if (!fits) return join(state);
        const asked = new Set(ids.map(textOf));
        const kept = state.claims.filter((claim) => claim.token !== token && !asked.has(textOf(claim)));
        return { ...state, claims: [...kept, ...ids.map(({ container, key, id }) => ({ container, key, id, token }))] };
      });
      return fits;
    },
    // also when the import was stopped: what ends it must not be stopped itself
    release: (isUnfinished) => releaseClaims(target, token, isUnfinished, options),
  };
}

/** Ends an import whose claims have this token, whoever joined. @param isUnfinished as for `IdClaims.release` */
export async function releaseClaims(
  target: Store,
  token: string,
  isUnfinished: ((id: GivenId) => boolean) | undefined,
  options: Pick<ClaimOptions, "clock" | "random" | "log"> & { job?: string },
): Promise<void> {
  const { job = "ids" } = options;
  await change(target, { ...options, job, signal: new AbortController().signal }, (state) => {
    const mine = state.claims.filter((claim) => claim.token === token);
    const left = isUnfinished ? mine.filter(isUnfinished) : [];
    const kept = new Set(left);
    const done = isUnfinished ? mine.filter((claim) => !kept.has(claim)) : [];
    const over = new Set(done.map(textOf));
    const jobs = alive(state.jobs, token, options.clock.now());
    const claims = [...state.claims.filter((claim) => claim.token !== token && !over.has(textOf(claim))), ...left];
    const finished =
      jobs.length === 0 ? [] : [...state.finished, ...done.map(({ container, key, id }) => ({ container, key, id }))];
    return { jobs, claims, finished };
  }).catch((error: unknown) => options.log.warn(`reserved ids were not released: ${asEmporiumError(error).message}`));
}

/** Gives the claims of one import to another, which goes on with its work. */
export async function moveClaims(
  target: Store,
  { from, to }: { from: string; to: string },
  options: Pick<ClaimOptions, "clock" | "random" | "log"> & { signal?: AbortSignal | undefined },
): Promise<void> {
  const { signal = new AbortController().signal } = options;
  await change(target, { ...options, job: "ids", signal }, (state) => ({
    jobs: state.jobs.filter((job) => job.token !== from),
    claims: state.claims.map((claim) => (claim.token === from ? { ...claim, token: to } : claim)),
    finished: state.finished,
  }));
}

/** Imports that may still be giving ids. */
function alive(jobs: readonly Job[], but: string, nowMs: number): Job[] {
  return jobs.filter((job) => job.token !== but && nowMs - job.startedMs < FORGOTTEN_MS && !isGone(job));
}

function textOf({ container, key, id }: GivenId): string {
  return `${container}\n${key}\n${id}`;
}

/** One id for two entities, or two ids for one. */
function clashes(ids: readonly GivenId[], others: readonly GivenId[]): boolean {
  const byId = new Map(others.map((other) => [`${other.container}\n${other.id}`, other.key]));
  const byKey = new Map(others.map((other) => [`${other.container}\n${other.key}`, other.id]));
  return ids.some(({ container, key, id }) => {
    const taker = byId.get(`${container}\n${id}`);
    const given = byKey.get(`${container}\n${key}`);
    return (taker !== undefined && taker !== key) || (given !== undefined && given !== id);
  });
}

/** Reads, changes and writes the state with nobody in between. @returns the state that was written */
async function change(target: Store, options: ClaimOptions, work: (state: State) => State): Promise<State> {
  // on files a condition and a write are not one step among processes
  if (target.local || !target.features.conditionalWrites) return underLock(target, options, () => write(target, work));
  for (let attempt = 1; ; attempt++) {
    try {
      return await write(target, work);
    } catch (error) {
      if (asEmporiumError(error).code !== "STORE_CONFLICT" || attempt >= ATTEMPTS) throw error;
      await options.clock.sleep(options.random() * WAIT_MS, options.signal);
    }
  }
}

async function write(target: Store, work: (state: State) => State): Promise<State> {
  const { state, etag, exists } = await readState(target);
  const next = work(state);
  const isEmpty = next.jobs.length + next.claims.length + next.finished.length === 0;
  // a power loss may bring the last claims back: they say what the tree says
  if (isEmpty && exists) await target.remove(CLAIMS_KEY, { lasting: false });
  if (isEmpty) return next;
  const body = new TextEncoder().encode(`${JSON.stringify(next)}\n`);
  const condition = !target.features.conditionalWrites ? {} : exists ? { ifMatch: etag } : { ifAbsent: true };
  // who is at work need not be known after a power loss
  const lasting = next.claims.length + next.finished.length > 0;
  await target.write(CLAIMS_KEY, body, { contentType: "application/json", lasting, ...condition });
  return next;
}

async function underLock<T>(target: Store, options: ClaimOptions, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      const locks = await takeLocks(target, [LOCK], { ...options, job: options.job, onLost: () => {} });
      try {
        return await work();
      } finally {
        await locks.release();
      }
    } catch (error) {
      if (asEmporiumError(error).code !== "TARGET_LOCKED" || attempt >= ATTEMPTS) throw error;
      await options.clock.sleep((0.5 + options.random()) * WAIT_MS, options.signal);
    }
  }
}

async function readState(target: Store): Promise<{ state: State; etag: string | undefined; exists: boolean }> {
  const nothing: State = { jobs: [], claims: [], finished: [] };
  const stat = await target.stat(CLAIMS_KEY);
  const bytes = stat && (await target.read(CLAIMS_KEY, undefined, { ifMatch: stat.etag }));
  if (!stat || !bytes) return { state: nothing, etag: undefined, exists: false };
  try {
    const { jobs, claims, finished } = JSON.parse(new TextDecoder().decode(bytes)) as Partial<State>;
    const list = <T>(value: readonly T[] | undefined) => (Array.isArray(value) ? (value as readonly T[]) : []);
    return { state: { jobs: list(jobs), claims: list(claims), finished: list(finished) }, etag: stat.etag, exists: true };
  } catch (cause) {
    throw new EmporiumError(
      "STORE_PROTOCOL",
      `${target.url}/${CLAIMS_KEY} is not JSON; expected the ids that imports have reserved`,
      {
        place: target.local ? { file: target.local.path(CLAIMS_KEY) } : { url: `${target.url}/${CLAIMS_KEY}` },
        hint: "remove it when no import runs",
        cause,
      },
    );
  }
}
