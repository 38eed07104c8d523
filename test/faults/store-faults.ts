import { open, rename, stat as statPath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { EmporiumError } from "../../src/core/errors.js";
import type { Random } from "../../src/core/random.js";
import { writePart } from "../../src/stores/file/part-names.js";
import type { Store, Upload } from "../../src/stores/store.js";

/** The process was killed, as far as the code above the store can tell. No clean-up can do anything any more. */
export class SimulatedDeath extends Error {
  override readonly name = "SimulatedDeath";
}

export interface FaultOptions {
  /** Dies at this operation, counted from 1. */
  dieAt?: number | undefined;
  /**
   * Relative to the effect of that operation. `during` leaves what the back end could really leave: a half-written hidden file, a
   * folder half removed, a folder moved aside, an upload begun whose name nobody learnt. Default `before`.
   */
  when?: "before" | "during" | "after" | undefined;
  /** Operations that fail, without effect, and the error they fail with. Default: STORE_UNAVAILABLE, to be tried later. */
  failAt?: number | readonly number[] | undefined;
  /** Each operation fails with this chance. */
  failRate?: number | undefined;
  error?: ((operation: string) => Error) | undefined;
  /** Each read gives bytes of which one is wrong, with this chance. */
  lieRate?: number | undefined;
  /** Needed by the rates. */
  random?: Random | undefined;
}

/** The fate of one simulated process. All stores that it has share one, so that operations are counted across them. */
export interface FaultPlan {
  readonly options: FaultOptions;
  /** What was begun so far, in order: `write a/b.json`. */
  readonly log: readonly string[];
  readonly dead: boolean;
  /** Reads that were altered, by key. */
  readonly lies: readonly string[];
}

interface LivePlan extends FaultPlan {
  log: string[];
  dead: boolean;
  lies: string[];
}

export function faultPlan(options: FaultOptions = {}): FaultPlan {
  return { options, log: [], dead: false, lies: [] } satisfies LivePlan;
}

/** A store whose operations meet the plan's fate: its methods, its uploads', its listings (one operation each) and its local access'. */
export function withFaults(store: Store, planOrOptions: FaultPlan | FaultOptions): Store & { readonly plan: FaultPlan } {
  const plan = ("log" in planOrOptions ? planOrOptions : faultPlan(planOrOptions)) as LivePlan;
  const { dieAt, when = "before", failAt, failRate = 0, lieRate = 0, random, error = unavailable } = plan.options;
  const failing = new Set(typeof failAt === "number" ? [failAt] : failAt);

  function alive(): void {
    if (plan.dead) throw new SimulatedDeath("dead already");
  }

  function die(operation: string): never {
    plan.dead = true;
    throw new SimulatedDeath(`died ${when} operation ${plan.log.length}: ${operation}`);
  }

  /** @param half what a kill in the middle leaves. Default: nothing is done. */
  async function run<T>(
    name: string,
    key: string,
    whole: () => Promise<T>,
    half: () => Promise<unknown> = async () => {},
  ): Promise<T> {
    alive();
    const operation = `${name} ${key}`;
    const number = plan.log.push(operation);
    if (number === dieAt) {
      if (when === "during") await half();
      if (when === "after") await whole();
      die(operation);
    }
    if (failing.has(number) || (failRate > 0 && chance(random, failRate))) throw error(operation);
    const result = await whole();
    alive();
    return result;
  }

  async function* iterate<T>(name: string, key: string, open: () => AsyncIterable<T>): AsyncGenerator<T> {
    await run(name, key, async () => {});
    for await (const item of open()) {
      alive();
      yield item;
    }
    alive();
  }

  function lie(key: string, bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (!bytes || bytes.length === 0 || lieRate === 0 || !chance(random, lieRate)) return bytes;
    plan.lies.push(key);
    const altered = bytes.slice();
    altered[Math.floor((random ?? Math.random)() * altered.length)]! ^= 1;
    return altered;
  }

  function faultyUpload(upload: Upload): Upload {
    const { key } = upload;
    return {
      key,
      token: upload.token,
      partBytesMin: upload.partBytesMin,
      parts: upload.parts,
      part(number, body, options) {
        const whole = () => upload.part(number, body, options);
        return run("part", `${key} ${number}`, whole, whole);
      },
      finish(options) {
        const whole = () => upload.finish(options);
        // The object is there, and so is the upload that it was made of.
        return run("finish", key, whole, async () => {
          await whole();
          await store.create(key);
        });
      },
      abort: () => run("abort", key, () => upload.abort()),
    };
  }

  const { local } = store;
  return {
    plan,
    url: store.url,
    features: store.features,
    stat: (key, options) => run("stat", key, () => store.stat(key, options)),
    read: async (key, range, options) => lie(key, await run("read", key, () => store.read(key, range, options))),
    write: (key, body, options) =>
      run(
        "write",
        key,
        () => store.write(key, body, options),
        () => leaveHalfWritten(store, key, body),
      ),
    async create(key, options) {
      const whole = () => store.create(key, options);
      return faultyUpload(await run("create", key, whole, whole));
    },
    list: (prefix, options) => iterate("list", prefix, () => store.list(prefix, options)),
    children: (folder, options) => iterate("children", folder, () => store.children(folder, options)),
    remove: (key, options) =>
      run(
        "remove",
        key,
        () => store.remove(key, options),
        () => removeHalf(store, key),
      ),
    openUploads: (key, options) => iterate("openUploads", key, () => store.openUploads(key, options)),
    local: local && {
      sync: local.sync,
      io: local.io,
      path: (key) => local.path(key),
      otherThing: (key) => local.otherThing(key),
      partPath(key, tag) {
        const whole = () => local.partPath(key, tag);
        return run("partPath", key, whole, whole);
      },
      adopt: (partPath, key) =>
        run(
          "adopt",
          key,
          () => local.adopt(partPath, key),
          () => moveAside(partPath, local.path(key)),
        ),
    },
  };
}

async function leaveHalfWritten(store: Store, key: string, body: Uint8Array): Promise<void> {
  if (!store.local) return; // an object store forgets a body that did not end
  const path = await store.local.partPath(key, "fault");
  const part = writePart(basename(store.local.path(key)));
  part.done(); // its process is dead
  const handle = await open(join(dirname(path), part.name), "w");
  await handle.write(body.subarray(0, body.length >> 1));
  await handle.close();
}

async function removeHalf(store: Store, key: string): Promise<void> {
  if (!key.endsWith("/")) return;
  const keys: string[] = [];
  for await (const entry of store.list(key)) keys.push(entry.key);
  for (const each of keys.slice(0, Math.ceil(keys.length / 2))) await store.remove(each);
}

/** A folder is replaced in two steps. A file is in one, so there is nothing between. */
async function moveAside(partPath: string, target: string): Promise<void> {
  const isFolder = async (path: string) => (await statPath(path).catch(() => undefined))?.isDirectory() ?? false;
  if (!(await isFolder(partPath)) || !(await isFolder(target))) return;
  const aside = writePart(basename(target));
  aside.done();
  await rename(target, join(dirname(target), aside.name));
}

function chance(random: Random | undefined, rate: number): boolean {
  if (!random) throw new EmporiumError("INTERNAL", "faults with a rate need a random generator, so that they can be repeated");
  return random() < rate;
}

function unavailable(operation: string): Error {
  return new EmporiumError("STORE_UNAVAILABLE", `injected fault: ${operation}`, { retry: "later" });
}
