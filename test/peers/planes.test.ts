import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLANE_AXES, type PlaneAxis } from "../../src/arrays/plane/plane.js";
import { seededRandom } from "../../src/core/random.js";
import type { FileFacts, Listing, VolumeFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { fileStore } from "../../src/stores/file/store.js";
import { parseLocation } from "../../src/stores/url.js";
import { emporium, hasEnvironment, python } from "./environment.js";

interface Query {
  readonly key: string;
  readonly format: string;
  readonly axis: PlaneAxis;
  readonly at: number;
  readonly level: number;
  readonly box: readonly number[];
  readonly slab: number;
  readonly as: "native" | "f16" | "u8";
  readonly limits: readonly [number, number];
  readonly scale: readonly number[];
  readonly virtual: boolean;
}

/** A volume of /zarr, as it was read there. */
interface Virtual {
  readonly key: string;
  /** Which are as they are read from the file. */
  readonly levels: readonly boolean[];
  readonly scale: readonly number[];
}

const TITLES: Readonly<Record<string, string>> = {
  mrc: "MRC",
  tiff: "TIFF",
  dm: "DM3, DM4",
  zarr: "Zarr",
  zarr3: "Zarr",
  n5: "N5",
  precomputed: "precomputed",
  hdf5: "HDF5",
};
/** What no volume is, as it is listed, and why it does not open. */
const OTHERS: Readonly<Record<string, readonly [format: string | undefined, code: string, says: RegExp]>> = {
  "model.mod": ["IMOD model", "FORMAT_UNSUPPORTED", /an IMOD model is not read/],
  "image-c8.dm4": ["DM3, DM4", "FORMAT_UNSUPPORTED", /complex/],
  "junk.rec": ["MRC", "FORMAT_UNKNOWN", /./],
  "notes.xyz": [undefined, "FORMAT_UNKNOWN", /./],
};
const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));

const SEED = Number(process.env.PEER_SEED ?? 4);
const EACH = 6;

describe.skipIf(!hasEnvironment("peers"))("A4, A5: planes of volumes that other programs wrote", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-peers-planes-"));
  let portal: Portal;
  let volumes: { key: string; format: string }[];
  const address = (key: string) => `${portal.url}/api/v1/volumes/${printRef({ kind: "place", place: "here", key })}`;
  beforeAll(async () => {
    mkdirSync(join(folder, "volumes"));
    volumes = JSON.parse(await python("peers", "plane_volumes.py", ["make", join(folder, "volumes"), String(SEED)]));
    for (const [from, to] of [
      ["mod/imodmodel-0.1.0.mod", "model.mod"],
      ["dm/image-c8.dm4", "image-c8.dm4"],
    ] as const)
      copyFileSync(join(fixtures, from), join(folder, "volumes", to));
    for (const name of ["junk.rec", "notes.xyz"]) writeFileSync(join(folder, "volumes", name), "no volume at all ".repeat(200));
    const location = parseLocation(join(folder, "volumes"));
    const store = fileStore(join(folder, "volumes"));
    portal = await servePortal({
      places: [{ id: "here", name: "here", kind: "folder", location, store }],
      bucket: "b",
      version: "0",
    });
  });
  afterAll(async () => {
    await portal.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`are those that numpy cuts, of ${EACH} random axes, sections, levels, boxes and slabs each`, async () => {
    const random = seededRandom(SEED);
    const below = (n: number) => Math.floor(random() * n);
    const queries: Query[] = [];
    for (const { key, format } of volumes) {
      const reply = await fetch(address(key));
      const facts = (await reply.json()) as VolumeFacts;
      expect([key, reply.status, facts]).toMatchObject([key, 200, { dtype: expect.any(String) }]);
      for (let i = 0; i < EACH; i++) {
        const axis = (["z", "y", "x"] as const)[(i + below(2)) % 3]!;
        const level = below(facts.levels.length);
        const { shape, scale, virtual } = facts.levels[level]!;
        const [v, u] = shape.filter((_, one) => one !== PLANE_AXES[axis]) as [number, number];
        const [u0, v0] = i === 0 ? [0, 0] : [below(u), below(v)];
        const box = i === 0 ? [0, 0, u, v] : [u0, v0, u0 + 1 + below(u - u0), v0 + 1 + below(v - v0)];
        const at = below(facts.shape[PLANE_AXES[axis]]);
        const slab = i % 3 === 2 ? 1 + below(7) : 1;
        const as = (["native", "native", "native", "f16", "u8", "native"] as const)[i]!;
        const { low, high } = facts.limits;
        queries.push({ key, format, axis, at, level, box, slab, as, limits: [low, high], scale, virtual });
      }
    }
    writeFileSync(join(folder, "queries.json"), JSON.stringify(queries));
    mkdirSync(join(folder, "expected"));
    await python("peers", "plane_volumes.py", [
      "cut",
      join(folder, "volumes"),
      join(folder, "queries.json"),
      join(folder, "expected"),
    ]);
    let [virtual, averaged] = [0, 0];
    for (const [i, query] of queries.entries()) {
      const { key, axis, at, level, box, slab, as, limits } = query;
      const search = `axis=${axis}&at=${at}&level=${level}&box=${box.join()}&slab=${slab}&as=${as}&low=${limits[0]}&high=${limits[1]}`;
      const reply = await fetch(`${address(key)}/plane?${search}`);
      const found = new Uint8Array(await reply.arrayBuffer());
      const expected = readFileSync(join(folder, "expected", String(i)));
      const says = `${key} ${search}, seed ${SEED}`;
      expect([says, reply.status, reply.headers.get("x-shape")]).toEqual([
        says,
        200,
        `${box[3]! - box[1]!},${box[2]! - box[0]!}`,
      ]);
      expect([says, found.length]).toEqual([says, expected.length]);
      if (as === "u8") expect([says, found.every((grey, at) => Math.abs(grey - expected[at]!) <= 1)]).toEqual([says, true]);
      else expect([says, Buffer.compare(found, expected)]).toEqual([says, 0]);
      if (query.virtual) virtual++;
      if (slab > 1) averaged++;
    }
    expect([virtual > 5, averaged > 20]).toEqual([true, true]);
  });

  it("A3: each is listed as what it is, has the shape and type that harvest inspect prints, and opens; what cannot be opened says why", async () => {
    const there = join(folder, "volumes");
    const { entries } = (await (await fetch(`${portal.url}/api/v1/places/here/list`)).json()) as Listing;
    const keys = volumes.map(({ key }) => key.split("#", 1)[0]!);
    const { stdout } = await emporium(["harvest", "inspect", ...keys.map((key) => join(there, key)), "--json"]);
    const records = Object.values(JSON.parse(stdout) as FileFacts);
    for (const [at, key] of keys.entries()) {
      const entry = entries.find(({ name }) => name === key);
      const wanted = `${TITLES[volumes[at]!.format]}${/\.(gz|bz2)$/.test(key) ? ", compressed" : ""}`;
      expect([key, entry]).toEqual([key, expect.objectContaining({ format: wanted, ref: expect.any(String) })]);
      const facts = Object.values((await (await fetch(`${portal.url}/api/v1/places/here/facts?key=${key}`)).json()) as FileFacts);
      const record = records.find(({ location }) => location === join(there, key))!;
      expect([key, facts]).toEqual([key, [{ ...record, name: expect.any(String), location: key }]]);
      const { shape } = (await (await fetch(`${portal.url}/api/v1/volumes/${entry!.ref}`)).json()) as VolumeFacts;
      expect([key, shape]).toEqual([key, [1, ...record.shape].slice(-3)]);
    }
    for (const [key, [format, code, word]] of Object.entries(OTHERS)) {
      const entry = entries.find(({ name }) => name === key);
      expect([key, entry?.format]).toEqual([key, format]);
      const refused = await fetch(address(key));
      expect([key, refused.status, await refused.json()]).toEqual([
        key,
        422,
        expect.objectContaining({ code, message: expect.stringMatching(word) }),
      ]);
    }
  });

  it("A12: zarr-python, 2 and 3, opens what nobody converted, and reads at each level what the readers of its format read", async () => {
    const cases: object[] = [];
    for (const volume of volumes) {
      const { levels } = (await (await fetch(address(volume.key))).json()) as VolumeFacts;
      const url = `${portal.url}/zarr/${printRef({ kind: "place", place: "here", key: volume.key })}`;
      cases.push({ ...volume, url, virtual: levels.map(({ virtual }) => virtual) });
    }
    writeFileSync(join(folder, "cases.json"), JSON.stringify(cases));
    mkdirSync(join(folder, "wanted"));
    const words = [join(folder, "cases.json"), join(folder, "volumes"), join(folder, "wanted")];
    for (const environment of ["peers", "zarr3"] as const) {
      if (!hasEnvironment(environment)) continue;
      const found = JSON.parse(await python(environment, "virtual_zarr.py", words)) as Virtual[];
      expect(found.map(({ key }) => key)).toEqual(volumes.map(({ key }) => key));
      for (const { key, levels } of found) expect([environment, key, levels]).toEqual([environment, key, levels.map(() => true)]);
      expect(found.filter(({ levels }) => levels.length > 1).length).toBeGreaterThan(10);
      expect(found.find(({ key }) => key === "int16le.mrc")!.scale).toEqual([4, 3, 2]);
    }
  });
});
