import { describe, expect, it } from "vitest";
import { EmporiumError } from "../../src/core/errors.js";
import type { IngestPlan } from "../../src/stations/ingest/plan.js";
import type { SelectionFlags } from "../../src/stations/ingest/selection.js";
import type { Store } from "../../src/stores/store.js";
import { documentsOf, plan, RAWTLT, smallConfig, storeOf, tinyMdoc, tinyMrc } from "./ingest-plan-kit.js";
import { png } from "./validate-kit.js";

/*
 * One entity of each kind is broken, and the documents of the plan are held against those of the same deposition when it is well: none may name less than
 * before, unless the plan says so of it.
 */

const glob = (text: string, more = "") => `{source_glob: {list_glob: '${text}'${more}}}`;
const CONFIG = smallConfig({
  alignments: `[{metadata: {format: IMOD}, sources: [{source_multi_glob: {list_globs: ['ali/{run_name}.xf', 'ali/{run_name}.tlt']}}]}]`,
  more: `tiltseries: [{metadata: {pixel_spacing: 2}, sources: [${glob("st/{run_name}.st")}]}]
rawtilts: [{sources: [${glob("raw/{run_name}*.rawtlt")}]}]
ctfs: [{metadata: {format: CTFFIND}, sources: [${glob("ctf/{run_name}*.txt")}]}]
collection_metadata: [{sources: [${glob("mdoc/{run_name}*.mdoc")}]}]
frames: [{metadata: {dose_rate: 2, is_gain_corrected: false}, sources: [${glob("frames/*/{run_name}_*.tif")}]}]
key_images: [{sources: [${glob("pictures/*.png")}]}]
annotations:
- metadata:
    annotation_object: {name: ribosome, id: "GO:0005840"}
    annotation_method: by hand
    authors: []
    dates: {deposition_date: "2024-01-01", last_modified_date: "2024-01-01", release_date: "2024-01-01"}
    method_type: manual
    version: 1.0
  sources: [{Point: {file_format: csv, glob_string: 'p/{run_name}*.csv'}}]
deposition_keyphotos: [{sources: [{literal: {value: {snapshot: lab/photos/deposition.png, thumbnail: lab/photos/deposition.png}}}]}]
`,
});
/** With pictures of its own: a photo of a tomogram stands in for one that fails. */
const WITH_PHOTOS = `${CONFIG}dataset_keyphotos: [{sources: [{literal: {value: {snapshot: lab/photos/dataset.png, thumbnail: lab/photos/dataset.png}}}]}]\n`;

const FRAMES = ["a_0.tif", "a_1.tif", "a_2.tif"];
const SOURCE: Record<string, string | Uint8Array> = {
  "lab/rec/a.rec": tinyMrc(6, 4, 2, 10.5),
  "lab/ali/a.xf": "1 0 0 1 0.5 -0.25\n".repeat(3),
  "lab/ali/a.tlt": RAWTLT,
  "lab/st/a.st": tinyMrc(6, 4, 3, 2),
  "lab/raw/a.rawtlt": RAWTLT,
  "lab/ctf/a.txt": ["1", "2", "3"].map((at) => `${at} 30000 29000 45 0 0.1 5\n`).join(""),
  "lab/mdoc/a.mdoc": tinyMdoc((at) => FRAMES[at]),
  ...Object.fromEntries(FRAMES.map((name) => [`lab/frames/one/${name}`, "frame"])),
  "lab/pictures/snapshot.png": png(60, 60),
  "lab/p/a.csv": "1,1,1\n",
  "lab/photos/dataset.png": png(60, 60),
  "lab/photos/deposition.png": png(60, 60),
};

/** A disk that does not read what lies below a key: files, and lists of folders. */
function unreadable(store: Store, prefix: string): Store {
  const check = (key: string) => {
    if (key.startsWith(prefix)) throw new EmporiumError("STORE_FAILED", `${key} cannot be read: input/output error (EIO)`);
  };
  return {
    ...store,
    read: async (key, ...rest) => {
      check(key);
      return store.read(key, ...rest);
    },
    children: (folder, ...rest) => {
      check(folder);
      return store.children(folder, ...rest);
    },
  };
}

interface Case {
  readonly kind: string;
  /** What cannot be read, or a second file where one is possible. */
  readonly eio?: string;
  readonly more?: Record<string, string>;
  readonly config?: string;
  readonly flags?: SelectionFlags;
  /** Documents that are not made, by their kinds. */
  readonly blocked: readonly string[];
  /** What is said where a document names less than it would. */
  readonly told?: RegExp;
}

const PHOTOS: SelectionFlags = { items: ["dataset_keyphotos"], metadata: ["dataset"] };
const DEPOSITION: SelectionFlags = { items: ["deposition_keyphotos"], metadata: ["deposition"] };
/** Without any tomogram there is no picture that could be the dataset's. */
const PHOTOLESS = /snapshot of dataset 10700 is not made: none is configured, and .* failed/;
const CASES: readonly Case[] = [
  { kind: "key photo of a dataset", eio: "lab/photos/dataset", config: WITH_PHOTOS, flags: PHOTOS, blocked: ["dataset"] },
  { kind: "key photo of a deposition", eio: "lab/photos/deposition", flags: DEPOSITION, blocked: ["deposition"] },
  { kind: "tomogram", eio: "lab/rec/a.rec", blocked: ["alignment", "annotation", "tomogram"], told: PHOTOLESS },
  { kind: "pictures of a tomogram", eio: "lab/pictures/", blocked: ["tomogram"], told: PHOTOLESS },
  { kind: "alignment", eio: "lab/ali/a.xf", blocked: ["alignment", "annotation", "tomogram"], told: PHOTOLESS },
  { kind: "tilt series", eio: "lab/st/a.st", blocked: ["alignment", "annotation", "tiltseries", "tomogram"], told: PHOTOLESS },
  { kind: "raw tilt angles", more: { "lab/raw/a2.rawtlt": RAWTLT }, blocked: [], told: /no per-section metadata/ },
  { kind: "CTF table", more: { "lab/ctf/a2.txt": "1" }, blocked: [], told: /name no CTF table/ },
  {
    kind: "acquisition file",
    more: { "lab/mdoc/a2.mdoc": tinyMdoc() },
    blocked: ["frames"],
    told: /no per-section metadata/,
  },
  { kind: "annotation", eio: "lab/p/", blocked: ["annotation"], told: /views of .* show nothing of .*, which failed/ },
];

/** The kind of a document, by its name. */
const kindOf = (key: string) =>
  key.includes("/Annotations/") ? "annotation" : (/([a-z]+)_metadata\.json$/.exec(key)?.[1] ?? key);

/** Paths within a document at which something stood, and null, nothing or an empty list stands. */
function lost(well: unknown, now: unknown, path = ""): string[] {
  const isNothing = (value: unknown) =>
    value === null || value === undefined || value === 0 || (Array.isArray(value) && value.length === 0);
  if (isNothing(well)) return [];
  if (isNothing(now)) return [path];
  if (typeof well !== "object" || well === null) return [];
  return Object.entries(well).flatMap(([key, value]) => lost(value, (now as Record<string, unknown>)[key], `${path}/${key}`));
}

const parsed = (made: IngestPlan) => new Map([...documentsOf(made)].map(([key, text]) => [key, JSON.parse(text) as unknown]));

describe("what names an entity that cannot be made", () => {
  it.each(CASES)("(34.14) is blocked or told: $kind", async ({ eio, more = {}, config = CONFIG, flags, blocked, told }) => {
    const well = await plan({ config, source: SOURCE, ...(flags && { flags }) });
    expect(well.failures).toEqual([]);
    const disk = await storeOf({ ...SOURCE, ...more });
    const made = await plan({ config, source: eio === undefined ? disk : unreadable(disk, eio), ...(flags && { flags }) });
    expect(made.failures).not.toEqual([]);
    const [before, after] = [parsed(well), parsed(made)];
    const gone = [...before.keys()].filter((key) => !after.has(key));
    expect(gone.map(kindOf).sort()).toEqual(blocked);
    // each is a failure of its own, and so counted, or left out with a warning
    const failed = made.entities.filter(({ action }) => action === "fail" || action === "leave");
    expect(failed.length).toBeGreaterThanOrEqual(Math.max(1, blocked.length));
    const less = [...after].flatMap(([key, now]) => lost(before.get(key), now, key));
    const words = made.warnings.map(({ message }) => message).join("\n");
    if (told) expect(words).toMatch(told);
    else expect(less).toEqual([]);
  });

  it.each(["10700/a/Reconstructions/VoxelSpacing10.500/NeuroglancerPrecompute/"])(
    "(34.14) a view that cannot be planned is a failure, and the metadata name what is to be made: %s",
    async (folder) => {
      // what is there already, and cannot be listed
      const stored = await storeOf({ [`${folder}x.json`]: "{}", "10700/a/run_metadata.json": "{}" }, "memory:out");
      const flags = { everything: true, exclude: { annotation: [""] } };
      const made = await plan({ config: CONFIG, source: SOURCE, target: unreadable(stored, folder), flags });
      const told = made.failures.map(({ entity, error }) => `${entity}: ${error.code}`);
      expect(told).toContainEqual(expect.stringMatching(/^views? of (the )?tomogram.*: STORE_FAILED$/));
      for (const [key, document] of parsed(made)) {
        if (!key.endsWith("/tomogram_metadata.json")) continue;
        expect(document).toMatchObject({
          neuroglancer_config_path:
            "10700/a/Reconstructions/VoxelSpacing10.500/NeuroglancerPrecompute/100-neuroglancer_config.json",
        });
      }
    },
  );

  it("(34.14) and is on the target already is blocked by nothing: the metadata name it", async () => {
    const target = await storeOf({ "10700/Images/snapshot.png": png(60, 60), "10700/Images/thumbnail.png": png(60, 60) });
    const source = unreadable(await storeOf(SOURCE), "lab/photos/dataset");
    const made = await plan({ config: WITH_PHOTOS, source, target, flags: PHOTOS });
    expect(made.failures.map(({ error }) => error.code)).toEqual(["STORE_FAILED", "STORE_FAILED"]);
    expect(parsed(made).get("10700/dataset_metadata.json")).toMatchObject({
      key_photos: { snapshot: "10700/Images/snapshot.png", thumbnail: "10700/Images/thumbnail.png" },
    });
  });
});
