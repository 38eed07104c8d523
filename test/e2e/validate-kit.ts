import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import { generateLab, type Lab } from "../../examples/lab/generate.mjs";
import { silentLog } from "../../src/core/log.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { readJudged } from "../../src/stations/ingest/check/read-config.js";
import { ingest } from "../../src/stations/ingest/ingest.js";
import { type ValidateOptions, validateSource, validateStandardized } from "../../src/stations/ingest/validate/validate.js";
import type { Validation } from "../../src/stations/ingest/validate/validation.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";
import { copy, madeOnce } from "./cluster-template.js";
import { programIdentity } from "./demo-kit.js";
import { tempFolder } from "./ingest-run-kit.js";

export type Deposit = "imod" | "aretomo" | "batch" | "sim" | "annotations" | "cell";

/** Deposits of the miniature laboratory, ingested one after the other: folders of this machine. */
interface IngestedLab {
  readonly lab: Lab<Deposit>;
  readonly output: string;
}

/** A laboratory for what comes after an ingest: made once for all files and runs with the same sources, and copied. */
export async function ingestedLab(deposits: readonly Deposit[]): Promise<IngestedLab> {
  const kept = await madeOnce(`ingested-${deposits.join("-")}-${programIdentity(import.meta.url)}`, "made", async (folder) => {
    const made = join(folder, "made");
    const { lab } = await ingestLab(made, deposits);
    writeFileSync(join(made, "lab.json"), JSON.stringify(lab).replaceAll(made, ROOT));
  });
  const root = tempFolder();
  copy(`${kept}/made/.`, root);
  const lab = JSON.parse(readFileSync(join(root, "lab.json"), "utf8").replaceAll(ROOT, root)) as Lab<Deposit>;
  return { lab, output: join(root, "portal") };
}

/** Stands for the folder in which a laboratory lies. */
const ROOT = "{root}";

/** Makes one in a folder, with a workspace that knows what was written: `workspace` beside `portal`. */
export async function ingestLab(
  root: string,
  deposits: readonly Deposit[],
  { omeZarr }: { omeZarr?: "0.4" | "0.5" } = {},
): Promise<IngestedLab> {
  const output = join(root, "portal");
  const lab = await generateLab({ out: join(root, "lab"), sections: "all", deposits: [...deposits] });
  for (const { name, config } of lab.deposits) {
    const isLater = name === "annotations";
    await ingest({
      config,
      input: lab.input,
      output,
      selection: isLater ? { items: ["annotations"], metadata: ["annotation", "deposition"] } : { everything: true },
      workspace: join(root, "workspace"),
      jobs: 2,
      memoryBytes: 2 ** 28,
      keepGoing: true,
      writeMrc: true,
      writeZarr: true,
      omeZarr,
      forceOverwrite: false,
      compat: false,
      anonymous: false,
      sync: false,
      verify: false,
      dryRun: false,
      log: silentLog,
      signal: new AbortController().signal,
    });
  }
  return { lab, output };
}

/** A JSON document as it comes: tests change what they please. */
export type Loose = ReturnType<typeof JSON.parse>;

/** A tree that can be spoiled, one file at a time, and is whole again afterwards. */
export class Tree {
  readonly #undo: (() => Promise<unknown>)[] = [];
  readonly #changed = new Set<string>();
  constructor(readonly store: Store) {}

  async keys(prefix = ""): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.store.list(prefix)) keys.push(key);
    return keys;
  }

  async read(key: string): Promise<Uint8Array> {
    const body = await this.store.read(key);
    if (!body) throw new Error(`${key} is not in the tree`);
    return body;
  }

  async write(key: string, body: Uint8Array | string): Promise<void> {
    const before = await this.store.read(key);
    this.#changed.add(key);
    this.#undo.push(() => (before ? this.store.write(key, before) : this.store.remove(key)));
    await this.store.write(key, typeof body === "string" ? new TextEncoder().encode(body) : body);
  }

  /** An object, or all below a key that ends with a slash. */
  async remove(key: string): Promise<void> {
    const keys = key.endsWith("/") ? await this.keys(key) : [key];
    if (keys.length === 0) throw new Error(`${key} is not in the tree`);
    for (const one of keys) {
      const before = await this.read(one);
      this.#changed.add(one);
      this.#undo.push(() => this.store.write(one, before));
      await this.store.remove(one);
    }
  }

  async move(key: string, to: string): Promise<void> {
    for (const one of key.endsWith("/") ? await this.keys(key) : [key]) {
      await this.write(to + one.slice(key.length), await this.read(one));
      await this.remove(one);
    }
  }

  async json(key: string, change: (document: Loose) => unknown): Promise<void> {
    const document = JSON.parse(new TextDecoder().decode(await this.read(key)));
    change(document);
    await this.write(key, JSON.stringify(document, null, 4));
  }

  async text(key: string, change: (text: string) => string): Promise<void> {
    const before = new TextDecoder().decode(await this.read(key));
    const after = change(before);
    if (after === before) throw new Error(`${key}: nothing was changed`);
    await this.write(key, after);
  }

  /** Fields of a header or file, little-endian. */
  async bytes(key: string, change: (view: DataView, bytes: Uint8Array) => unknown): Promise<void> {
    const body = (await this.read(key)).slice();
    change(new DataView(body.buffer), body);
    await this.write(key, body);
  }

  /** What was changed so far stays. */
  keep(): void {
    this.#undo.length = 0;
    this.#changed.clear();
  }

  /** Lets the runs alone that were not changed; undefined where more than runs was. */
  changedRuns(): ValidateOptions["filter"] {
    const places = [...this.#changed].map((key) => /^(\d+)\/(TS_\d+)\//.exec(key));
    if (places.some((place) => place === null)) return undefined;
    return { dataset: places.map((place) => `${place![1]}$`), run: places.map((place) => `${place![2]}$`) };
  }

  async restore(): Promise<void> {
    for (const undo of this.#undo.splice(0).reverse()) await undo();
    this.#changed.clear();
  }
}

/** All files of a folder of this machine in memory. */
export async function inMemoryTree(folder: string, wanted: (key: string) => boolean = () => true): Promise<Tree> {
  const store = memoryStore({ url: "memory:tree" });
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    if (wanted(name) && statSync(join(folder, name)).isFile())
      await store.write(name, new Uint8Array(readFileSync(join(folder, name))));
  }
  return new Tree(store);
}

/** A grey picture. */
export function png(width: number, height: number): Uint8Array {
  const uint32 = (value: number) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
  const chunk = (type: string, data: Uint8Array) => {
    const typed = Buffer.concat([Buffer.from(type), data]);
    return Buffer.concat([Buffer.from(uint32(data.length)), typed, Buffer.from(uint32(crc32(typed)))]);
  };
  const head = Buffer.from([...uint32(width), ...uint32(height), 8, 0, 0, 0, 0]);
  const rows = Buffer.alloc(height * (width + 1), 0x60);
  for (let y = 0; y < height; y++) rows[y * (width + 1)] = 0;
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return new Uint8Array(
    Buffer.concat([signature, chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]),
  );
}

/** A movie, or a gain reference, of nothing. @param shape sections, rows, columns */
export function mrcImage([nz, ny, nx]: readonly [number, number, number], pixelAngstrom: number): Uint8Array {
  const head = mrcHeaderBytes({
    kind: "tiltseries",
    shape: [nz, ny, nx],
    dtype: "int16",
    voxelSizeAngstrom: pixelAngstrom,
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const bytes = new Uint8Array(head.length + 2 * nz * ny * nx);
  bytes.set(head);
  const view = new DataView(bytes.buffer);
  view.setInt32(36, nz, true);
  view.setFloat32(48, nz * pixelAngstrom, true);
  return bytes;
}

/** A TIFF of nothing but the directories of its pages, which share one strip of zeros. */
export function tiffImage(width: number, height: number, pages: number): Uint8Array {
  const tags = [
    [256, width],
    [257, height],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, height],
    [279, width * height],
  ] as const;
  const begin = 8 + width * height;
  const length = 2 + 12 * tags.length + 4;
  const view = new DataView(new ArrayBuffer(begin + pages * length));
  view.setUint32(0, 0x002a4949, true);
  view.setUint32(4, begin, true);
  for (let page = 0; page < pages; page++) {
    const at = begin + page * length;
    view.setUint16(at, tags.length, true);
    for (const [i, [tag, value]] of tags.entries()) {
      view.setUint16(at + 2 + 12 * i, tag, true);
      view.setUint16(at + 4 + 12 * i, 4, true);
      view.setUint32(at + 6 + 12 * i, 1, true);
      view.setUint32(at + 10 + 12 * i, value, true);
    }
    view.setUint32(at + length - 4, page === pages - 1 ? 0 : at + length, true);
  }
  return new Uint8Array(view.buffer);
}

/** Å of the laboratory's frames and gain references. */
export const FRAME_PIXEL = 3.3702;

/**
 * Makes what the laboratory's tree lacks, so that every check can be decided.
 */
export async function mend(tree: Tree): Promise<void> {
  // the frames of one run as MRC files, and a TIFF beside its gain reference
  const folder = "10401/TS_0001/Frames";
  for (const key of (await tree.keys(`${folder}/`)).filter((name) => name.endsWith(".tif"))) {
    await tree.remove(key);
    await tree.write(key.replace(/tif$/, "mrc"), mrcImage([4, 32, 32], FRAME_PIXEL));
  }
  await tree.text(`${folder}/TS_0001.mdoc`, (text) => text.replaceAll(".tif", ".mrc"));
  await tree.text(`${folder}/frames_metadata.json`, (text) => text.replaceAll(".tif", ".mrc"));
  await tree.write("10401/TS_0001/Gains/CountRef.tif", tiffImage(32, 32, 1));
}

export const standardized = (tree: Tree, options: Parameters<typeof validateStandardized>[1] = {}): Promise<Validation> =>
  validateStandardized(tree.store, options);

export const source = async (text: string | Uint8Array, tree: Tree, options: ValidateOptions = {}): Promise<Validation> => {
  const { config, faults } = readJudged(typeof text === "string" ? new TextEncoder().encode(text) : text, "c.yaml");
  return validateSource(config, tree.store, { ...options, faults });
};

/** Ids of the checks that found something, each once. */
export function found({ findings }: Pick<Validation, "findings">): string[] {
  return [...new Set(findings.map(({ check }) => check))].sort();
}

/** Findings as lines: check and what it is about. */
export function lines({ findings }: Validation): string[] {
  return findings.map(({ check, entity }) => `${check}: ${entity}`).sort();
}
