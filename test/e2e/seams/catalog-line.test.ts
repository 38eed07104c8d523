import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTiff } from "../../../src/formats/tiff/write.js";
import { newcomer } from "./newcomer.js";

const person = newcomer();
const { at, folder } = person;
afterAll(() => person.leave());

const ID = "CELLS-2024-05-17-10-30-00-0001";
const CHANNELS = ["DAPI", "grün"];
const [SLICES, EDGE] = [8, 64];
/** Sample of a frame. */
const sample = (c: number, z: number, i: number) => (i * 31 + z * 977 + c * 7919) % 65_536;

async function writeImage(path: string, c: number, z: number): Promise<void> {
  const plane = Uint16Array.from({ length: EDGE * EDGE }, (_, i) => sample(c, z, i));
  const pieces: Uint8Array[] = [];
  async function* bytes() {
    yield new Uint8Array(plane.buffer);
  }
  const form = { pages: 1, height: EDGE, width: EDGE, samples: 1, dtype: "uint16" } as const;
  for await (const piece of writeTiff(form, bytes())) pieces.push(piece);
  writeFileSync(path, Buffer.concat(pieces));
}

beforeAll(async () => {
  for (const name of ["Aufnahme 1", "Ablage"]) mkdirSync(at(name));
  for (const [c, channel] of CHANNELS.entries()) {
    for (let z = 0; z < SLICES; z++) await writeImage(at("Aufnahme 1", `img_${channel}_t000_p000_z00${z}.tif`), c, z);
  }
  writeFileSync(at("Tabelle.csv"), `dataset_id,file_name,description\n${ID},Aufnahme 1,erste Übung\n`);
  const config = { upload_type: "frames", frames_format: "tif_folder", microscope: "Leica", storage: "./Ablage" };
  writeFileSync(at("config.json"), JSON.stringify({ ...config, filename_parser: "parse_sms_name" }));
});

const catalog = (...words: string[]) => person.run("catalog", ...words);
const holds = (name: string, pattern: RegExp) =>
  existsSync(at(name)) && readdirSync(at(name), { recursive: true }).some((key) => pattern.test(String(key)));

const UPLOAD = ["upload", "--csv", "Tabelle.csv", "--config", "config.json"];
const DOWNLOAD = ["download", "--id", ID, "--dest", "Zurück geholt", "--storage", "Ablage"];
const CATALOG = join(".emporium", "catalog");

describe("catalog upload → query → download → verify", () => {
  it("upload is stopped while the database is made, and while frames are stored; the same command ends it", async () => {
    const early = await person.stop(() => holds(CATALOG, /^\.new-/), "catalog", ...UPLOAD);
    expect([early.status, early.out], early.err).toEqual([130, ""]);
    expect(holds(CATALOG, /^\.new-/)).toBe(false);
    const late = await person.stop(() => holds("Ablage", /\.png$/), "catalog", ...UPLOAD);
    expect([0, 130], late.err).toContain(late.status);
    if (late.status === 130) expect(await catalog(...UPLOAD)).toMatchObject({ status: 0 });
    // what is there is not taken twice
    expect(await catalog(...UPLOAD)).toMatchObject({ status: 2, err: expect.stringContaining("--overwrite") });
  }, 120_000);

  it("query finds it, twice, and what it has", async () => {
    for (const _ of [1, 2]) expect((await catalog("query")).out).toBe(`Number of datasets matching your query: 1\n0 ${ID}\n`);
    const { out } = await catalog("query", "--id", ID);
    expect(out).toMatch(/^ {2}channels +0 DAPI, 1 grün\n {2}slices +0-7$/m);
  }, 60_000);

  it("download is stopped in the middle; the same command ends it with the pixels that were uploaded", async () => {
    const first = await person.stop(() => holds("Zurück geholt", /\.png/), "catalog", ...DOWNLOAD);
    expect([0, 130], first.err).toContain(first.status);
    if (first.status === 130) expect(await catalog(...DOWNLOAD)).toMatchObject({ status: 0 });
    // a folder that is complete is never touched
    expect(await catalog(...DOWNLOAD)).toMatchObject({ status: 2, err: expect.stringContaining("exists already") });
    for (const [c] of CHANNELS.entries()) {
      for (let z = 0; z < SLICES; z++) {
        const png = decode(readFileSync(at("Zurück geholt", ID, `im_c00${c}_z00${z}_t000_p000.png`)));
        expect([...png.data]).toEqual(Array.from({ length: EDGE * EDGE }, (_, i) => sample(c, z, i)));
      }
    }
  }, 60_000);

  it("verify proves it, twice, also after it was stopped; no server is left, and nothing beside the folder", async () => {
    const running = () => holds(join(CATALOG, "postgres", "data"), /^postmaster\.pid$/);
    await person.stop(running, "catalog", "verify", "--storage", "Ablage");
    for (const _ of [1, 2]) expect(await catalog("verify", "--storage", "Ablage")).toMatchObject({ status: 0 });
    expect(running()).toBe(false);
    // the home of this person; newer Nodes keep there what they have compiled
    const beside = readdirSync(join(folder, "..")).filter((name) => name !== ".cache");
    expect(beside).toEqual(["Meine Arbeit"]);
  }, 60_000);
});
