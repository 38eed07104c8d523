import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultServer, startFaultServer } from "../../faults/server.mjs";
import { tinyMrc } from "../ingest-plan-kit.js";
import { type Newcomer, newcomer } from "./newcomer.js";

/** harvest download → inspect → ingest new → run, with what a newcomer types, in a folder with a blank and an umlaut. */
describe("from a web server to a portal's tree", () => {
  let server: FaultServer;
  let person: Newcomer;
  const volumes = { TS_1: filled(3), TS_2: filled(5) };
  beforeAll(async () => {
    server = await startFaultServer({ manners: { listing: "nginx" }, bytesPerSecond: 4 * 2 ** 20 });
    for (const [run, bytes] of Object.entries(volumes)) server.putFile(`Übung eins/${run}/${run}.rec`, bytes);
    person = newcomer();
  });
  afterAll(async () => {
    await person.leave();
    await server.close();
  });
  const link = () => `${server.filesUrl}/%C3%9Cbung%20eins/`;
  const parts = (): string[] =>
    existsSync(person.at("kopie"))
      ? (readdirSync(person.at("kopie"), { recursive: true }) as string[]).filter((name) => name.endsWith(".part"))
      : [];

  it("seam 37: a download that is stopped and given again, twice, is the same files byte for byte", async () => {
    const stopped = await person.stop(() => parts().length > 0, "harvest", "download", link(), "--dest", "kopie");
    expect(stopped.status).toBe(130);
    for (const round of ["again", "once more"]) {
      const { status, err } = await person.run("harvest", "download", link(), "--dest", "kopie");
      expect([round, status, err]).toEqual([round, 0, expect.not.stringMatching(/error/)]);
      for (const [run, bytes] of Object.entries(volumes)) {
        const copy = readFileSync(person.at("kopie", "Übung eins", run, `${run}.rec`));
        expect([run, Buffer.compare(copy, bytes)]).toEqual([run, 0]);
      }
    }
    expect(parts()).toEqual([]);
  }, 60_000);

  it("is inspected, described by ingest new and ingested, twice", async () => {
    const lab = "kopie/Übung eins";
    const inspected = await person.run("harvest", "inspect", lab);
    expect(inspected.status).toBe(0);
    expect(inspected.out).toMatch(/voxel +13\.48 × 13\.48 × 13\.48 Å/);
    const made = await person.run("ingest", "new", "--from", lab, "--out", "lab.yaml", "--yes");
    expect([made.status, made.err]).toEqual([0, expect.any(String)]);
    expect(readFileSync(person.at("lab.yaml"), "utf8")).toMatch(/kopie\/Übung eins: give that as INPUT/); // its first lines say what INPUT is
    for (const round of ["first", "again"]) {
      const { status, err } = await person.run("ingest", "run", "lab.yaml", lab, "tree", "--import-everything");
      expect([round, status, err]).toEqual([round, 0, expect.not.stringMatching(/error\[/)]);
    }
    const mrcs = (readdirSync(person.at("tree"), { recursive: true }) as string[]).filter((name) => name.endsWith(".mrc"));
    expect(mrcs).toHaveLength(2);
    for (const name of mrcs) {
      const run = /TS_[12]/.exec(name)?.[0] as keyof typeof volumes;
      expect([name, voxelsOf(readFileSync(person.at("tree", name)))]).toEqual([name, voxelsOf(volumes[run])]);
    }
  }, 60_000);
});

/** Voxels that differ from place to place, and from file to file. */
function filled(step: number): Uint8Array {
  return tinyMrc(64, 192, 160, 13.48).map((byte, at) => (at < 1024 ? byte : (at * step) % 113));
}

/** Modes 0 and 2 of MRC, behind whatever extended header; of the many voxels a sum that knows their places. */
function voxelsOf(mrc: Uint8Array): number {
  const view = new DataView(mrc.buffer, mrc.byteOffset, mrc.length);
  const begin = 1024 + view.getInt32(92, true);
  const floats = view.getInt32(12, true) === 2;
  let sum = 0;
  for (let at = 0; at < 64 * 192 * 160; at++) {
    const value = floats ? view.getFloat32(begin + 4 * at, true) : view.getInt8(begin + at);
    sum += value * (1 + (at % 1009));
  }
  return sum;
}
