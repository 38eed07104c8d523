import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asked, type BombServer, command, pulse, residentMiB, serving, usedSeconds } from "./bomb-server.mjs";
import { writeBombs } from "./bombs.mjs";

/** Small files that decode to gibibytes, against a server and commands of processes of their own: what they take is bounded, and who else asks is answered. */
const MEMORY_MIB = 384;
/** What the program takes beside `--memory`. */
const BESIDE_MIB = 150;
/** A machine that does much else is slow: the figure of a quiet one is the benchmark's. */
const HEALTH_MS = 2_000;
const LIMIT_MS = 60_000;
type Answer = Awaited<ReturnType<typeof asked>>;

let folder: string;
let location: string;
let names: string[];
let server: BombServer;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "emporium-bombs-"));
  location = join(folder, "bombs");
  names = await writeBombs(location);
  server = await serving(location, { memoryMiB: MEMORY_MIB, workspace: join(folder, "workspace") });
});
afterAll(async () => {
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const first = (name: string) => `${server.volume(name)}/plane?axis=z&at=0&box=0,0,64,64`;

describe("(34.11) a server", () => {
  it("answers each bomb, with zeros or with the reason; its memory is that of --memory, and others are answered meanwhile", async () => {
    expect(names.length).toBeGreaterThan(50);
    const stop = pulse(server.url);
    const answers: { name: string; facts: Answer; plane: Answer }[] = [];
    for (const name of names) {
      const facts = await asked(server.volume(name), LIMIT_MS);
      answers.push({ name, facts, plane: await asked(first(name), LIMIT_MS) });
    }
    const { worstMs, count } = await stop();
    const peakMiB = residentMiB(server.pid)!;
    console.log(
      `${names.length} bombs: at most ${peakMiB} MiB with --memory ${MEMORY_MIB}MiB; /healthz in ${worstMs} ms or less, ${count} times`,
    );
    for (const { name, facts, plane } of answers) {
      const says = `${name}: ${facts.status} ${facts.says}, ${plane.status} ${plane.says}`;
      expect([200, 422], says).toContain(facts.status);
      expect([200, 422], says).toContain(plane.status);
      if (plane.status === 422)
        expect(plane.says, says).toMatch(/^(?:FORMAT_(?:CORRUPT|LIMIT|UNKNOWN|UNSUPPORTED|TRUNCATED)|MEMORY_LIMIT)$/);
      else
        expect(
          plane.body!.every((byte) => byte === 0),
          says,
        ).toBe(true);
    }
    // what promises little and holds much is damaged, unless the wanted bytes come first
    const refused = answers.filter(
      ({ name }) => /^(?:lying|none)/.test(name) && !/^lying(?:\.mrc|\.nii|-(?:lzw|packbits)\.|.*\.nrrd)/.test(name),
    );
    expect(refused.filter(({ plane }) => plane.status === 200).map(({ name }) => name)).toEqual([]);
    // what is as large as it says is read in part, as far as the memory goes
    for (const name of ["honest.mrc.bz2", "honest.mrc.gz", "honest-blosc-lz4.zarr", "many-zstd.zarr", "many-gzip.zarr"]) {
      expect([name, answers.find((one) => one.name === name)!.plane.status]).toEqual([name, 200]);
    }
    expect(peakMiB).toBeLessThanOrEqual(MEMORY_MIB + BESIDE_MIB);
    expect(worstMs).toBeLessThanOrEqual(HEALTH_MS);
  });

  it.runIf(existsSync("/proc/self/stat"))("stops decoding when the request is cancelled", async () => {
    const far = `${server.volume("honest.mrc.bz2")}/plane?axis=x&at=5`;
    const before = usedSeconds(server.pid);
    const controller = new AbortController();
    const answer = fetch(far, { signal: controller.signal }).then(
      ({ status }) => status,
      () => "cancelled",
    );
    for (let waited = 0; usedSeconds(server.pid) - before < 0.5 && waited < 100; waited++) await sleep(100);
    controller.abort();
    expect(await answer).toBe("cancelled");
    await sleep(1_000);
    const then = usedSeconds(server.pid);
    await sleep(2_000);
    expect(usedSeconds(server.pid) - then).toBeLessThan(1);
    // the thread for such files is free again
    expect(await asked(first("honest.mrc.gz"), LIMIT_MS)).toMatchObject({ status: 200 });
  });
});

describe("(34.11) all bombs at once", () => {
  it("are queued, or told to come again: memory is that of a small --memory, and others are answered meanwhile", async () => {
    const memoryMiB = 256;
    const small = await serving(location, { memoryMiB, workspace: join(folder, "small") });
    try {
      const stop = pulse(small.url);
      const queries = ["", "/plane?axis=z&at=0&box=0,0,64,64", "/plane?axis=z&at=31&box=0,0,64,64"];
      const answers = await Promise.all(
        names.flatMap((name) => queries.map((query) => asked(small.volume(name) + query, 2 * LIMIT_MS))),
      );
      const { worstMs } = await stop();
      const peakMiB = residentMiB(small.pid)!;
      console.log(`all at once: at most ${peakMiB} MiB with --memory ${memoryMiB}MiB; /healthz in ${worstMs} ms or less`);
      // 400: section 31 of a single page
      for (const { status, says } of answers) expect([200, 400, 422, 503], says).toContain(status);
      for (const { status, says } of answers) if (status === 503) expect(says).toBe("STORE_THROTTLED");
      expect(peakMiB).toBeLessThanOrEqual(memoryMiB + BESIDE_MIB);
      expect(worstMs).toBeLessThanOrEqual(HEALTH_MS);
    } finally {
      await small.stop();
    }
  });
});

describe("(34.11) commands", () => {
  const HEADERS = ["lying.mrc.bz2", "honest.mrc.bz2", "none.mrc.bz2", "lying.mrc.gz", "none.mrc.gz"];

  it.each([
    ["harvest inspect", HEADERS],
    ["harvest peek", [...HEADERS, "honest-deflate.tif", "lying-jpeg-gzip.precomputed"]],
    ["curate header", HEADERS],
    ["blocks ls", [...HEADERS, "honest-lzw.tif", "honest-gzip.zarr", "lying-labels-gzip.precomputed"]],
  ] as const)("%s takes what a header takes", async (title, keys) => {
    for (const key of keys) {
      const { status, said, peakMiB, seconds } = await command([...title.split(" "), join(location, key)], LIMIT_MS);
      expect([0, 1, 2, 4], `${key}: ${said}`).toContain(status);
      expect(said, key).not.toMatch(/INTERNAL|out of memory|\.js:\d/);
      expect(peakMiB, `${title} ${key}: ${seconds} s`).toBeLessThanOrEqual(2 * BESIDE_MIB);
    }
  });

  it("publish verify reads a tree of bombs as it is stored, and names what differs", async () => {
    const [tree, bucket] = ["tree", "bucket"].map((name) => join(folder, name, "10000"));
    for (const copy of [tree!, bucket!]) {
      cpSync(location, copy, { recursive: true });
      writeFileSync(join(copy, "dataset_metadata.json"), "{}");
    }
    const verify = ["publish", "verify", join(folder, "tree"), join(folder, "bucket")];
    const same = await command(verify, LIMIT_MS);
    expect(same.status, same.said).toBe(0);
    const bytes = readFileSync(join(bucket!, "honest.mrc.bz2"));
    bytes[100]! ^= 1;
    writeFileSync(join(bucket!, "honest.mrc.bz2"), bytes);
    rmSync(join(bucket!, "many-zstd.zarr/3.0.0"));
    const other = await command(verify, LIMIT_MS);
    expect(other.status, other.said).toBe(4);
    expect(other.said).toContain("  1 missing in the bucket\n    10000/many-zstd.zarr/3.0.0\n");
    expect(other.said).toContain("  1 of other contents\n    10000/honest.mrc.bz2\n");
    expect(Math.max(same.peakMiB, other.peakMiB)).toBeLessThanOrEqual(2 * BESIDE_MIB);
  });

  it("blocks check names each bomb and what is wrong with it, or that it takes too much memory, and checks the others", async () => {
    const chosen = names.filter((name) =>
      /^(?:lying|honest-(?:bz2|lz|blosc|shard|zstd|png)|huge|large|packed|unread|many-(?:blosc-lz4|zstd))/.test(name),
    );
    expect(chosen.length).toBeGreaterThan(40);
    const check = ["blocks", "check", "--json", "--memory", `${MEMORY_MIB}MiB`, "--workspace", join(folder, "checked")];
    const locations = chosen.map((name) => join(location, name));
    const { status, said, peakMiB } = await command([...check, ...locations], 2 * LIMIT_MS);
    expect(status, said).toBe(4);
    expect(said).not.toMatch(/INTERNAL|out of memory|\.js:\d|HDF5-DIAG/);
    expect(peakMiB).toBeLessThanOrEqual(MEMORY_MIB + BESIDE_MIB);
    const { volumes, errors } = JSON.parse(said.slice(said.indexOf("{"))) as {
      volumes: { location: string; findings: object[] }[];
      errors: { code: string; message: string }[];
    };
    for (const { message, code } of errors) expect(code, message).toBe("MEMORY_LIMIT");
    const told = [
      ...volumes.filter(({ findings }) => findings.length > 0).map((volume) => volume.location),
      ...errors.map(({ message }) => message.split(": ")[0]!),
    ];
    expect(told.sort()).toEqual(locations.sort());
    // alone, what takes too much ends the command
    const alone = await command([...check, join(location, "honest-lzw.tif")], LIMIT_MS);
    expect([alone.status, alone.said], alone.said).toEqual([2, expect.stringMatching(/MEMORY_LIMIT[\s\S]+honest-lzw\.tif: /)]);
  });

  it.each(["honest-gzip.h5", "honest-jpeg-6400.precomputed"])("a check of %s keeps to the memory", async (name) => {
    // the command would decode such a chunk 48 times; some at once take as much memory
    const script = fileURLToPath(new URL("bombs-sample.mjs", import.meta.url));
    const { status, said, peakMiB } = await command([join(location, name), `${MEMORY_MIB}`, "165"], LIMIT_MS, script);
    expect([status, said], said).toEqual([4, expect.stringMatching(/: \d findings in [45] blocks\n$/)]);
    expect(peakMiB).toBeLessThanOrEqual(MEMORY_MIB + BESIDE_MIB);
  });

  it("ingest convert writes what the header promises, and says what it leaves", async () => {
    for (const key of ["lying.mrc.bz2", "lying.mrc.gz"]) {
      const out = join(folder, `${key}-out`);
      const args = ["ingest", "convert", join(location, key), out, "--zarr", "--mrc", "--memory", `${MEMORY_MIB}MiB`];
      const { status, said, peakMiB } = await command([...args, "--workspace", join(folder, `${key}-w`)], LIMIT_MS);
      expect([key, status], said).toEqual([key, 0]);
      expect(said).toContain("bytes after the last section are left alone");
      expect(peakMiB, key).toBeLessThanOrEqual(MEMORY_MIB + 2 * BESIDE_MIB);
    }
    const none = await command(
      ["ingest", "convert", join(location, "none.mrc.bz2"), join(folder, "none-out"), "--zarr"],
      LIMIT_MS,
    );
    expect([none.status, none.said]).toEqual([1, expect.stringContaining("FORMAT_")]);
  });
});
