import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Box, Triple } from "../../src/core/box.js";
import { type CropOptions, cropVolume } from "../../src/stations/harvest/crop/crop.js";
import { fileStore } from "../../src/stores/file/store.js";
import { hasEnvironment, type PythonEnvironment, python, type Verdict } from "./environment.js";

// biome-ignore lint/suspicious/noExplicitAny: zarrita's own types are not there where zarrita is not
const zarrita: any = await import("zarrita" as string).catch(() => undefined);
if (!zarrita) console.warn("skipped: zarrita is not installed");

const folder = mkdtempSync(join(tmpdir(), "emporium-crops-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Source {
  name: string;
  format: "zarr" | "n5" | "precomputed";
  key: string;
  levels: number;
  boxes: [number, number, number, number, number, number][];
}

interface Job {
  name: string;
  format: Source["format"];
  source: string;
  crop: string;
  levels: { source: string; path: string; start: Triple; stop: Triple }[];
  tolerance?: number | undefined;
}

const boxOf = ([z0, z1, y0, y1, x0, x1]: Source["boxes"][number]): Box => ({ start: [z0, y0, x0], stop: [z1, y1, x1] });

/** Crops every source at every box, and lets the peers compare. */
async function judged(kind: string, environment: PythonEnvironment): Promise<{ jobs: Job[]; verdicts: Verdict[] }> {
  const root = join(folder, kind);
  const sources: Source[] = JSON.parse(await python(environment, "make_crop_sources.py", [kind, root]));
  const store = fileStore(root);
  const jobs: Job[] = [];
  for (const { name, format, key, boxes } of sources) {
    const crop = async (
      label: string,
      options: Pick<CropOptions, "box" | "scale" | "encoding" | "jpegQuality">,
      tolerance?: number,
    ) => {
      const target = join(folder, `${kind}-crops`, `${name}-${label}`);
      const { levels } = await cropVolume({ store, key, format, target, sync: false, ...options });
      const listed = levels.map(({ path, box }) => ({ source: path, path, start: box.start, stop: box.stop }));
      jobs.push({ name: `${name} ${label}`, format, source: join(root, key), crop: target, levels: listed, tolerance });
    };
    for (const [i, box] of boxes.entries()) await crop(`${i}`, { box: boxOf(box) });
    const one = boxOf(boxes[2]!);
    if (format === "zarr") await crop("level-1", { scale: 1, box: { start: [1, 2, 3], stop: [18, 20, 19] } });
    // chunks on the grid keep their bytes, so what the peers read is the same; others lose a little
    if (name === "jpeg" || name === "jpeg-sharded") await crop("as-jpeg", { box: one, encoding: "jpeg" });
    if (name === "jpeg-colour") await crop("as-jpeg", { box: boxOf(boxes[3]!), encoding: "jpeg", jpegQuality: 95 }, 30);
  }
  const list = join(folder, `${kind}.json`);
  writeFileSync(list, JSON.stringify(jobs));
  return { jobs, verdicts: JSON.parse(await python(environment, "check_crops.py", [list])) };
}

function report(jobs: readonly Job[], verdicts: readonly Verdict[], least: number): void {
  expect(verdicts.filter(({ passed }) => !passed)).toEqual([]);
  for (const { name } of jobs) {
    expect([name, verdicts.filter((verdict) => verdict.case === name).length >= least]).toEqual([name, true]);
  }
}

describe.skipIf(!hasEnvironment("zarr3"))("crops of Zarr and N5 that zarr-python and tensorstore wrote", () => {
  let jobs: Job[] = [];
  let verdicts: Verdict[] = [];
  beforeAll(async () => {
    ({ jobs, verdicts } = await judged("zarr", "zarr3"));
  });

  it("they read of each crop what they read of the source's region, at the same place, with the same codecs", () => {
    expect(jobs.length).toBe(14 * 7 + 6 * 6);
    report(
      jobs.filter(({ format }) => format === "zarr"),
      verdicts.filter(({ case: name }) => !name.startsWith("n5")),
      7,
    );
    report(
      jobs.filter(({ format }) => format === "n5"),
      verdicts.filter(({ case: name }) => name.startsWith("n5")),
      6,
    );
  });

  it.skipIf(!zarrita)("zarrita reads the same", async () => {
    const open = (path: string, level: string) => {
      const get = async (key: string) =>
        existsSync(join(path, key)) ? new Uint8Array(readFileSync(join(path, key))) : undefined;
      const getRange = async (key: string, range: { offset: number; length: number } | { suffixLength: number }) => {
        const whole = await get(key);
        if ("suffixLength" in range) return whole?.subarray(whole.length - range.suffixLength);
        return whole?.subarray(range.offset, range.offset + range.length);
      };
      return zarrita.open(zarrita.root({ get, getRange }).resolve(level), { kind: "array" });
    };
    const zarrs = jobs.filter(({ format, name }) => format === "zarr" && /-C |v3/.test(name));
    expect(zarrs.length).toBe(9 * 7);
    for (const { name, source, crop, levels } of zarrs) {
      for (const level of levels) {
        const array = await open(crop, level.path);
        const whole = await open(source, level.path);
        const lead = array.shape.slice(0, -3).map(() => null);
        const region = level.start.map((from, axis) => zarrita.slice(from, level.stop[axis]!));
        const [found, wanted] = [await zarrita.get(array), await zarrita.get(whole, [...lead, ...region])];
        expect([name, level.path, found.shape, Buffer.from(found.data.buffer).equals(Buffer.from(wanted.data.buffer))]).toEqual([
          name,
          level.path,
          wanted.shape,
          true,
        ]);
      }
    }
  });
});

describe.skipIf(!hasEnvironment("neuroglancer"))("crops of precomputed volumes that tensorstore wrote", () => {
  it("tensorstore and cloud-volume read of each crop what they read of the source's region: JPEG too, to the last bit", async () => {
    const { jobs, verdicts } = await judged("precomputed", "neuroglancer");
    expect(jobs.length).toBe(9 * 6 + 3);
    report(jobs, verdicts, 4);
  });
});
