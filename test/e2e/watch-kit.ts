import { appendFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { tiffBytes } from "../../examples/lab/tiff.mjs";
import { writeVolume } from "../../examples/lab/volumes.mjs";
import type { Clock } from "../../src/core/clock.js";

/** A session at the microscope, as a folder sees it: what happens to which file, and when. */
export type SessionEvent = { readonly atMs: number; readonly path: string } & (
  | { readonly append: Uint8Array }
  | { readonly write: Uint8Array }
  | { readonly to: string }
);

export interface Series {
  readonly name: string;
  /** Images that are acquired. */
  readonly tilts: number;
}

export const TILT_MS = 15_000;

export const seriesOf = (count: number, tilts = 3): Series[] =>
  Array.from({ length: count }, (_, at) => ({ name: `TS_${String(at + 1).padStart(2, "0")}`, tilts }));

export const SESSION_CONFIG = `version: "1.3.0"
standardization_config:
  deposition_id: 10301
  source_prefix: session
depositions:
- metadata:
    deposition_identifier: 10301
    deposition_title: A session
    deposition_description: Tilt series as they are acquired.
    deposition_types: [dataset]
    authors: &authors
    - {name: Example Author, ORCID: 0000-0000-0000-0000, primary_author_status: true, corresponding_author_status: true}
    dates: &dates {deposition_date: 2026-01-10, release_date: 2026-02-01, last_modified_date: 2026-02-01}
  sources:
  - literal: {value: [10301]}
datasets:
- metadata:
    dataset_identifier: 10401
    dataset_title: A session
    dataset_description: Tilt series as they are acquired.
    sample_type: organism
    organism: {name: Bacillus subtilis, taxonomy_id: 1423}
    tissue: {name: spore, id: "BTO:0001293"}
    assay: {name: cryo-ET, id: "EFO:0900000"}
    development_stage: {name: unknown, id: unknown}
    disease: {name: normal, id: "PATO:0000461"}
    authors: *authors
    dates: *dates
  sources:
  - literal: {value: ['10401']}
runs:
- sources:
  - source_glob: {list_glob: '*.mdoc', name_regex: '(.*).mdoc'}
voxel_spacings:
- sources:
  - literal: {value: [13.48]}
collection_metadata:
- sources:
  - source_glob: {list_glob: '{run_name}.mdoc'}
frames:
- metadata: {dose_rate: 2.0, is_gain_corrected: false}
  sources:
  - source_glob: {list_glob: 'frames/{run_name}_*'}
tiltseries:
- metadata:
    acceleration_voltage: 300000
    spherical_aberration_constant: 2.7
    microscope: {manufacturer: TFS, model: Krios}
    microscope_optical_setup: {energy_filter: Selectris}
    camera: {manufacturer: TFS, model: FALCON 4i}
    data_acquisition_software: SerialEM
    is_aligned: false
    tilt_range: {min: -9.0, max: 9.0}
    tilt_step: 3.0
    tilt_axis: 84.7
    tilting_scheme: dose-symmetric from 0 degrees
    total_flux: 21.0
    tilt_series_quality: 4
    pixel_spacing: 3.3702
  sources:
  - source_glob: {list_glob: '{run_name}.st'}
rawtilts:
- sources:
  - source_glob: {list_glob: '{run_name}.rawtlt'}
`;

const ANGLES = [0, 3, -3, -6, 6, 9, -9];
const frameName = (name: string, tilt: number) => `${name}_${String(tilt + 1).padStart(3, "0")}.tif`;
const bytes = (text: string) => new TextEncoder().encode(text);

/** Files of a series, whole: the mdoc in its head and sections. */
async function filesOf({ name, tilts }: Series, index: number, scratch: string) {
  const stack = join(scratch, `${name}.st`);
  await writeVolume(stack, { shape: [tilts, 16, 16], kind: "int16", runIndex: index, spacingAngstrom: 3.3702, stack: true });
  const head = `PixelSpacing = 3.3702\nVoltage = 300\nImageFile = ${name}.st\nImageSize = 16 16\nDataMode = 1\n\n[T = SerialEM: a session]\n\n`;
  const sections = Array.from(
    { length: tilts },
    (_, tilt) =>
      `[ZValue = ${tilt}]\nTiltAngle = ${ANGLES[tilt]}\nExposureDose = 3\nPriorRecordDose = ${3 * tilt}\nPixelSpacing = 3.3702\nRotationAngle = 174.7\n` +
      `ExposureTime = 1.5\nSubFramePath = X:\\session\\${frameName(name, tilt)}\nNumSubFrames = 4\nDateTime = 10-Jan-26  10:${String(tilt).padStart(2, "0")}:00\n\n`,
  );
  return {
    stack: new Uint8Array(readFileSync(stack)),
    mdoc: [head, ...sections].map(bytes),
    frames: Array.from({ length: tilts }, (_, tilt) =>
      tiffBytes({ width: 16, height: 16, pages: 4, pixel: (page, y, x) => (index * 64 + tilt * 16 + page + y * x) & 255 }),
    ),
    rawtlt: bytes(
      ANGLES.slice(0, tilts)
        .toSorted((a, b) => a - b)
        .map((angle) => `${angle}\n`)
        .join(""),
    ),
  };
}

/** How SerialEM and a copier beside it write series one after another: section by section, the angles at the end. */
export async function sessionOf(series: readonly Series[], scratch: string, everyMs: number): Promise<SessionEvent[]> {
  mkdirSync(scratch, { recursive: true });
  const events: SessionEvent[] = [];
  for (const [index, one] of series.entries()) {
    const { stack, mdoc, frames, rawtlt } = await filesOf(one, index, scratch);
    const startMs = index * everyMs;
    const image = (stack.length - 1024) / one.tilts;
    events.push({ atMs: startMs, path: `${one.name}.mdoc`, append: mdoc[0]! });
    events.push({ atMs: startMs, path: `${one.name}.st`, append: stack.subarray(0, 1024) });
    for (let tilt = 0; tilt < one.tilts; tilt++) {
      const atMs = startMs + (tilt + 1) * TILT_MS;
      // frames come under another name, in two pieces, and every other series has them before its mdoc tells of them
      const path = `frames/${frameName(one.name, tilt)}`;
      const early = index % 2 === 0 ? 2000 : -2000;
      const half = frames[tilt]!.length >> 1;
      events.push({ atMs: atMs - early - 1000, path: `${path}.part`, append: frames[tilt]!.subarray(0, half) });
      events.push({ atMs: atMs - early, path: `${path}.part`, append: frames[tilt]!.subarray(half) });
      events.push({ atMs: atMs - early + 1, path: `${path}.part`, to: path });
      events.push({ atMs, path: `${one.name}.mdoc`, append: mdoc[tilt + 1]! });
      events.push({ atMs, path: `${one.name}.st`, append: stack.subarray(1024 + tilt * image, 1024 + (tilt + 1) * image) });
    }
    events.push({ atMs: startMs + one.tilts * TILT_MS + 5000, path: `${one.name}.rawtlt`, write: rawtlt });
  }
  return events.sort((a, b) => a.atMs - b.atMs);
}

/** Lets a part of a session happen. */
export function play(events: readonly SessionEvent[], folder: string): void {
  for (const event of events) {
    const path = join(folder, event.path);
    mkdirSync(dirname(path), { recursive: true });
    if ("append" in event) appendFileSync(path, event.append);
    else if ("write" in event) writeFileSync(path, event.write);
    else renameSync(path, join(folder, event.to));
  }
}

/** A clock by which the events happen while it is waited for. */
export function playedClock(
  events: readonly SessionEvent[],
  folder: string,
  onTime: (ms: number) => void = () => {},
): Clock & { readonly left: number } {
  let time = 0;
  let next = 0;
  return {
    now: () => Date.UTC(2026, 0, 10) + time,
    monotonic: () => time,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      time += ms;
      let until = next;
      while (until < events.length && events[until]!.atMs <= time) until++;
      play(events.slice(next, until), folder);
      next = until;
      onTime(time);
    },
    get left() {
      return events.length - next;
    },
  };
}

/** Every file of a tree, but for what the engine keeps beside it. */
export function contentsOf(folder: string): Record<string, string> {
  return Object.fromEntries(
    (readdirSync(folder, { recursive: true }) as string[])
      .filter((name) => !name.startsWith(".") && statSync(join(folder, name)).isFile())
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), "latin1")]),
  );
}

export const removeFolder = (folder: string) => rmSync(folder, { recursive: true, force: true });
