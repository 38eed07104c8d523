import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seededRandom } from "../../src/core/random.js";
import type { Lineage, Overlays, VolumeFacts } from "../../src/model/page-api.js";
import { printRef } from "../../src/model/ref.js";
import { openPlaces } from "../../src/server/places.js";
import { type Portal, servePortal } from "../../src/server/portal.js";
import { hasEnvironment, python } from "./environment.js";

interface Volume {
  readonly key: string;
  readonly format: string;
}

interface Value {
  readonly key: string;
  readonly query: Readonly<Record<string, string | number>>;
  readonly wanted: number;
}

const SEED = Number(process.env.PEER_SEED ?? Date.now() % 100_000);
const COUNT = 100;

/** Python opens the file that an answer names, reads the named bytes and nothing else, and undoes the codecs one by one. */
describe.skipIf(!hasEnvironment("peers"))("where a number is from", { timeout: 600_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-lineage-"));
  const data = join(folder, "data");
  const random = seededRandom(SEED);
  const volumes: Volume[] = [];
  const lists: Record<string, number[][]> = {};
  const values: Value[] = [];
  let portal: Portal;

  const pick = (below: number) => Math.floor(random() * below);
  const ref = (key: string) => printRef({ kind: "place", place: "data", key });
  const ask = async <T>(path: string) => (await (await fetch(`${portal.url}/api/v1/${path}`)).json()) as T;
  const check = async (findings: readonly object[]) => {
    writeFileSync(join(folder, "findings.json"), JSON.stringify(findings));
    const faults = JSON.parse(await python("peers", "lineage.py", ["check", data, join(folder, "findings.json")])) as object;
    expect(Object.entries(faults).map(([i, fault]) => [SEED, fault, findings[Number(i)]])).toEqual([]);
  };

  beforeAll(async () => {
    mkdirSync(data);
    console.log(`lineage: PEER_SEED=${SEED}`);
    const made = (await python("peers", "lineage.py", ["make", data, String(SEED)])).trim().split("\n");
    const [first, second, points, numbers] = made.map((line): unknown => JSON.parse(line));
    volumes.push(...(first as Volume[]), ...(second as Volume[]));
    Object.assign(lists, points);
    values.push(...(numbers as Value[]));
    portal = await servePortal({ places: await openPlaces([data]), bucket: "b", version: "0" });
  }, 600_000);
  afterAll(async () => {
    await portal?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("100 random voxels over every format: the named bytes hold them", async () => {
    const findings: object[] = [];
    for (let n = 0; findings.length < COUNT; n++) {
      // each volume once, then at random
      const { key, format } = volumes[n < volumes.length ? n : pick(volumes.length)]!;
      if (format === "hdf5") continue;
      const facts = await ask<VolumeFacts>(`volumes/${ref(key)}`);
      const level = pick(facts.levels.length);
      const { shape, scale, virtual } = facts.levels[level]!;
      const voxel = shape.map(pick);
      const [z, y, x] = voxel;
      const answer = await ask<Lineage>(`lineage/${ref(key)}/voxel?z=${z}&y=${y}&x=${x}&level=${level}`);
      findings.push({ kind: "voxel", key, format, level, voxel, scale, stored: !virtual, answer });
    }
    await check(findings);
  });

  it("100 random points of ndjson, CSV, STAR and IMOD models: the named bytes hold them", async () => {
    const volume = ref("points/v.mrc");
    const { layers } = await ask<Overlays>(`overlays/${volume}`);
    const named = (id: string, name: string) => (/\.mod\b/.test(name) ? `v.mod-${id.split("-")[1]}` : name);
    expect(layers.map(({ id, name }) => named(id, name)).sort()).toEqual(Object.keys(lists).sort());
    const findings: object[] = [];
    while (findings.length < COUNT) {
      const { id, name } = layers[findings.length < layers.length ? findings.length : pick(layers.length)]!;
      const points = lists[named(id, name)]!;
      const index = pick(points.length);
      const answer = await ask<Lineage>(`lineage/${volume}/point?layer=${id}&index=${index}`);
      findings.push({ kind: "point", layer: name, index, answer, wanted: points[index] });
    }
    await check(findings);
  });

  it("100 random values of JSON, lists of angles and MRC headers: the named bytes hold them", async () => {
    const findings: object[] = [];
    while (findings.length < COUNT) {
      const { key, query, wanted } = values[pick(values.length)]!;
      const words = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
      const answer = await ask<Lineage>(`lineage/${ref(key)}/value?${words.join("&")}`);
      expect([key, query, Number(answer.value)]).toEqual([key, query, wanted]);
      findings.push({ kind: "value", key, query, answer, wanted });
    }
    await check(findings);
  });

  it("what is asked for wrongly is refused with a code, and nothing outside of a place is named", async () => {
    const [volume, list] = [ref("ome05.zarr"), ref("points/v.mrc")];
    const { layers } = await ask<Overlays>(`overlays/${list}`);
    const longest = layers.find(({ name }) => name === "v_long.ndjson")!.id;
    const wrong: readonly (readonly [path: string, status: number, code: string])[] = [
      [`${volume}/voxel?z=40&y=0&x=0`, 400, "USAGE"],
      [`${volume}/voxel?z=0&y=0&x=9999999999`, 400, "USAGE"],
      [`${volume}/voxel?z=0&y=0&x=0&level=3`, 400, "USAGE"],
      [`${volume}/voxel?z=-1&y=0&x=0`, 400, "USAGE"],
      [`${volume}/voxel?z=1e3&y=0&x=0`, 400, "USAGE"],
      [`${volume}/voxel?z=0&y=0`, 400, "USAGE"],
      [`${volume}/voxel?z=0&y=0&x=0&key=/etc/passwd`, 400, "USAGE"],
      [`${list}/point?layer=${longest}&index=3000`, 400, "USAGE"],
      [`${list}/point?layer=none&index=0`, 404, "NOT_FOUND"],
      [`${list}/point?layer=..%2F..&index=0`, 400, "USAGE"],
      [`${ref("documents/one-line.json")}/value?pointer=/toString`, 404, "NOT_FOUND"],
      [`${ref("documents/one-line.json")}/value?pointer=/size&line=1`, 400, "USAGE"],
      [`${ref("documents/one-line.json")}/value?field=nx`, 422, "FORMAT_UNSUPPORTED"],
      [`${ref("float32le.mrc")}/value?field=__proto__`, 400, "USAGE"],
      [`${ref("documents/a.tlt")}/value?line=42`, 404, "NOT_FOUND"],
      [`${ref("../findings.json")}/value?pointer=/0`, 400, "NAME_UNSAFE"],
      [`${ref("absent.mrc")}/voxel?z=0&y=0&x=0`, 404, "NOT_FOUND"],
      [`${ref("documents")}/voxel?z=0&y=0&x=0`, 422, "FORMAT_UNKNOWN"],
      [`tomogram:1/value?pointer=/voxel_spacing`, 404, "NOT_FOUND"],
    ];
    for (const [path, status, code] of wrong) {
      const reply = await fetch(`${portal.url}/api/v1/lineage/${path}`);
      const text = await reply.text();
      expect([path, reply.status, (JSON.parse(text) as { code: string }).code]).toEqual([path, status, code]);
      expect(text).not.toContain(folder);
    }
  });
});
