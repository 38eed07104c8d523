import { readdirSync, readFileSync, statSync } from "node:fs";
import { manualClock } from "../../src/core/clock.js";
import { EmporiumError } from "../../src/core/errors.js";
import { parseJson } from "../../src/core/json.js";
import { mrcHeaderBytes } from "../../src/formats/mrc/write.js";
import { readStructure } from "../../src/stations/ingest/config/schema.js";
import { stampMetadata } from "../../src/stations/ingest/metadata.js";
import { type IngestPlan, type PlanOptions, planIngest } from "../../src/stations/ingest/plan.js";
import { makeSelection, type SelectionFlags } from "../../src/stations/ingest/selection.js";
import { memoryStore } from "../../src/stores/memory/store.js";
import type { Store } from "../../src/stores/store.js";

export const CREATED_MS = 1_790_000_000_000;

/** Angles of a tilt series in the order in which they were taken. */
export const TILTS = [0, 3, -3];
/** The same in the order of the stack. */
export const RAWTLT = "-3.00\n0.00\n3.00\n";
export const GIF = Uint8Array.from([0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0]);

/** An acquisition file of three images of 1.5 s. @param frameOf the file name of an image, if it has one. */
export function tinyMdoc(frameOf: (index: number) => string | undefined = () => undefined): string {
  const sections = TILTS.map((angle, index) => {
    const frame = frameOf(index);
    return `[ZValue = ${index}]\nTiltAngle = ${angle}\nExposureTime = 1.5\n${frame ? `SubFramePath = X:\\data\\${frame}\n` : ""}`;
  });
  return `PixelSpacing = 1.96\n\n[T = Tilt axis angle = 84.5, binning = 1]\n\n${sections.join("\n")}`;
}

/** A volume of zeros, x × y × z voxels of int8. */
/** @param value of all voxels: two volumes of one value are copies of each other */
export function tinyMrc(x: number, y: number, z: number, voxelSizeAngstrom: number, value = 0): Uint8Array {
  const head = mrcHeaderBytes({
    kind: "tomogram",
    shape: [z, y, x],
    dtype: "int8",
    voxelSizeAngstrom,
    statistics: { min: 0, max: 0, mean: 0, rms: 0 },
    dateMs: 0,
  });
  const bytes = new Uint8Array(head.length + x * y * z);
  bytes.fill(value);
  bytes.set(head);
  return bytes;
}

export async function storeOf(files: Record<string, string | Uint8Array>, url = "memory:"): Promise<Store> {
  const store = memoryStore({ url });
  for (const [key, body] of Object.entries(files))
    await store.write(key, typeof body === "string" ? new TextEncoder().encode(body) : body);
  return store;
}

/** Copies a folder of this machine into a store, leaving out what is not asked for. */
export async function copyTree(
  folder: URL,
  store: Store,
  prefix = "",
  wanted: (name: string) => boolean = () => true,
): Promise<void> {
  for (const name of (readdirSync(folder, { recursive: true }) as string[]).sort()) {
    const file = new URL(name, folder);
    if (statSync(file).isFile() && wanted(name)) await store.write(prefix + name, readFileSync(file));
  }
}

export interface Scene {
  config: string | Uint8Array;
  source: Store | Record<string, string | Uint8Array>;
  target?: Store;
  flags?: SelectionFlags;
  options?: Partial<PlanOptions>;
}

export async function plan({ config, source, target, flags = { everything: true }, options = {} }: Scene): Promise<IngestPlan> {
  const bytes = typeof config === "string" ? new TextEncoder().encode(config) : config;
  const store = "url" in source ? (source as Store) : await storeOf(source as Record<string, string | Uint8Array>);
  return planIngest(readStructure(bytes, "c.yaml"), store, target ?? memoryStore({ url: "memory:out" }), {
    selection: makeSelection(flags),
    clock: manualClock(CREATED_MS),
    threads: 2,
    // no test asks a machine of the world
    open: async (location) => {
      throw new EmporiumError("STORE_UNAVAILABLE", `${location} is not asked for here`);
    },
    ...options,
  });
}

/** Metadata documents of a plan by key, with the plan's time. */
export function documentsOf({ tasks, createdMs }: IngestPlan): Map<string, string> {
  const documents = new Map<string, string>();
  for (const { params } of tasks) {
    const key = params.metadataKey ?? params.key;
    if (typeof key === "string" && typeof params.metadata === "string")
      documents.set(key, stampMetadata(params.metadata, createdMs));
  }
  return documents;
}

/** The value of one document, for tests that look at a single field. */
export function documentOf(made: IngestPlan, key: string): Record<string, unknown> {
  const text = documentsOf(made).get(key);
  if (text === undefined) throw new Error(`${key} is not planned: ${[...documentsOf(made).keys()].join(", ")}`);
  return JSON.parse(JSON.stringify(parseJson(text))) as Record<string, unknown>;
}

/** A deposition of one dataset whose runs and tomograms are the files `rec/*.rec`. */
export function smallConfig(
  changes: Partial<
    Record<"runs" | "voxel_spacings" | "tomograms" | "alignments" | "standardization_config" | "more" | "metadata", string>
  > = {},
): string {
  const {
    runs = "[{sources: [{source_glob: {list_glob: 'rec/*.rec', name_regex: '(.*)\\.rec'}}]}]",
    voxel_spacings = "[{sources: [{literal: {value: [10.5]}}]}]",
    metadata = "{fiducial_alignment_status: NON_FIDUCIAL, reconstruction_method: WBP, processing: raw}",
    tomograms = `[{metadata: ${metadata}, sources: [{source_glob: {list_glob: 'rec/{run_name}.rec'}}]}]`,
    standardization_config = "{deposition_id: 10390, source_prefix: lab}",
    alignments,
    more = "",
  } = changes;
  return `version: 1.3.0
standardization_config: ${standardization_config}
depositions: [{metadata: {deposition_title: T}, sources: [{literal: {value: [10390]}}]}]
datasets: [{metadata: {dataset_title: D}, sources: [{literal: {value: ['10700']}}]}]
runs: ${runs}
voxel_spacings: ${voxel_spacings}
tomograms: ${tomograms}
${alignments === undefined ? "" : `alignments: ${alignments}\n`}${more}`;
}
