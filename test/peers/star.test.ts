import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inMemory } from "../../src/core/bytes.js";
import { seededRandom } from "../../src/core/random.js";
import type { ReadPoints } from "../../src/formats/points/points.js";
import { readRelion3 } from "../../src/formats/points/relion3.js";
import { readRelion4 } from "../../src/formats/points/relion4.js";
import { readStopgap } from "../../src/formats/points/stopgap.js";
import { readTomoman } from "../../src/formats/points/tomoman.js";
import { findStarTable, readStar } from "../../src/formats/star/read.js";
import { inPartWithoutRealFiles, REAL_DATA_FOLDER } from "../real-data.js";
import { hasEnvironment, python } from "./environment.js";

const SHARED = REAL_DATA_FOLDER;
const shared = existsSync(SHARED);
const folder = mkdtempSync(join(tmpdir(), "emporium-peers-star-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const starsBelow = (root: string) =>
  readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".star"))
    .map((name) => join(root, name));

type Blocks = Record<string, { columns: string[]; rows: (string | number | null)[][] }>;

/** Equal as texts, or as the numbers that starfile made of them, whose last digits pandas may round otherwise; null is its NaN. */
function same(text: string, value: string | number | null): boolean {
  if (typeof value !== "number") return text === (value ?? "");
  return Math.abs(Number(text) - value) <= 1e-14 * Math.abs(value);
}

describe.skipIf(!hasEnvironment("peers"))("STAR files, read by starfile as well", () => {
  inPartWithoutRealFiles("one table of our own only");
  const files = shared ? starsBelow(SHARED) : [];
  let read: Record<string, Blocks>;

  beforeAll(async () => {
    const own = join(folder, "own.star");
    writeFileSync(own, 'data_a\n\n_x 1\n_y "two words"\n\ndata_b\n\nloop_\n_n #1\n_o #2\n1.5 \'a b\'\n-2e3 ""\n');
    files.push(own);
    read = JSON.parse(await python("peers", "star_dump.py", files));
  }, 120_000);

  it("all blocks, columns and values", async () => {
    expect(Object.keys(read).length).toBe(files.length);
    expect(files.length).toBeGreaterThanOrEqual(shared ? 21 : 1);
    for (const path of files) {
      const tables = await readStar(inMemory(readFileSync(path), path));
      expect(
        tables.map(({ name }) => name),
        path,
      ).toEqual(Object.keys(read[path]!));
      for (const [name, { columns, rows }] of Object.entries(read[path]!)) {
        const table = findStarTable(tables, name, path)!;
        expect([table.columns, table.rows.length], `${path} data_${name}`).toEqual([columns, rows.length]);
        const unequal = rows.flatMap((row, i) =>
          row.flatMap((value, j) => (same(table.rows[i]![j]!, value) ? [] : [[i, columns[j], table.rows[i]![j], value]])),
        );
        expect(unequal, `${path} data_${name}`).toEqual([]);
      }
    }
  });
});

const READERS: Record<string, ReadPoints> = {
  relion3: readRelion3,
  relion4: readRelion4,
  tomoman: readTomoman,
  stopgap: readStopgap,
};

/** A thousand random particles of two tomograms. */
function randomList(format: string): string {
  const random = seededRandom(format.length);
  const between = (low: number, high: number) => (low + (high - low) * random()).toFixed(5);
  const names = {
    relion3:
      "rlnMicrographName rlnCoordinateX rlnCoordinateY rlnCoordinateZ rlnOriginX rlnOriginY rlnOriginZ rlnAngleRot rlnAngleTilt rlnAnglePsi",
    relion4:
      "rlnTomoName rlnCoordinateX rlnCoordinateY rlnCoordinateZ rlnOriginXAngst rlnOriginYAngst rlnOriginZAngst rlnAngleRot rlnAngleTilt rlnAnglePsi",
    tomoman:
      "rlnTomoName rlnCoordinateX rlnCoordinateY rlnCoordinateZ rlnOriginX rlnOriginY rlnOriginZ rlnAngleRot rlnAngleTilt rlnAnglePsi",
    stopgap: "tomo_num orig_x orig_y orig_z x_shift y_shift z_shift phi the psi",
  }[format]!;
  let text = format === "relion4" ? "data_optics\n\nloop_\n_rlnOpticsGroup #1\n_rlnImagePixelSize #2\n1 3.37\n\n" : "";
  text += `data_${format === "relion4" ? "particles" : ""}\n\nloop_\n${names.replaceAll(/\S+/g, "_$&\n").replaceAll(" ", "")}`;
  for (let i = 0; i < 1000; i++) {
    const values = [0, 0, 0].map(() => between(0, 4000)).concat([0, 0, 0].map(() => between(-9, 9)));
    text += `${format === "stopgap" ? i % 2 : `TS_${i % 2}`} ${values.join(" ")} ${between(-180, 180)} ${between(0, 180)} ${between(-180, 180)}\n`;
  }
  return text;
}

describe.skipIf(!hasEnvironment("peers"))("particle lists, read by starfile, numpy and scipy as well", () => {
  const jobs = Object.keys(READERS).flatMap((format) => {
    const random = join(folder, `${format}.star`);
    writeFileSync(random, randomList(format));
    const name = { relion3: "relion_3_star", relion4: "relion_4_star", tomoman: "tomoman_relion_star", stopgap: "stopgap_star" }[
      format
    ];
    const filter = { relion3: "tomo_2.tomostar", relion4: "TS_002", tomoman: "grid_1_lamella1_pos2", stopgap: "2" }[format]!;
    const half = format === "stopgap" ? "1" : "TS_1";
    return [
      { case: `${format}, 1,000 random particles`, path: random, format, filter: null, binning: 1, count: 1000 },
      { case: `${format}, those of one tomogram`, path: random, format, filter: half, binning: 4.99, count: 500 },
      ...(shared
        ? [{ case: `${format}, a real list`, path: join(SHARED, `star/${name}.star`), format, filter, binning: 4, count: 3 }]
        : []),
    ];
  });
  let answers: number[][][];

  beforeAll(async () => {
    writeFileSync(join(folder, "jobs.json"), JSON.stringify(jobs));
    answers = JSON.parse(await python("peers", "star_points.py", [join(folder, "jobs.json")]));
  }, 120_000);

  it.each(jobs.map((job, at) => [job.case, job, at] as const))("%s", async (_, { path, format, filter, binning, count }, at) => {
    const options = {
      kind: "orientedPoint",
      binning,
      columns: "xyz",
      order: "xyz",
      delimiter: ",",
      filterValue: filter ?? undefined,
    } as const;
    const points: number[][] = [];
    for await (const batch of READERS[format]!(inMemory(readFileSync(path), path), options)) {
      for (let i = 0; i < batch.count; i++) {
        points.push([...batch.positions.subarray(3 * i, 3 * i + 3), ...batch.rotations!.subarray(9 * i, 9 * i + 9)]);
      }
    }
    expect([points.length, answers[at]!.length]).toEqual([count, count]);
    const worst = Math.max(...points.flatMap((point, i) => point.map((value, j) => Math.abs(value - answers[at]![i]![j]!))));
    expect(worst).toBeLessThanOrEqual(1e-11);
  });
});
