import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PLANE_AXES, type PlaneAxis } from "../../src/arrays/plane/plane.js";
import { seededRandom } from "../../src/core/random.js";
import type { VolumeFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { fileStore } from "../../src/stores/file/store.js";
import { parseLocation } from "../../src/stores/url.js";
import { hasEnvironment, python } from "./environment.js";

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

  it("A12: zarr-python opens an MRC that nobody converted, and reads what mrcfile reads, at each level", async () => {
    // 5×300×270 and 290×3×530 voxels, both byte orders; halves come as float32
    const expected = {
      "int16le.mrc": "<i2",
      "uint16le.mrc": "<u2",
      "float16le.mrc": "<f4",
      "float32be.mrc": "<f4",
      "int8le.mrc": "|i1",
    };
    const words = Object.keys(expected).flatMap((key) => [
      `${portal.url}/zarr/${printRef({ kind: "place", place: "here", key })}`,
      join(folder, "volumes", key),
    ]);
    const found = JSON.parse(await python("peers", "virtual_zarr.py", words));
    for (const [i, [key, dtype]] of Object.entries(expected).entries()) {
      expect([key, found[i].scale]).toEqual([key, [4, 3, 2]]);
      for (const level of found[i].levels) expect([key, level]).toMatchObject([key, { dtype, equal: true }]);
    }
  });
});
