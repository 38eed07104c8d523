import type { Json } from "../../src/core/json.js";
import { fixedHalfEven } from "../../src/core/number.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import { objectName, type Store } from "../../src/stores/store.js";
import { standInFiles, type Use } from "./stand-in-content.js";
import { type Entry, globsOf, texts, valuesOf, type Written, writtenIn } from "./stand-in-entries.js";
import {
  Finders,
  isExcluded,
  isStructure,
  nameFor,
  passes,
  type Side,
  STRUCTURE,
  type StandInScope,
  sideOf,
  wildness,
} from "./stand-in-finders.js";
import { areAlike, storedUse, useOf } from "./stand-in-uses.js";
import { SPACING, usersOf, Values } from "./stand-in-values.js";

/** Files that a source entry is meant to find in a scope: keys of the source, or of the target for `destination_…`. */
export interface LaidOut {
  readonly entry: Entry;
  readonly scope: StandInScope;
  readonly keys: readonly string[];
}

export interface StandInTree {
  readonly written: Written;
  readonly laid: readonly LaidOut[];
  /** What could not be laid out, and why. */
  readonly problems: readonly string[];
  /** Stands for the machines of the world: pictures by their address. */
  readonly open: (location: string) => Promise<{ store: Store; key: string }>;
}

export interface StandInOptions {
  readonly source: Store;
  readonly target: Store;
  /** Text of a real map, by its name in the configuration; where there is none, one is made. */
  readonly map?: (name: string) => string | undefined;
}

const DATASETS = ["10999", "20999"];
const RUNS = ["TS_1", "TS_01", "run_001", "TS_0001"];
/** Motive lists call a tomogram by its number. */
const NUMBERED_RUN = "17";
const ABOVE_DATASET = ["deposition", "dataset", "deposition_keyphoto"];
const ABOVE_RUN = [...ABOVE_DATASET, "run", "dataset_keyphoto"];
/** Kinds that are looked for below a voxel spacing. */
const BELOW_SPACING = ["tomogram", "annotation", "key_image"];

/**
 * Lays out what a configuration looks for: a source tree, and in the target what it refers to, as small as can be, in which every source of every
 * section finds something in at least one dataset, run and voxel spacing.
 */
export async function layStandIns(bytes: Uint8Array, file: string, options: StandInOptions): Promise<StandInTree> {
  const tree = new Tree(writtenIn(bytes, file), options);
  tree.layOut();
  await tree.write();
  const pictures = memoryStore({ url: "memory:pictures" });
  const open = async (location: string) => {
    const key = location.slice(location.lastIndexOf("/") + 1);
    await pictures.write(key, encoded(standInFiles(key, [{ kind: "picture" }])[""]!));
    return { store: pictures, key };
  };
  return { written: tree.written, laid: tree.laid, problems: tree.problems, open };
}

/** A source of datasets, runs or spacings in a scope, with the names that it is to find. */
interface Step {
  readonly entry: Entry;
  readonly scope: StandInScope;
  readonly glob: string;
  readonly names: readonly string[];
}

class Tree {
  readonly laid: LaidOut[] = [];
  readonly problems: string[] = [];
  readonly #options: StandInOptions;
  readonly #prefix: string;
  /** Uses of each file by key. A Zarr folder counts as one file. */
  readonly #files = { source: new Map<string, Use[]>(), target: new Map<string, Use[]>() };
  readonly #values: Values;
  readonly #finders: Finders;
  readonly #scopes: StandInScope[] = [];

  constructor(
    readonly written: Written,
    options: StandInOptions,
  ) {
    this.#options = options;
    this.#prefix = String(written.settings.source_prefix ?? "").replace(/^\/+|\/+$/g, "");
    this.#values = new Values(written, options.map ?? (() => undefined));
    const fullPath = (side: Side, path: string) => objectName(options[side], this.#key(side, path)).replace(/^[a-z]+:\/\//, "");
    this.#finders = new Finders(fullPath);
  }

  layOut(): void {
    for (const dataset of this.#datasets()) {
      this.#scopes.push({ dataset });
      for (const run of this.#runs(dataset)) {
        const scope = { dataset, run };
        this.#scopes.push(scope);
        this.#values.makeMapped(run);
        this.#makeRow(scope, run);
        for (const spacing of this.#spacings(scope)) this.#scopes.push({ ...scope, spacing });
      }
    }
    this.#values.finish();
    const wishes = [...this.#wishes()].sort((a, b) => wildness(a.globs) - wildness(b.globs));
    for (const { entry, scope, globs } of wishes) {
      const keys = globs.flatMap((glob) => this.#lay(entry, scope, glob) ?? []);
      if (keys.length > 0) this.laid.push({ entry, scope, keys: [...new Set(keys)] });
    }
    this.#layStructure("source");
    this.#layStructure("target");
    this.#layPictures();
  }

  async write(): Promise<void> {
    const { source, target } = this.#options;
    for (const [name, text] of this.#values.maps) await source.write(this.#key("source", name), encoded(text));
    for (const [store, files] of [[source, this.#files.source] as const, [target, this.#files.target] as const]) {
      for (const [key, uses] of files) {
        for (const [below, content] of Object.entries(standInFiles(key, uses)))
          await store.write(below === "" ? key : `${key}/${below}`, encoded(content));
      }
    }
  }

  #datasets(): string[] {
    const wanted = this.written.entries.filter(({ type }) => !ABOVE_DATASET.includes(type));
    return this.#cover("dataset", {}, [...this.#filtered("dataset"), ...DATASETS], wanted);
  }

  #runs(dataset: string): string[] {
    const scope = { dataset };
    const isNumbered = this.written.entries.some(({ parameters }) => parameters.file_format === "stopgap_star");
    const names = [...this.#filtered("run"), ...(isNumbered ? [NUMBERED_RUN] : []), ...RUNS];
    const wanted = this.written.entries.filter((entry) => !ABOVE_RUN.includes(entry.type) && passes(entry, scope));
    return this.#cover("run", scope, this.#values.knownRuns() ?? names, wanted);
  }

  #spacings(scope: StandInScope): string[] {
    const proposed = [...this.#filtered("voxel_spacing"), SPACING];
    const found = this.#entries("voxel_spacing")
      .filter((entry) => passes(entry, scope))
      .flatMap((entry) => {
        const isThere = (name: string) => this.#locate(entry, scope, name) !== undefined;
        const positive = (name: string) => Number(name) > 0;
        const names = valuesOf(entry).map((value) => String(this.#values.spacing(value, scope)));
        if (entry.finder === "tomogram_header") names.push(SPACING);
        if (isStructure(entry)) names.push(...[proposed.find(isThere) ?? this.#anyName(entry, scope, positive) ?? []].flat());
        return names.filter((name) => !isExcluded(entry, name));
      });
    return [...new Set(found.map((name) => fixedHalfEven(Number(name), 3)))];
  }

  /** Names that parent filters speak of. */
  #filtered(parent: string): string[] {
    const patterns = new Set(this.written.entries.flatMap(({ include }) => include[parent] ?? []));
    return [...patterns].flatMap((pattern) => nameFor(pattern) ?? []);
  }

  /**
   * Names of datasets or runs: all that literals give, and so many more that every source of them finds one, and that for each of the entries
   * wanted there is one whom its parent filters let through.
   */
  #cover(parent: "dataset" | "run", scope: StandInScope, proposed: readonly string[], wanted: readonly Entry[]): string[] {
    const sources = this.#entries(parent).filter((entry) => passes(entry, scope));
    const globs = sources.filter(isStructure);
    const chosen = new Set(sources.flatMap(valuesOf));
    const meets = (entry: Entry) => (name: string) => passes(entry, { ...scope, [parent]: name });
    const offers = (source: Entry, name: string) => this.#locate(source, scope, name) !== undefined;
    for (const source of globs) {
      if ([...chosen].some((name) => offers(source, name))) continue;
      const name = proposed.find((one) => offers(source, one)) ?? this.#anyName(source, scope);
      if (name === undefined) this.problems.push(`${source.path}: no name for a ${parent} in ${JSON.stringify(scope)}`);
      else chosen.add(name);
    }
    for (const entry of wanted) {
      if ([...chosen].some(meets(entry))) continue;
      const offered = proposed.filter(meets(entry)).find((name) => globs.some((source) => offers(source, name)));
      const name = offered ?? globs.map((source) => this.#anyName(source, scope, meets(entry))).find((one) => one !== undefined);
      if (name !== undefined) chosen.add(name);
    }
    return [...chosen];
  }

  #locate(entry: Entry, scope: StandInScope, name?: string, approves?: (name: string) => boolean): string | undefined {
    return this.#finders.locate(entry, this.#globs(entry, scope), name, approves);
  }

  /** Whatever name a source finds, if it is approved. */
  #anyName(entry: Entry, scope: StandInScope, approves?: (name: string) => boolean): string | undefined {
    const path = this.#locate(entry, scope, undefined, approves);
    return path === undefined ? undefined : this.#finders.nameOf(entry, path);
  }

  /** Columns have values of their own, except where such a file would be taken for a run: they stand for part of a run's name. */
  #makeRow(scope: StandInScope, run: string): void {
    const spaced = { spacing: SPACING, ...scope };
    const entries = this.written.entries.filter((entry) => !STRUCTURE.includes(entry.type) && passes(entry, scope));
    for (const column of this.#values.makeRow(run, this.#filtered("voxel_spacing")[0] ?? SPACING)) {
      const users = usersOf(column, entries, globsOf);
      const fits = users.every((entry) =>
        this.#globs(entry, spaced).every((glob) => this.#choose(entry, spaced, glob, true) !== undefined),
      );
      if (!fits) this.#values.setColumn(run, column, run);
    }
  }

  /** Every glob of every entry in every scope that it applies to. */
  *#wishes(): Generator<{ entry: Entry; scope: StandInScope; globs: string[] }> {
    for (const entry of this.written.entries) {
      const mesh = entry.parameters.mesh_source_path;
      for (const scope of isStructure(entry) ? [] : this.#scopesOf(entry)) {
        yield { entry, scope, globs: this.#globs(entry, scope) };
        if (typeof mesh === "string")
          this.#add("source", this.#key("source", this.#values.format(mesh, scope)), { kind: "mesh", format: "glb" });
      }
    }
  }

  #scopesOf(entry: Entry): StandInScope[] {
    const { type } = entry;
    const depth = ABOVE_DATASET.includes(type) ? 0 : ABOVE_RUN.includes(type) ? 1 : BELOW_SPACING.includes(type) ? 3 : 2;
    const scopes = depth === 0 ? [{}] : this.#scopes.filter((scope) => Object.keys(scope).length === depth);
    return scopes.filter((scope) => passes(entry, scope));
  }

  #globs(entry: Entry, scope: StandInScope): string[] {
    const globs = globsOf(entry).map((glob) => this.#values.format(glob, scope));
    if (entry.finder !== "destination_filter") return globs;
    const run = `${scope.dataset}/${scope.run}`;
    const tomogram = `${run}/Reconstructions/VoxelSpacing${scope.spacing}/Tomograms/100/tomogram_metadata.json`;
    return [entry.type === "tiltseries" ? `${run}/TiltSeries/100/tiltseries_metadata.json` : tomogram];
  }

  /** Makes sure that a glob finds something. @returns the key */
  #lay(entry: Entry, scope: StandInScope, glob: string): string | undefined {
    const path = this.#choose(entry, scope, glob, true) ?? this.#choose(entry, scope, glob, false);
    if (path === undefined) {
      this.problems.push(`${entry.path}: no name for ${glob} in ${JSON.stringify(scope)}`);
      return undefined;
    }
    const key = this.#key(sideOf(entry), path);
    this.#add(sideOf(entry), key, this.#useOf(entry, scope, key));
    return key;
  }

  /**
   * A path that an entry finds: one that is there already and of its kind, or a new one that is taken for no other dataset, run or spacing.
   *
   * @param strict nor for a file of another kind, by another source.
   */
  #choose(entry: Entry, scope: StandInScope, glob: string, strict: boolean): string | undefined {
    const side = sideOf(entry);
    for (const [key, uses] of this.#files[side]) {
      const path = this.#pathOf(side, key);
      const isFound = path !== undefined && this.#finders.finds(entry, glob, path);
      if (isFound && areAlike(uses[0]!, this.#useOf(entry, scope, key))) return path;
    }
    const approves = (path: string) =>
      this.#isFree(side, path) && (!strict || !this.#isMistaken(side, path, this.#useOf(entry, scope, path), entry));
    const steps = this.#steps(side).flatMap((step) => {
      const name = nameIn(scope, step.entry);
      return name !== undefined && isWithin(scope, step.scope) ? [{ ...step, name }] : [];
    });
    return this.#finders.path(entry, glob, approves, steps);
  }

  /** Whether a path is in nobody's way, and makes no dataset, run or spacing that is not meant. */
  #isFree(side: Side, path: string): boolean {
    const key = this.#key(side, path);
    const others = [...this.#files[side].keys(), ...[...this.#values.maps.keys()].map((name) => this.#key("source", name))];
    if (others.some((other) => other === key || other.startsWith(`${key}/`) || key.startsWith(`${other}/`))) return false;
    const folders = path.split("/").map((_, at, parts) => parts.slice(0, at + 1).join("/"));
    return this.#steps(side).every(({ entry, glob, names }) => {
      const found = folders.filter((folder) => this.#finders.finds(entry, glob, folder));
      return found.every((folder) => names.includes(this.#finders.nameOf(entry, folder) ?? ""));
    });
  }

  /** Whether some entry would take a file for something that it is not. */
  #isMistaken(side: Side, path: string, use: Use, own: Entry): boolean {
    return this.written.entries.some((other) => {
      if (other === own || sideOf(other) !== side || isStructure(other)) return false;
      return this.#scopesOf(other).some((scope) => {
        if (other.type === own.type && areAlike(this.#useOf(other, scope, path), use)) return false;
        return this.#globs(other, scope).some((glob) => this.#finders.finds(other, glob, path));
      });
    });
  }

  #steps(side: Side): Step[] {
    const entries = this.written.entries.filter((entry) => isStructure(entry) && sideOf(entry) === side);
    return entries.flatMap((entry) => {
      const depth = STRUCTURE.indexOf(entry.type);
      const scopes = depth === 0 ? [{}] : this.#scopes.filter((scope) => Object.keys(scope).length === depth);
      return scopes
        .filter((scope) => passes(entry, scope))
        .flatMap((scope) => {
          const below = this.#scopes.filter((one) => isWithin(one, scope));
          const names = [...new Set(below.flatMap((one) => nameIn(one, entry) ?? []))];
          return this.#globs(entry, scope).map((glob) => ({ entry, scope, glob, names }));
        });
    });
  }

  /** Makes sure that every dataset, run and spacing is found by the source that names it. */
  #layStructure(side: Side): void {
    for (const { entry, scope, glob, names } of this.#steps(side)) {
      const keys: string[] = [];
      for (const name of names) {
        const isIt = (path: string) => this.#finders.finds(entry, glob, path) && this.#finders.nameOf(entry, path) === name;
        const there = [...this.#paths(side)].find(isIt);
        const path = there ?? this.#locate(entry, scope, name);
        if (path === undefined) continue;
        const key = this.#key(side, path);
        keys.push(key);
        if (there !== undefined) continue;
        const stored = `${key}/${STORED[entry.type] ?? ""}`;
        if (side === "target") this.#add(side, stored, storedUse(stored, { ...scope, [partOf(entry)]: name }));
        else this.#add(side, /\.\w+$/.test(path) ? key : `${key}/about.txt`, { kind: "marker" });
      }
      if (keys.length > 0) this.laid.push({ entry, scope, keys });
      else this.problems.push(`${entry.path}: nothing for ${glob}`);
    }
  }

  /** Key photos by their place: below the input, whatever the source prefix. */
  #layPictures(): void {
    for (const { finder, parameters } of this.written.entries) {
      const { value } = parameters;
      if (finder !== "literal" || value === null || typeof value !== "object" || Array.isArray(value)) continue;
      const places = texts(Object.values(value) as Json[]).filter((place) => !/^[a-z]+:\/\//.test(place));
      for (const place of places) this.#add("source", place, { kind: "picture" });
    }
  }

  #entries(type: string): Entry[] {
    return this.written.entries.filter((entry) => entry.type === type);
  }

  #useOf(entry: Entry, scope: StandInScope, key: string): Use {
    const frame = () => {
      const frames = this.laid.find((one) => one.entry.type === "frame" && isWithin(one.scope, scope));
      return frames?.keys[0]?.replace(/^.*\//, "");
    };
    return useOf(entry, scope, key, this.#values, frame);
  }

  #add(side: Side, key: string, use: Use): void {
    this.#files[side].set(key, [...(this.#files[side].get(key) ?? []), use]);
  }

  #key(side: Side, path: string): string {
    const clean = path.replace(/^\.?\/+/, "");
    return side === "source" && this.#prefix !== "" ? `${this.#prefix}/${clean}` : clean;
  }

  /** Undefined for what lies outside of the source's folder. */
  #pathOf(side: Side, key: string): string | undefined {
    if (side === "target" || this.#prefix === "") return key;
    return key.startsWith(`${this.#prefix}/`) ? key.slice(this.#prefix.length + 1) : undefined;
  }

  /** Every file and folder, as globs see them. */
  #paths(side: Side): Set<string> {
    const paths = new Set<string>();
    for (const key of this.#files[side].keys()) {
      const parts = this.#pathOf(side, key)?.split("/") ?? [];
      for (let depth = 1; depth <= parts.length; depth++) paths.add(parts.slice(0, depth).join("/"));
    }
    return paths;
  }
}

/** What shows that a dataset, run or spacing is on the target. */
const STORED: Readonly<Record<string, string>> = {
  dataset: "dataset_metadata.json",
  run: "run_metadata.json",
  voxel_spacing: "Tomograms/100/tomogram_metadata.json",
};

function partOf({ type }: Entry): keyof StandInScope {
  return type === "voxel_spacing" ? "spacing" : (type as "dataset" | "run");
}

function nameIn(scope: StandInScope, entry: Entry): string | undefined {
  return scope[partOf(entry)];
}

function isWithin(scope: StandInScope, outer: StandInScope): boolean {
  return Object.entries(outer).every(([part, name]) => scope[part as keyof StandInScope] === name);
}

function encoded(content: string | Uint8Array): Uint8Array {
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
}
