import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { EMPIAR_FILES, EMPIAR_ID } from "../../examples/portals/empiar.mjs";
import { EPFL_FILES } from "../../examples/portals/epfl.mjs";
import { dataFiles } from "../../examples/portals/files.mjs";
import { hemibrainFiles } from "../../examples/portals/neuroglancer.mjs";
import { organelleFiles } from "../../examples/portals/openorganelle.mjs";
import type { SiteReply } from "../../examples/portals/server.mjs";
import { fileOf, patternFile, sparseFile } from "../../examples/portals/tree.mjs";
import { systemClock } from "../../src/core/clock.js";
import type { RunEvent } from "../../src/engine/events.js";
import { advance, noProgress, viewProgress } from "../../src/engine/progress.js";
import { emporium, shellWords } from "./cli-host.js";
import { contentOf, hashesBelow, hashesOf, md5, scene, sha256, webSite } from "./harvest-download-kit.js";

const last = (path: string) => path.slice(path.lastIndexOf("/") + 1);
const small = dataFiles({ small: true });
const IDR = "https://idr.openmicroscopy.org/webclient/img_detail/9846137/?dataset=10740";
const EMPIAR = "https://www.ebi.ac.uk/empiar/EMPIAR-11759/";
const EPFL = "https://www.epfl.ch/labs/cvlab/data/data-em/";
const ORGANELLE = "https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2";
const HEMIBRAIN = "https://tinyurl.com/hemibrain-ng";
const VOLUME = "jrc_mus-nacc-2/jrc_mus-nacc-2.zarr/recon-2/em/fibsem-int16/";
const N5 = "jrc_example-1/jrc_example-1.n5/em/fibsem-uint16";
const LAYERS: Readonly<Record<string, string>> = {
  "emdata/clahe_yz/jpeg/": "jpeg",
  "v1.0/segmentation/": "segmentation",
  "v1.0/rois/": "rois",
  "v1.0/synapses/": "synapses",
  "mito_20190717.27250582/": "mito_20190717.27250582",
  "mask_normalized_round6/": "mask_normalized_round6",
};
const WORK = EMPIAR_FILES.length;

describe("the five examples", () => {
  it.each([
    ["IDR", IDR, hashesOf(small.archive, (path) => (path.endsWith("U2OS_20x20x20nm_xy.tif") ? last(path) : undefined))],
    [
      "EMPIAR",
      EMPIAR,
      hashesOf(small.archive, (path) =>
        path.includes(`/${EMPIAR_ID}/`) ? path.slice("empiar/world_availability/".length) : undefined,
      ),
    ],
    ["EPFL", EPFL, hashesOf(small.documents, (path) => `epfl/${last(path)}`)],
    [
      "OpenOrganelle",
      ORGANELLE,
      hashesOf(organelleFiles(), (path) => (path.startsWith(VOLUME) ? `fibsem-int16/${path.slice(VOLUME.length)}` : undefined)),
    ],
    [
      "Neuroglancer",
      HEMIBRAIN,
      hashesOf(hemibrainFiles({}), (path) => {
        const layer = Object.keys(LAYERS).find((folder) => path.startsWith(folder));
        return layer && `hemibrain/${LAYERS[layer]}/${path.slice(layer.length)}`;
      }),
    ],
  ])("%s: every byte of every file, and nothing else; again, nothing is fetched", async (_name, typed, expected) => {
    const { get, files, manifest, portals, around } = await scene();
    const report = await get(typed);
    expect(report).toMatchObject({ exitStatus: 0, status: "done", fetched: Object.keys(expected).length, failed: 0, errors: [] });
    expect(files()).toEqual(expected);
    expect(readdirSync(around)).toEqual(["dest"]);
    const lines = [...manifest().values()];
    expect(Object.fromEntries(lines.map(({ rel, sha256: sum }) => [rel, sum]))).toEqual(expected);
    for (const line of lines)
      expect(line).toMatchObject({
        status: "done",
        url: expect.stringMatching(/^(https|s3|gs):\/\//),
        retrieved_at: expect.stringMatching(/^2026-01-02T03:\d\d:\d\d\.\d{3}Z$/),
      });
    expect(readdirSync(join(around, "dest")).filter((name) => name.startsWith(".emporium"))).toEqual([
      ".emporium-manifest.jsonl",
    ]);

    const before = portals.requests.length;
    const text = readFileSync(join(around, "dest", ".emporium-manifest.jsonl"), "utf8");
    const again = await get(typed);
    expect(again).toMatchObject({ exitStatus: 0, fetched: 0, present: report.fetched, bytesFetched: 0 });
    const data = portals.requests
      .slice(before)
      .filter(({ path, method }) => method === "GET" && /\.(tif|dm3)$|\/\d+\/\d+\/\d+$|_\d+-\d+$/.test(path));
    expect(data).toEqual([]);
    expect(readFileSync(join(around, "dest", ".emporium-manifest.jsonl"), "utf8")).toBe(text);
  });

  it("all in one call, each under its own name; NAME=URL chooses it", async () => {
    const { get, files } = await scene();
    const report = await get([IDR, `retina=${EMPIAR}`, EPFL, ORGANELLE, HEMIBRAIN], {
      include: ["*.tif", "slice_0000.dm3", "*_0000.dm3", ".zattrs", "info"],
    });
    expect(report.exitStatus).toBe(0);
    const tops = [...new Set(Object.keys(files()).map((path) => path.split("/")[0]))];
    expect(tops).toEqual(["Figure_S3B_FIB-SEM_U2OS_20x20x20nm_xy.tif", "epfl", "fibsem-int16", "hemibrain", "retina"]);
  });
});

describe("EMPIAR's listing", () => {
  it("that lacks a file is asked for again, and the file comes; one that stays short is told", async () => {
    const missing = last(EMPIAR_FILES[7]!);
    let pages = 0;
    const shorten = (times: number) => ({
      fault: ({ path, method }: { path: string; method: string }) => {
        if (method !== "GET" || !path.endsWith(`/${EMPIAR_ID}/data/`) || ++pages > times) return undefined;
        const body = EMPIAR_FILES.filter((file) => last(file) !== missing).map(
          (file) => `<a href="${last(file)}">${last(file)}</a>  2024-01-15 12:00  293K`,
        );
        return {
          status: 200,
          headers: { "content-type": "text/html" },
          body: `<html><title>Index of /</title><pre>${body.join("\n")}</pre></html>`,
        };
      },
    });
    const once = await scene(shorten(1));
    expect(await once.get(EMPIAR)).toMatchObject({ exitStatus: 0, fetched: WORK, warnings: [] });
    expect(Object.keys(once.files())).toContain(`${EMPIAR_ID}/data/${missing}`);
    pages = 0;
    const always = await scene(shorten(99));
    expect(await always.get(EMPIAR, { dryRun: true })).toMatchObject({
      files: WORK - 1,
      warnings: [expect.stringMatching(/15 files below data.* counts 16 images/)],
    });
  });
});

describe("a second run", () => {
  it("fetches what has changed at the store, and what was lost or altered here; nothing else", async () => {
    let changed = false;
    const path = `empiar/world_availability/${EMPIAR_ID}/${EMPIAR_FILES[3]}`;
    const other = { ...patternFile(300_003, "another version"), etag: '"changed"' };
    const { get, files, asked, dest } = await scene({
      fault: (request) => (changed && request.path === `/${path}` ? { status: 200, file: other } : undefined),
    });
    await get(EMPIAR);
    const before = files();
    changed = true;
    // an altered file of the right size, a touched one, a lost one
    const local = (at: number) => join(dest, EMPIAR_ID, EMPIAR_FILES[at]!);
    const bytes = readFileSync(local(5));
    bytes[1000]! ^= 1;
    writeFileSync(local(5), bytes);
    utimesSync(local(6), new Date(0), new Date(0));
    writeFileSync(local(7), "short");
    asked("ftp.ebi.ac.uk");
    const report = await get(EMPIAR);
    expect(report).toMatchObject({ exitStatus: 0, fetched: 3, present: WORK - 3 });
    expect(
      asked("ftp.ebi.ac.uk")
        .filter((line) => line.startsWith("GET") && line.endsWith(".dm3"))
        .map(last)
        .sort(),
    ).toEqual([3, 5, 7].map((at) => last(EMPIAR_FILES[at]!)));
    expect(files()).toEqual({ ...before, [`${EMPIAR_ID}/${EMPIAR_FILES[3]}`]: sha256(contentOf(other)) });
  });

  it("without its manifest trusts nothing that it cannot prove, and ends with the same files", async () => {
    const { get, files, dest } = await scene();
    await get(EPFL);
    const before = files();
    writeFileSync(join(dest, ".emporium-manifest.jsonl"), "");
    expect(await get(EPFL)).toMatchObject({ exitStatus: 0, failed: 0 });
    expect(files()).toEqual(before);
  });

  it("a file in the manifest's place that is none is left alone", async () => {
    const { get, dest } = await scene();
    mkdirSync(dest);
    writeFileSync(join(dest, ".emporium-manifest.jsonl"), "a letter to my aunt\nhello\n");
    await expect(get(IDR)).rejects.toMatchObject({ code: "STORE_FAILED", message: expect.stringMatching(/line 1/) });
    expect(readFileSync(join(dest, ".emporium-manifest.jsonl"), "utf8")).toBe("a letter to my aunt\nhello\n");
  });
});

describe("a file that no download has left", () => {
  const one = patternFile(2_000_000, "one");
  const two = patternFile(3_000, "two");
  const site = webSite([
    ["set/one.raw", one],
    ["set/two.raw", two],
    ["set/three.raw", patternFile(4_000, "three")],
  ]);
  const own = (size: number) => Buffer.alloc(size, "mine");
  const put = (dest: string, rel: string, bytes: Uint8Array) => {
    mkdirSync(join(dest, "set"), { recursive: true });
    writeFileSync(join(dest, rel), bytes);
  };

  it("is refused, whatever its size, and the others come; again the same; then --force-overwrite replaces it", async () => {
    const { get, dest, files, manifest } = await scene({ sites: { "files.test": site } });
    put(dest, "set/one.raw", own(17));
    put(dest, "set/two.raw", own(3_000));
    for (const [fetched, present] of [
      [1, 0],
      [0, 1],
    ]) {
      const report = await get("https://files.test/set/");
      expect(report).toMatchObject({ exitStatus: 3, fetched, present, failed: 2 });
      expect(
        report.errors.map(({ code, rel, file, hint }) => [code, rel, file, hint?.includes("--force-overwrite")]).sort(),
      ).toEqual([
        ["CONFIG_COLLISION", "set/one.raw", join(dest, "set/one.raw"), true],
        ["CONFIG_COLLISION", "set/two.raw", join(dest, "set/two.raw"), true],
      ]);
      expect(readFileSync(join(dest, "set/one.raw"))).toEqual(own(17));
      expect(readFileSync(join(dest, "set/two.raw"))).toEqual(own(3_000));
      expect([...manifest().keys()]).toEqual(["set/three.raw"]);
    }
    expect(await get("https://files.test/set/", { forceOverwrite: true })).toMatchObject({
      exitStatus: 0,
      fetched: 2,
      present: 1,
    });
    expect(files()).toMatchObject({ "set/one.raw": sha256(contentOf(one)), "set/two.raw": sha256(contentOf(two)) });
    expect(await get("https://files.test/set/")).toMatchObject({ exitStatus: 0, fetched: 0, present: 3 });
  });

  it("is refused in the place of metadata that we write ourselves, and as a download from elsewhere of another content", async () => {
    const { get, dest } = await scene({
      sites: { "files.test": site, "elsewhere.test": webSite([["set/two.raw", patternFile(3_000, "else")]]) },
    });
    mkdirSync(join(dest, "fibsem-int16"), { recursive: true });
    writeFileSync(join(dest, "fibsem-int16/.zattrs"), "mine");
    expect(await get(ORGANELLE, { scale: 5 })).toMatchObject({
      exitStatus: 3,
      errors: [{ code: "CONFIG_COLLISION", rel: "fibsem-int16/.zattrs" }],
    });
    expect(readFileSync(join(dest, "fibsem-int16/.zattrs"), "utf8")).toBe("mine");
    expect(await get(ORGANELLE, { scale: 5, forceOverwrite: true })).toMatchObject({ exitStatus: 0, failed: 0 });
    expect(readFileSync(join(dest, "fibsem-int16/.zattrs"), "utf8")).toContain("multiscales");

    await get("https://files.test/set/two.raw");
    const checksum = `sha256:${sha256(contentOf(patternFile(3_000, "else")))}`;
    for (const more of [{}, { checksum }])
      await expect(get("https://elsewhere.test/set/two.raw", more)).resolves.toMatchObject({
        exitStatus: 1,
        errors: [{ code: "CONFIG_COLLISION" }],
      });
    expect(sha256(readFileSync(join(dest, "two.raw")))).toBe(sha256(contentOf(two)));
    expect(await get("https://elsewhere.test/set/two.raw", { forceOverwrite: true })).toMatchObject({
      exitStatus: 0,
      fetched: 1,
    });
  });

  it("counts as present if it is right", async () => {
    const { get, dest, asked } = await scene({ sites: { "files.test": site } });
    put(dest, "set/one.raw", contentOf(one));
    utimesSync(join(dest, "set/one.raw"), new Date(one.modifiedMs), new Date(one.modifiedMs));
    expect(await get("https://files.test/set/", { include: ["one.raw"] })).toMatchObject({
      exitStatus: 0,
      fetched: 0,
      failed: 0,
    });
    expect(asked("files.test").filter((line) => line.startsWith("GET") && line.endsWith(".raw"))).toEqual([]);
  });

  it("is fetched with --force-overwrite also where its size and date are right", async () => {
    const { get, dest, files } = await scene({ sites: { "files.test": site } });
    put(dest, "set/two.raw", own(3_000));
    utimesSync(join(dest, "set/two.raw"), new Date(two.modifiedMs), new Date(two.modifiedMs));
    const forced = await get("https://files.test/set/", { include: ["two.raw"], forceOverwrite: true });
    expect(forced).toMatchObject({ exitStatus: 0, fetched: 1 });
    expect(files()["set/two.raw"]).toBe(sha256(contentOf(two)));
  });

  it("is not one of ours whose object has changed, also where fetching the change failed before", async () => {
    let state: "first" | "broken" | "second" = "first";
    const second = patternFile(5_000, "second");
    const changed = webSite([["set/two.raw", second]]);
    const { get, dest } = await scene({
      sites: { "files.test": (request) => (state === "first" ? site : changed)(request) },
      fault: ({ path }) => (path === "/set/two.raw" && state === "broken" ? { status: 403 } : undefined),
    });
    const statuses = { first: 0, broken: 1, second: 0 };
    for (state of ["first", "broken", "broken", "second"] as const) {
      const { exitStatus } = await get("https://files.test/set/", { include: ["two.raw"] });
      expect([state, exitStatus]).toEqual([state, statuses[state]]);
    }
    expect(sha256(readFileSync(join(dest, "set/two.raw")))).toBe(sha256(contentOf(second)));
  });
});

describe("a stop", () => {
  it("by a signal ends with 130; the same call goes on and fetches nothing twice but what was on its way", async () => {
    const { get, files, portals } = await scene();
    const stop = new AbortController();
    const stopped = await get(EMPIAR, {
      signal: stop.signal,
      connections: 1,
      onEvent: (event) => {
        if (event.kind === "settled" && event.task.title.endsWith("_0005.dm3")) stop.abort(new Error("stop"));
      },
    });
    expect(stopped).toMatchObject({ status: "cancelled", exitStatus: 130 });
    expect(stopped.fetched).toBeGreaterThan(0);
    expect(stopped.fetched).toBeLessThan(WORK);
    const had = files();
    portals.requests.length = 0;
    const report = await get(EMPIAR);
    expect(report).toMatchObject({ exitStatus: 0, present: stopped.fetched, fetched: WORK - stopped.fetched });
    const fetchedAgain = portals.requests.filter(
      ({ method, path, bytesSent }) => method === "GET" && bytesSent > 0 && `${EMPIAR_ID}${path.split(EMPIAR_ID)[1]}` in had,
    );
    expect(fetchedAgain).toEqual([]);
    expect(files()).toEqual(
      hashesOf(small.archive, (path) =>
        path.includes(`/${EMPIAR_ID}/`) ? path.slice("empiar/world_availability/".length) : undefined,
      ),
    );
  });

  it("two downloads into one folder: the second is told who holds it, and touches nothing", async () => {
    const { get, dest } = await scene();
    let second: Promise<unknown> | undefined;
    const first = await get(IDR, {
      onEvent: (event) => {
        if (event.kind === "plan") second = get(EPFL).catch((error: unknown) => error);
      },
    });
    expect(first.exitStatus).toBe(0);
    expect(await second).toMatchObject({
      code: "TARGET_LOCKED",
      message: expect.stringMatching(/process \d+ on .* \(harvest download,/),
    });
    expect(existsSync(join(dest, "epfl"))).toBe(false);
    expect(existsSync(join(dest, ".emporium"))).toBe(false);
  });
});

describe("many small files", () => {
  const tiles = Array.from({ length: 300 }, (_, n) => [`set/${n % 5}/${n}.raw`, patternFile(500 + n * 31, `tile ${n}`)] as const);
  const wanted = Object.fromEntries(tiles.map(([path, file]) => [path, sha256(contentOf(file))]));
  const sorted = Object.fromEntries(Object.entries(wanted).sort(([a], [b]) => (a < b ? -1 : 1)));

  /** More than are on their way, or wait for their names, at a time. */
  const many = Array.from({ length: 1_400 }, (_, n) => [`set/${n}.raw`, patternFile(50 + n, `tile ${n}`)] as const);

  it.each([true, false])("come whole through a server's bad minutes, and once (sync: %s)", async (sync) => {
    const asked = new Map<string, number>();
    const { get, files, manifest, dest } = await scene({
      sites: { "files.test": webSite(tiles) },
      fault: ({ path, method }): SiteReply | undefined => {
        const n = Number(/(\d+)\.raw$/.exec(path)?.[1] ?? Number.NaN);
        const before = asked.get(path) ?? 0;
        asked.set(path, before + 1);
        if (method !== "GET" || Number.isNaN(n) || before > 0) return undefined;
        if (n === 103) return { status: 500, body: "an error" };
        if (n === 154) return { status: 200, headers: { "content-type": "text/html" }, body: "<!doctype html><p>maintenance" };
        if (n === 294) return { status: 429, headers: { "retry-after": "1" }, body: "slow down" };
        return undefined;
      },
    });
    const report = await get("https://files.test/set/", { sync });
    expect(report.errors).toEqual([]);
    expect(report).toMatchObject({ exitStatus: 0, status: "done", fetched: 300, failed: 0 });
    expect(files()).toEqual(sorted);
    expect(readdirSync(dest, { recursive: true, encoding: "utf8" }).filter((name) => name.includes(".part"))).toEqual([]);
    expect(Object.fromEntries([...manifest().values()].map(({ rel, sha256: sum }) => [rel, sum]))).toEqual(sorted);
    expect(
      [...asked]
        .filter(([path, times]) => path.endsWith(".raw") && times > 1)
        .map(([path]) => last(path))
        .sort(),
    ).toEqual(["103.raw", "154.raw", "294.raw"]);
    const text = readFileSync(join(dest, ".emporium-manifest.jsonl"), "utf8");
    expect(await get("https://files.test/set/", { sync })).toMatchObject({
      exitStatus: 0,
      fetched: 0,
      present: 300,
      bytesFetched: 0,
    });
    expect(readFileSync(join(dest, ".emporium-manifest.jsonl"), "utf8")).toBe(text);
  });

  it("one that is gone is told, the others come; with keepGoing: false nothing more is begun", async () => {
    const lost = ({ path }: { path: string }) => (path.endsWith("/200.raw") ? { status: 404, body: "" } : undefined);
    const { get, files, dest, portals } = await scene({ sites: { "files.test": webSite(many) }, fault: lost });
    const stopped = await get("https://files.test/set/", { keepGoing: false });
    expect(stopped).toMatchObject({ exitStatus: 3, errors: [{ code: "STORE_ABSENT", rel: "set/200.raw" }] });
    expect(stopped.fetched).toBeLessThan(1_399);
    expect(stopped.left).toBe(1_399 - stopped.fetched);
    expect(stopped.toText()).toContain(`stopped, ${stopped.left} files are left; run the same command again to resume`);
    expect(Object.keys(files())).toHaveLength(stopped.fetched);
    expect(readdirSync(dest, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".part"))).toEqual([]);
    const before = portals.requests.length;
    const report = await get("https://files.test/set/");
    expect(report).toMatchObject({
      exitStatus: 3,
      status: "partial",
      failed: 1,
      fetched: 1_399 - stopped.fetched,
      present: stopped.fetched,
      left: 0,
    });
    expect(Object.keys(files())).toHaveLength(1_399);
    const data = portals.requests.slice(before).filter(({ path, method }) => method === "GET" && path.endsWith(".raw"));
    expect(new Set(data.map(({ path }) => path)).size).toBe(1_400 - stopped.fetched);
  });

  it("a person's own among them is left, and told", async () => {
    const { get, files, dest } = await scene({ sites: { "files.test": webSite(many) } });
    mkdirSync(join(dest, "set"), { recursive: true });
    for (const n of [7, 1_300]) writeFileSync(join(dest, `set/${n}.raw`), Buffer.alloc(50 + n, "mine"));
    const report = await get("https://files.test/set/");
    expect(report).toMatchObject({ exitStatus: 3, fetched: 1_398, failed: 2 });
    expect(report.errors.map(({ code, rel }) => `${code} ${rel}`).sort()).toEqual([
      "CONFIG_COLLISION set/1300.raw",
      "CONFIG_COLLISION set/7.raw",
    ]);
    for (const n of [7, 1_300]) expect(files()[`set/${n}.raw`]).toBe(sha256(Buffer.alloc(50 + n, "mine")));
  });

  it("a stop leaves those that have their names, and nothing unfinished", async () => {
    const { get, files, dest } = await scene({ sites: { "files.test": webSite(many) } });
    const wholes = Object.fromEntries(many.map(([path, file]) => [path, sha256(contentOf(file))]));
    const stop = new AbortController();
    let settled = 0;
    const onEvent = (event: RunEvent) => {
      if (event.kind === "settled" && ++settled === 130) stop.abort();
    };
    const cut = await get("https://files.test/set/", { signal: stop.signal, onEvent, sync: true });
    expect(cut.errors).toMatchObject([{ code: "CANCELLED" }]);
    expect(cut).toMatchObject({ exitStatus: 130, left: 1_400 - cut.fetched });
    expect(readdirSync(dest, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".part"))).toEqual([]);
    for (const [path, sum] of Object.entries(files())) expect(sum, path).toBe(wholes[path]);
    expect(await get("https://files.test/set/")).toMatchObject({
      exitStatus: 0,
      present: cut.fetched,
      fetched: 1_400 - cut.fetched,
    });
    expect(files()).toEqual(wholes);
  });
});

describe("checksums", () => {
  const file = patternFile(2_000_000, "data");
  const bytes = contentOf(file);
  const wrong = "0".repeat(32);

  it("--checksum: the right one is proof, a wrong one leaves nothing", async () => {
    const { get, files, dest } = await scene({ sites: { "files.test": webSite([["a.tif", file]]) } });
    const bad = await get("https://files.test/a.tif", { checksum: `md5:${wrong}` });
    expect(bad).toMatchObject({ exitStatus: 1, failed: 1, errors: [{ code: "CHECKSUM_MISMATCH", rel: "a.tif" }] });
    expect(readdirSync(dest).filter((name) => !name.startsWith(".emporium"))).toEqual([]);
    const good = await get("https://files.test/a.tif", { checksum: `sha256:${sha256(bytes)}` });
    expect(good).toMatchObject({ exitStatus: 0, list: [{ rel: "a.tif", checksum: "given" }] });
    expect(files()).toEqual({ "a.tif": sha256(bytes) });
    await expect(get(EPFL, { checksum: `md5:${wrong}` })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("files of checksums in the listing are found, whatever their form", async () => {
    const { get, manifest } = await scene({
      sites: {
        "files.test": webSite([
          ["set/a.tif", file],
          ["set/a.tif.md5", fileOf(`${md5(bytes)}  /somebody/else/a.tif\n`)],
          ["set/raw/b.tif", file],
          ["set/raw/c d.tif", file],
          ["set/SHA256SUMS", fileOf(`${sha256(bytes)} *raw/b.tif\r\nSHA256 (raw/c d.tif) = ${sha256(bytes)}\r\n`)],
          ["set/other.tif", file],
        ]),
      },
    });
    expect(await get("https://files.test/set/")).toMatchObject({ exitStatus: 0, fetched: 6 });
    expect([...manifest().values()].map(({ rel, checksum }) => [rel, checksum === "sidecar"])).toEqual([
      ["set/SHA256SUMS", false],
      ["set/a.tif", true],
      ["set/a.tif.md5", false],
      ["set/other.tif", false],
      ["set/raw/b.tif", true],
      ["set/raw/c d.tif", true],
    ]);
  });

  it("(34.silence) lines of a list that give no checksum are told, with their number", async () => {
    const list = `# ours\n\n${md5(bytes)}  a.tif\n${"0".repeat(31)}  b.tif\nc.tif is not done yet\n`;
    const { get } = await scene({
      sites: {
        "files.test": webSite([
          ["set/a.tif", file],
          ["set/b.tif", file],
          ["set/md5sums.txt", fileOf(list)],
        ]),
      },
    });
    expect((await get("https://files.test/set/")).warnings).toEqual([
      `https://files.test/set/md5sums.txt: 2 lines give no checksum (${"0".repeat(31)}  b.tif): no file is checked by them`,
    ]);
  });

  it("(34.silence) a server that cannot say whether there is a checksum file is told; one that has none is not", async () => {
    const { get } = await scene({
      sites: { "files.test": webSite([["a.tif", file]]) },
      fault: ({ path }) => (path === "/a.tif.md5" ? { status: 503 } : path === "/a.tif.sha256" ? { status: 403 } : undefined),
    });
    const report = await get("https://files.test/a.tif");
    expect(report).toMatchObject({ exitStatus: 0, fetched: 1 });
    expect(report.warnings).toEqual([
      expect.stringMatching(/^https:\/\/files\.test\/a\.tif: whether it has a checksum file \(\.md5\) cannot be found out: /),
    ]);
  });

  it("(34.silence) a folder that is taken for a link to those above it is told", async () => {
    const page = '<h1>Index of x</h1><pre><a href="a.tif">a.tif</a> <a href="again/">again/</a></pre>';
    const { get } = await scene({
      sites: { "files.test": webSite([["set/a.tif", file]]) },
      fault: ({ path }) =>
        /^\/set\/(?:again\/)*$/.test(path)
          ? { status: 200, headers: { "content-type": "text/html" }, body: page }
          : path.endsWith("/a.tif")
            ? { status: 200, body: "x" }
            : undefined,
    });
    const { warnings } = await get("https://files.test/set/");
    expect(warnings).toEqual([
      "https://files.test/set/again/again/ shows the same as two folders above it: taken for a circle of links, it is not looked into",
    ]);
  });

  it("a file that does not match its list is not kept; the others are, and the status is 3", async () => {
    const { get, files, manifest } = await scene({
      sites: {
        "files.test": webSite([
          ["set/a.tif", file],
          ["set/b.tif", file],
          ["set/md5sums.txt", fileOf(`${wrong}  a.tif\n${md5(bytes)}  b.tif\n`)],
        ]),
      },
    });
    const report = await get("https://files.test/set/", { exclude: ["*.txt"] });
    expect(report).toMatchObject({
      exitStatus: 3,
      status: "partial",
      fetched: 1,
      failed: 1,
      errors: [{ code: "CHECKSUM_MISMATCH", rel: "set/a.tif" }],
    });
    expect(files()).toEqual({ "set/b.tif": sha256(bytes) });
    expect(manifest().get("set/a.tif")).toMatchObject({ status: "failed", error: { code: "CHECKSUM_MISMATCH" } });
  });

  it("those of a bucket's listing are used", async () => {
    const { get, manifest } = await scene();
    await get(HEMIBRAIN, { include: ["rois/**"] });
    expect([...manifest().values()].map(({ rel, checksum }) => [last(rel), checksum])).toEqual([
      ["0-64_0-64_0-64", "listing"],
      ["info", "listing"],
    ]);
  });
});

describe("politeness", () => {
  it("no host sees more requests in any second than it asks for, listing and transfers together", async () => {
    const { get, portals } = await scene({ perSecond: 4 });
    expect(await get(EMPIAR, { clock: systemClock, include: ["*_000?.dm3"] })).toMatchObject({ exitStatus: 0, fetched: 10 });
    expect(portals.requests.filter(({ status }) => status === 429)).toEqual([]);
    const times = portals.requests.filter(({ host }) => host === "ftp.ebi.ac.uk").map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThanOrEqual(11);
    for (const [at, time] of times.entries()) expect(times[at + 4] === undefined || times[at + 4]! - time >= 1000).toBe(true);
  });

  it("--rate holds for every host", async () => {
    const { get, portals } = await scene();
    expect(await get(HEMIBRAIN, { clock: systemClock, requestsPerSecond: 6, include: ["info"] })).toMatchObject({
      exitStatus: 0,
      fetched: 6,
    });
    const times = portals.requests.filter(({ host }) => host === "storage.googleapis.com").map(({ atMs }) => atMs);
    expect(times.length).toBeGreaterThanOrEqual(12);
    for (const [at, time] of times.entries()) expect(times[at + 6] === undefined || times[at + 6]! - time >= 1000).toBe(true);
  });
});

describe("hostile replies", () => {
  const keys = [
    ...[
      "ok.txt",
      "../evil",
      "a/../../evil",
      "/abs",
      "a\\b",
      "line\nend",
      "nul\u0000",
      "..",
      ".",
      "a//b",
      "esc\u001b[2J",
      "x".repeat(300),
    ],
    ...[
      "$(touch x)",
      "; touch y",
      "-rf",
      "con",
      "%2e%2e%2fevil",
      "\u202etxt.exe",
      "a/.emporium",
      "sub/ok.txt",
      "file",
      "file/below",
      "é",
      "e\u0301",
    ],
  ];
  const bucket = (prefix: string) => ({
    "hostile.s3.amazonaws.com": ({ path, query }: { path: string; query: URLSearchParams }) => {
      if (query.get("list-type") !== "2") return { status: 200, file: fileOf(`content of ${path}`) };
      const rows = keys.map(
        (key) =>
          `<Contents><Key>${encodeURIComponent(prefix + key)}</Key><Size>${Buffer.byteLength(`content of /${prefix}${key}`)}</Size></Contents>`,
      );
      const body = `<?xml version="1.0"?><ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${rows.join("")}</ListBucketResult>`;
      return { status: 200, headers: { "content-type": "application/xml" }, body };
    },
  });

  it("names of a bucket stay inside, or are refused one by one", async () => {
    const { get, files, around, manifest } = await scene({ sites: bucket("set/") });
    const report = await get("s3://hostile/set/");
    expect(report.exitStatus).toBe(3);
    expect(readdirSync(around)).toEqual(["dest"]);
    const kept = [
      "$(touch x)",
      "%2e%2e%2fevil",
      "-rf",
      "; touch y",
      "a/.emporium",
      "con",
      "e\u0301",
      "file",
      "ok.txt",
      "sub/ok.txt",
      "é",
      "\u202etxt.exe",
    ];
    expect(
      Object.keys(files())
        .map((path) => path.slice("set/".length))
        .sort(),
    ).toEqual(kept.filter((name) => name !== "a/.emporium").sort());
    expect(statSync(join(around, "dest/set/a/.emporium")).isFile()).toBe(true);
    const refused = report.errors.map(({ code }) => code);
    expect(new Set(refused)).toEqual(new Set(["NAME_UNSAFE", "CONFIG_COLLISION"]));
    expect(refused).toHaveLength(keys.length - kept.length);
    expect([...manifest().values()].filter(({ status }) => status === "failed")).toHaveLength(refused.length);
  });

  it("a link in the destination that leads out is not followed", async () => {
    const { get, dest, around } = await scene({
      sites: {
        "files.test": webSite([
          ["set/sub/a.txt", fileOf("a")],
          ["set/b.txt", fileOf("b")],
        ]),
      },
    });
    mkdirSync(join(dest, "set"), { recursive: true });
    mkdirSync(join(around, "outside"));
    symlinkSync(join(around, "outside"), join(dest, "set", "sub"));
    expect(await get("https://files.test/set/")).toMatchObject({ exitStatus: 3, fetched: 1, errors: [{ code: "NAME_UNSAFE" }] });
    expect(readdirSync(join(around, "outside"))).toEqual([]);
  });

  it("a folder page that leads elsewhere, loops or goes on for ever ends", async () => {
    const page = (...hrefs: string[]) => ({
      status: 200,
      headers: { "content-type": "text/html" },
      body: `<html><head><title>Index of /</title></head><body><h1>Index of /</h1><pre>${hrefs.map((href) => `<a href="${href}">${href}</a>  2024-01-15 12:00  5`).join("\n")}</pre></body></html>`,
    });
    let folders = 0;
    const { get, files } = await scene({
      sites: {
        "loop.test": ({ path }) => {
          if (!path.endsWith("/")) return { status: 200, file: fileOf("12345") };
          folders++;
          return page(
            "../",
            "/other/",
            "https://elsewhere.test/x",
            "//elsewhere.test/y",
            "%2e%2e/up",
            "a.txt",
            "loop/",
            "?C=M",
            "#x",
          );
        },
      },
    });
    expect(await get("https://loop.test/start/")).toMatchObject({ exitStatus: 0 });
    expect(folders).toBeLessThan(6);
    expect(Object.keys(files()).every((path) => /^start\/(loop\/)*a\.txt$/.test(path))).toBe(true);
  });

  it("a web page in the place of data is never saved", async () => {
    const html = "<!DOCTYPE html><html><title>Log in</title>please</html>";
    const pages = {
      "said.tif": { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: html },
      "unsaid.tif": { status: 200, headers: { "content-type": "image/tiff" }, body: html },
      "blanks.dm3": { status: 200, headers: {}, body: `\n\n  ${html}` },
      "upper.mrc": { status: 200, headers: {}, body: html.toUpperCase() },
    };
    const listing = webSite([
      ...Object.keys(pages).map((name) => [`set/${name}`, fileOf(html)] as const),
      ["set/real.tif", patternFile(5000, "r")],
      ["set/page.html", fileOf(html, "text/html")],
    ]);
    const { get, files } = await scene({
      sites: { "files.test": (request) => pages[last(request.path) as keyof typeof pages] ?? listing(request) },
    });
    const report = await get("https://files.test/set/");
    expect(report).toMatchObject({ exitStatus: 3, failed: 4, fetched: 2 });
    expect(report.errors.map(({ code }) => code)).toEqual(Array(4).fill("PORTAL_NOT_DATA"));
    expect(Object.keys(files())).toEqual(["set/page.html", "set/real.tif"]);
  });
});

/** A server that nobody should reach. */
async function forbidden() {
  let connections = 0;
  const server = createServer((_, response) => response.end("secret"));
  server.on("connection", () => connections++);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return { port: (server.address() as { port: number }).port, connections: () => connections };
}

describe("addresses that came out of replies", () => {
  const SPELLINGS = (port: number) => [
    ...[
      `http://127.0.0.1:${port}`,
      `http://2130706433:${port}`,
      `http://0x7f.1:${port}`,
      `http://0177.0.0.1:${port}`,
      `http://0x7f000001:${port}`,
    ],
    ...[
      "http://2130706433",
      "http://0x7f.1",
      "http://0177.0.0.1",
      "http://017700000001",
      "http://127.1",
      "http://127.0.1",
      "http://0",
    ],
    ...[
      "http://[::ffff:7f00:1]",
      "http://[::1]",
      "http://[::]",
      "http://[::ffff:127.0.0.1]",
      "http://[fe80::1]",
      "http://[fd00:ec2::254]",
    ],
    ...["http://[64:ff9b::7f00:1]", "http://[2002:7f00:1::]", "http://[::7f00:1]", "http://[fc00::1]", "http://[ff02::1]"],
    ...[
      "http://169.254.169.254/latest",
      "http://10.0.0.1",
      "http://172.16.0.1",
      "http://192.168.1.1",
      "http://100.64.0.1",
      "http://0.0.0.0",
    ],
    ...[
      "http://224.0.0.1",
      "http://255.255.255.255",
      "http://127.0.0.1.",
      "http://user@127.0.0.1",
      "http://user:pass@public.test",
      "http://localhost",
    ],
    ...[
      "http://localhost.",
      "http://inner.test",
      "http://both.test",
      "https://inner.test",
      `http://public.test:${port}`,
      "http://public.test:22",
    ],
    ...["ftp://127.0.0.1", "ftp://inner.test", "file:///etc", "gopher://127.0.0.1", "http://①②⑦.⓪.⓪.①"],
  ];

  it("forty and more spellings of private places, as layers of a viewer's link: refused, nobody is reached", async () => {
    const { port, connections } = await forbidden();
    const resolve = async (host: string) =>
      ({
        localhost: ["127.0.0.1", "::1"],
        "localhost.": ["127.0.0.1"],
        "inner.test": ["10.1.2.3"],
        "both.test": ["93.184.216.34", "127.0.0.1"],
      })[host] ?? ["93.184.216.34"];
    const spellings = SPELLINGS(port);
    expect(spellings.length).toBeGreaterThanOrEqual(40);
    const { get, files, portals } = await scene();
    for (const spelling of spellings) {
      const state = {
        layers: [
          { name: "a", type: "image", source: `precomputed://${spelling}/volume` },
          { name: "b", type: "image", source: `zarr://${spelling}/v.zarr` },
        ],
      };
      const typed = `https://neuroglancer-demo.appspot.com/#!${encodeURIComponent(JSON.stringify(state))}`;
      const outcome = await get(typed, { resolve }).then(
        (report) => report.errors.map(({ code }) => code),
        (error: { code: string }) => [error.code],
      );
      expect([spelling, ...new Set(outcome)]).toEqual([spelling, "ADDRESS_REFUSED"]);
      expect([files(), portals.requests.map(({ path }) => path)]).toEqual([{}, []]);
    }
    expect(connections()).toBe(0);
  });

  it("a layer whose address ends in .. is refused by its name", async () => {
    const { get, around } = await scene();
    const state = {
      layers: [
        { name: "a", source: "precomputed://https://public.test/a/.." },
        { name: "b", source: "gs://neuroglancer-janelia-flyem-hemibrain/v1.0/rois" },
      ],
    };
    const report = await get(`https://neuroglancer-demo.appspot.com/#!${encodeURIComponent(JSON.stringify(state))}`);
    expect(report).toMatchObject({ exitStatus: 3, fetched: 2, errors: [{ code: "NAME_UNSAFE" }] });
    expect(readdirSync(around)).toEqual(["dest"]);
  });

  it("a redirection of a portal's file to a private place is refused", async () => {
    const { port, connections } = await forbidden();
    const { get, files } = await scene({
      fault: ({ path }) =>
        path.endsWith("_0002.dm3") ? { status: 302, headers: { location: `https://127.0.0.1:${port}/secret` } } : undefined,
    });
    const report = await get(EMPIAR);
    expect(report).toMatchObject({
      exitStatus: 3,
      fetched: WORK - 1,
      errors: [{ code: "ADDRESS_REFUSED", rel: `${EMPIAR_ID}/${EMPIAR_FILES[2]}` }],
    });
    expect(Object.keys(files())).toHaveLength(WORK - 1);
    expect(connections()).toBe(0);
  });

  it("what a person typed may be anywhere", async () => {
    const { get, files, portals } = await scene();
    const typed = `${portals.url}/ftp.ebi.ac.uk/empiar/world_availability/${EMPIAR_ID}/${EMPIAR_ID}.xml`;
    expect(await get(typed, { bases: new Map() })).toMatchObject({ exitStatus: 0 });
    expect(Object.keys(files())).toEqual([`${EMPIAR_ID}.xml`]);
  });
});

describe("volumes", () => {
  const n5 = hashesOf(organelleFiles(), (path) =>
    path.startsWith(`${N5}/`) ? `fibsem-uint16/${path.slice(N5.length + 1)}` : undefined,
  );
  const nacc = hashesOf(organelleFiles(), (path) =>
    path.startsWith(VOLUME) ? `fibsem-int16/${path.slice(VOLUME.length)}` : undefined,
  );
  const noListing = ({ host, query }: { host: string; query: URLSearchParams }) =>
    host.endsWith(".s3.amazonaws.com") && query.has("list-type")
      ? { status: 403, body: "<Error><Code>AccessDenied</Code></Error>" }
      : undefined;

  it("without a listing, by their metadata: every chunk asked for, those that are not there noted as fill", async () => {
    const { get, files, manifest, asked } = await scene({ fault: noListing });
    const report = await get(`n5://s3://janelia-cosem-datasets/${N5}`);
    expect(report).toMatchObject({
      exitStatus: 0,
      fetched: 3,
      absent: 1,
      files: 4,
      warnings: [expect.stringMatching(/cannot be listed/)],
    });
    expect(files()).toEqual(n5);
    expect(manifest().get("fibsem-uint16/s0/1/0/0")).toMatchObject({ status: "absent" });
    asked("janelia-cosem-datasets.s3.amazonaws.com");
    expect(await get(`n5://s3://janelia-cosem-datasets/${N5}`)).toMatchObject({ fetched: 0, present: 3, absent: 1 });
    expect(
      asked("janelia-cosem-datasets.s3.amazonaws.com").filter((line) => line.startsWith("GET") && line.includes("/s0/0")),
    ).toEqual([]);
  });

  it("nacc-2's finest level is 9·40·41 chunks", async () => {
    const { get, dest } = await scene({ fault: noListing });
    const report = await get(`zarr://s3://janelia-cosem-datasets/${VOLUME}s0`, { dryRun: true });
    expect(report).toMatchObject({ status: "planned", files: 1 + 14_760 });
    expect(existsSync(dest)).toBe(false);
  });

  it("--scale: one level, and a group that names it alone", async () => {
    for (const fault of [undefined, noListing]) {
      const { get, files, dest } = await scene(fault ? { fault } : {});
      expect(await get(`zarr://s3://janelia-cosem-datasets/${VOLUME}`, { scale: 5 })).toMatchObject({
        exitStatus: 0,
        fetched: 7,
      });
      const { "fibsem-int16/.zattrs": attributes, ...rest } = files();
      expect(rest).toEqual(Object.fromEntries(Object.entries(nacc).filter(([path]) => /\/(\.zgroup|s5\/.*)$/.test(path))));
      expect(attributes).not.toBe(nacc["fibsem-int16/.zattrs"]);
      const { multiscales } = JSON.parse(readFileSync(join(dest, "fibsem-int16/.zattrs"), "utf8")) as {
        multiscales: { datasets: { path: string }[] }[];
      };
      expect(multiscales[0]!.datasets.map(({ path }) => path)).toEqual(["s5"]);
      expect(await get(`zarr://s3://janelia-cosem-datasets/${VOLUME}`, { scale: 5 })).toMatchObject({ fetched: 0, present: 7 });
    }
    const { get } = await scene();
    await expect(get(`zarr://s3://janelia-cosem-datasets/${VOLUME}`, { scale: 9 })).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(/levels 0 to 8/),
    });
  });

  it("--crop: a box of a level becomes a volume of its own", async () => {
    const { get, dest } = await scene();
    const crop = { start: [0, 0, 0], stop: [10, 40, 41] } as { start: [number, number, number]; stop: [number, number, number] };
    const report = await get(`zarr://s3://janelia-cosem-datasets/${VOLUME}`, { scale: 5, crop });
    expect(report).toMatchObject({ exitStatus: 0, crops: [{ rel: "fibsem-int16", status: "cropped" }] });
    const array = readdirSync(join(dest, "fibsem-int16"), { recursive: true })
      .map(String)
      .find((path) => path.endsWith(".zarray"))!;
    expect(JSON.parse(readFileSync(join(dest, "fibsem-int16", array), "utf8"))).toMatchObject({ shape: [10, 40, 41] });
  });

  it("in a folder of a web server, where names with a dot are hidden", async () => {
    const tree = [...organelleFiles()]
      .filter(([path]) => path.startsWith(VOLUME))
      .map(([path, file]) => [`pub/v.zarr/${path.slice(VOLUME.length)}`, file] as const);
    const site = webSite([...tree, ["pub/notes.txt", fileOf("notes")]]);
    const { get, files } = await scene({
      sites: {
        "files.test": (request) => {
          const reply = site(request);
          return reply?.body?.includes("Index of") ? { ...reply, body: reply.body.replace(/^.*href="\.z.*$/gm, "") } : reply;
        },
      },
    });
    const only = { include: ["notes.txt", "v.zarr/.z*", "v.zarr/s8/**", "v.zarr/s7/**"] };
    expect(await get("https://files.test/pub/", only)).toMatchObject({ exitStatus: 0, failed: 0 });
    const wanted = Object.entries(nacc).filter(([path]) => /\/(\.z[a-z]+|s[78]\/.*)$/.test(path) && !/\/s[0-6]\//.test(path));
    expect(files()).toEqual({
      "pub/notes.txt": sha256(Buffer.from("notes")),
      ...Object.fromEntries(wanted.map(([path, sum]) => [path.replace("fibsem-int16", "pub/v.zarr"), sum])),
    });
  });
});

describe("places", () => {
  const tree = [
    ["set/a.tif", patternFile(50_000, "a")],
    ["set/raw/b c.tif", patternFile(60_000, "b")],
    ["set/raw/deep/ü.tif", patternFile(70_000, "c")],
    ["other.tif", patternFile(10, "o")],
  ] as const;
  const expected = hashesOf(tree, (path) => (path.startsWith("set/") ? path : undefined));

  it.each(["apache", "nginx"] as const)("a folder of %s, with and without its last slash", async (manner) => {
    for (const typed of ["https://files.test/set/", "https://files.test/set"]) {
      const { get, files } = await scene({ sites: { "files.test": webSite(tree, manner) } });
      expect(await get(typed)).toMatchObject({ exitStatus: 0, fetched: 3 });
      expect(files()).toEqual(expected);
    }
  });

  it("globs speak of paths below the start", async () => {
    const { get, files } = await scene({ sites: { "files.test": webSite(tree) } });
    expect(await get("https://files.test/set/", { include: ["raw/**"], exclude: ["deep/"] })).toMatchObject({ fetched: 1 });
    expect(Object.keys(files())).toEqual(["set/raw/b c.tif"]);
    await expect(get("https://files.test/set/", { include: ["*.mrc"] })).rejects.toMatchObject({ code: "STORE_ABSENT" });
  });

  it("a folder that cannot be listed is told, the rest is fetched", async () => {
    const site = webSite(tree);
    const { get, files } = await scene({
      sites: { "files.test": (request) => (request.path === "/set/raw/" ? { status: 403, body: "" } : site(request)) },
    });
    expect(await get("https://files.test/set/")).toMatchObject({
      exitStatus: 3,
      fetched: 1,
      errors: [{ code: "STORE_DENIED", rel: "set/raw" }],
    });
    expect(Object.keys(files())).toEqual(["set/a.tif"]);
  });

  it("FTP: a file, and a folder", async () => {
    const { get, files, portals } = await scene();
    const folder = `${portals.ftpUrl}/empiar/world_availability/${EMPIAR_ID}`;
    expect(await get(`${folder}/${EMPIAR_FILES[0]}`)).toMatchObject({ exitStatus: 0, fetched: 1 });
    expect(Object.keys(files())).toEqual([last(EMPIAR_FILES[0]!)]);
    expect(await get(`${folder}/data/`, { include: ["*_000[12].dm3"] })).toMatchObject({ exitStatus: 0, fetched: 2 });
    const whole = hashesOf(small.archive, (path) => (path.includes(`/${EMPIAR_ID}/`) ? last(path) : undefined));
    expect(files()[`data/${last(EMPIAR_FILES[1]!)}`]).toBe(whole[last(EMPIAR_FILES[1]!)]);
  });

  it("a folder of this machine", async () => {
    const { get, around, files } = await scene();
    mkdirSync(join(around, "lab/sub"), { recursive: true });
    writeFileSync(join(around, "lab/sub/x y.dat"), "x");
    expect(await get(join(around, "lab"))).toMatchObject({ exitStatus: 0, fetched: 1 });
    expect(files()).toEqual({ "lab/sub/x y.dat": sha256(Buffer.from("x")) });
    expect(hashesBelow(join(around, "lab"))).toEqual({ "sub/x y.dat": sha256(Buffer.from("x")) });
  });

  it("nothing there is an error with the address, for one; with others it is one of several", async () => {
    const { get } = await scene();
    await expect(get("https://www.ebi.ac.uk/empiar/EMPIAR-99999/")).rejects.toMatchObject({ code: "NOT_FOUND" });
    await expect(get("nonsense")).rejects.toMatchObject({ code: "UNKNOWN_PORTAL" });
    const report = await get(["https://www.ebi.ac.uk/empiar/EMPIAR-99999/", "nonsense", IDR]);
    expect(report).toMatchObject({ exitStatus: 3, fetched: 1, errors: [{ code: "NOT_FOUND" }, { code: "UNKNOWN_PORTAL" }] });
  });

  it("--fail-fast stops at the first", async () => {
    const { get } = await scene({ fault: ({ path }) => (path.endsWith("_0001.dm3") ? { status: 404 } : undefined) });
    const report = await get(EMPIAR, { keepGoing: false });
    expect(report.exitStatus).not.toBe(0);
    expect(report.fetched).toBeLessThan(WORK - 1);
  });
});

describe("what is there already", () => {
  it("a file that an earlier run fetched from elsewhere is not replaced", async () => {
    const { get, files } = await scene({
      sites: { "one.test": webSite([["a.dat", fileOf("one")]]), "two.test": webSite([["a.dat", fileOf("two")]]) },
    });
    await get("https://one.test/a.dat");
    // the refusal leaves the manifest's line as it was: else the second try would take the file for one of its own
    for (let attempt = 1; attempt <= 2; attempt++)
      expect(await get("https://two.test/a.dat")).toMatchObject({ exitStatus: 1, errors: [{ code: "CONFIG_COLLISION" }] });
    expect(files()).toEqual({ "a.dat": sha256(Buffer.from("one")) });
    expect(await get("https://one.test/a.dat")).toMatchObject({ exitStatus: 0, fetched: 0 });
    expect(await get("b.dat=https://two.test/a.dat")).toMatchObject({ exitStatus: 0 });
    expect(Object.keys(files())).toEqual(["a.dat", "b.dat"]);
  });
});

describe("mirrors", () => {
  it("the same file elsewhere is fetched when the first place fails", async () => {
    const file = patternFile(3_000_000, "m");
    let asked = 0;
    const { get, files } = await scene({
      sites: {
        "first.test": () => {
          asked++;
          return { status: 503, body: "" };
        },
        "second.test": webSite([["pub/a.tif", file]]),
      },
    });
    const mirrors = [["https://first.test/", "https://second.test/"]] as const;
    const report = await get("zip=https://first.test/pub/a.tif", { mirrors });
    expect(report).toMatchObject({ exitStatus: 0, fetched: 1 });
    expect(asked).toBeGreaterThan(0);
    expect(files()).toEqual({ zip: sha256(contentOf(file)) });
  });

  it("of a folder too", async () => {
    const tree = webSite([
      ["pub/a.dat", patternFile(30_000, "a")],
      ["pub/b.dat", patternFile(40_000, "b")],
    ]);
    const { get, files } = await scene({
      sites: {
        "first.test": (request) => (request.path.endsWith("b.dat") ? { status: 500, body: "" } : tree(request)),
        "second.test": tree,
      },
    });
    expect(await get("https://first.test/pub/", { mirrors: [["https://first.test/", "https://second.test/"]] })).toMatchObject({
      exitStatus: 0,
      fetched: 2,
    });
    expect(files()["pub/b.dat"]).toBe(sha256(contentOf(patternFile(40_000, "b"))));
  });
});

describe("before a byte moves", () => {
  it("a disk that is too small is told", async () => {
    const { get, files, portals } = await scene({
      sites: {
        "files.test": webSite([
          ["set/huge.tif", sparseFile(2 ** 49, [], "huge")],
          ["set/small", fileOf("x")],
        ]),
      },
    });
    await expect(get("https://files.test/set/")).rejects.toMatchObject({
      code: "DISK_FULL",
      message: expect.stringMatching(/free, the download needs 538 TiB/),
    });
    expect(files()).toEqual({});
    expect(portals.requests.filter(({ path }) => path.endsWith("huge.tif"))).toEqual([]);
  });

  it("--dry-run lists files and bytes, and touches nothing", async () => {
    const { get, around } = await scene({
      sites: {
        "files.test": webSite([
          ["set/a", fileOf("12345")],
          ["set/b", fileOf("678")],
        ]),
      },
    });
    const report = await get("https://files.test/set/", { dryRun: true });
    expect(report).toMatchObject({
      status: "planned",
      exitStatus: 0,
      files: 2,
      bytes: 8,
      unsized: 0,
      list: [{ rel: "set/a", size: 5, status: "planned" }, { rel: "set/b" }],
    });
    expect(report.toText()).toContain("2 files, 8 B, to ");
    expect(readdirSync(around)).toEqual([]);
  });
});

describe("progress", () => {
  it("counts files and bytes up to the whole, sizes that nobody knew before included", async () => {
    const { get } = await scene();
    let state = noProgress;
    const kinds = new Set<string>();
    const onEvent = (event: RunEvent) => {
      kinds.add(event.kind);
      state = advance(state, event);
      const view = viewProgress(state);
      expect(view.fraction).toBeLessThanOrEqual(1);
      expect(view.bytesDone).toBeLessThanOrEqual(Math.max(view.bytesTotal, 1) + (view.unsized > 0 ? 1e9 : 0));
    };
    const report = await get(EMPIAR, { onEvent });
    expect([...kinds].sort()).toEqual(["end", "plan", "progress", "settled", "sized", "start"]);
    expect(viewProgress(state)).toMatchObject({
      tasksDone: WORK,
      tasksTotal: WORK,
      bytesDone: report.bytes,
      bytesTotal: report.bytes,
      unsized: 0,
      fraction: 1,
      bytesAgain: 0,
    });
    await get(EMPIAR, { onEvent });
    expect(viewProgress(state)).toMatchObject({
      tasksDone: WORK,
      bytesDone: report.bytes,
      bytesTotal: report.bytes,
      bytesResumed: report.bytes,
      fraction: 1,
    });
  });
});

describe("the guide", () => {
  const guide = readFileSync(new URL("../../docs/guides/harvest-download.md", import.meta.url), "utf8");
  const lines = [...guide.matchAll(/^ {4}emporium (harvest .*)$/gm)].map(([, line]) => line!);

  it("has commands that ask portals", () => expect(lines.length).toBeGreaterThan(3));

  it.each(lines)("%s", async (line) => {
    const { portals, around } = await scene();
    const words = shellWords(line);
    const at = words.indexOf("--dest") + 1;
    words[at] = join(around, words[at]!);
    const { status, out, err } = await emporium([
      ...words,
      "--quiet",
      ...portals.bases.flatMap((base) => ["--portal-base", base]),
    ]);
    expect([status, err]).toEqual([0, ""]);
    expect(out).not.toBe("");
    expect(Object.keys(hashesBelow(words[at]!)).length).toBeGreaterThan(0);
  });
});

describe("the command", () => {
  it("prints one JSON document; 3 when some of it failed; usage errors touch nothing", async () => {
    const { portals, dest } = await scene({ fault: ({ path }) => (path.endsWith("_0001.dm3") ? { status: 404 } : undefined) });
    const words = [
      "harvest",
      "download",
      EMPIAR,
      "--dest",
      dest,
      "--no-sync",
      "--include",
      "*_000[0-3].dm3",
      ...portals.bases.flatMap((base) => ["--portal-base", base]),
    ];
    const { status, out, err } = await emporium([...words, "--json"]);
    expect(status).toBe(3);
    expect(JSON.parse(out)).toMatchObject({
      status: "partial",
      fetched: 3,
      failed: 1,
      errors: [{ code: "STORE_ABSENT", rel: `${EMPIAR_ID}/${EMPIAR_FILES[1]}` }],
    });
    expect(err).toContain("error[STORE_ABSENT]");
    for (const wrong of [
      ["--limit", "fast"],
      ["--limit", "0"],
      ["--rate", "x/s"],
      ["--connections", "0"],
      ["--crop", "1:2"],
      ["--checksum", "md5:x"],
      ["--include", "["],
      ["--scale", "-1"],
    ]) {
      expect((await emporium([...words, ...wrong])).status, wrong.join(" ")).toBe(2);
    }
    expect((await emporium(["harvest", "download", "--dest", dest])).status).toBe(2);
    expect((await emporium(["harvest", "download", EMPIAR, "--dest", "s3://bucket/x"])).status).toBe(2);
    const ok = await emporium([...words, "--exclude", "*_0001*", "--limit", "500MB/s", "--rate", "100/s"]);
    expect([ok.status, ok.out.split("\n")[0]]).toEqual([0, expect.stringMatching(/^0 fetched \(0 B\), 3 already there in /)]);
  });

  it("EPFL's files come by sixteen connections, IDR's by four", async () => {
    expect(EPFL_FILES).toHaveLength(6);
    const { get, portals } = await scene();
    await get(IDR);
    const ranges = portals.requests
      .filter(({ path, method }) => path.endsWith("20nm_xy.tif") && method === "GET")
      .map(({ bytesSent }) => bytesSent);
    expect(ranges.length).toBeGreaterThanOrEqual(2);
  });
});
