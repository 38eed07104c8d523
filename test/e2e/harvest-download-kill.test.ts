import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { dataFiles } from "../../examples/portals/files.mjs";
import { seededRandom } from "../../src/core/random.js";
import { THOROUGH } from "../thorough.js";
import { hashesOf, scene } from "./harvest-download-kit.js";

const main = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));
const KILLS = THOROUGH ? 6 : 3;
const last = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/** One run of the program: killed after so much has been sent to it, or left alone. */
async function run(
  words: readonly string[],
  killWhen?: () => boolean,
): Promise<{ status: number | null; signal: string | null; err: string; out: string }> {
  const child = spawn(process.execPath, [main, ...words], { stdio: ["ignore", "pipe", "pipe"] });
  let err = "";
  let out = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  const look = setInterval(() => killWhen?.() && child.kill("SIGKILL"), 5);
  const [status, signal] = await new Promise<[number | null, string | null]>((done) =>
    child.on("close", (...ends) => done(ends)),
  );
  clearInterval(look);
  return { status, signal, err, out };
}

describe("a download that is killed", () => {
  it("again and again at any moment ends with the same bytes, and fetches nothing again that was done", async () => {
    const { portals, dest, files, manifest, around } = await scene();
    const urls = [
      "https://www.epfl.ch/labs/cvlab/data/data-em/",
      "https://openorganelle.janelia.org/datasets/jrc_mus-nacc-2",
      "https://tinyurl.com/hemibrain-ng",
    ];
    const words = [
      "harvest",
      "download",
      ...urls,
      "--dest",
      dest,
      "--no-sync",
      "--quiet",
      ...portals.bases.flatMap((base) => ["--portal-base", base]),
    ];
    const sent = () => portals.requests.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    const random = seededRandom(11);
    const later: { from: number; done: string[] }[] = [];
    let kills = 0;
    for (let n = 0; n < KILLS; n++) {
      // a file counts as done when its server has been asked once more, at the pace of its host
      const until = sent() + 4_000_000 + random() * 4_000_000;
      const { signal } = await run([...words, "--limit", "20MB/s", "--connections", "2"], () => sent() > until);
      if (signal === "SIGKILL") kills++;
      // metadata are read anew to find out what there is; of data nothing that was done comes twice
      const entries = existsSync(join(dest, ".emporium-manifest.jsonl")) ? [...manifest().values()] : [];
      const done = entries
        .filter(({ rel, status }) => status === "done" && !/\/(?:info|\.z[a-z]+)$/.test(rel))
        .map(({ rel }) => rel.slice(rel.indexOf("/")));
      later.push({ from: portals.requests.length, done });
    }
    expect(kills).toBeGreaterThan(1);
    const { status, err } = await run(words);
    expect([status, err]).toEqual([0, expect.not.stringMatching(/error\[/)]);
    const small = dataFiles({ small: true });
    const epfl = hashesOf(small.documents, (path) => `epfl/${last(path)}`);
    const found = files();
    expect(Object.fromEntries(Object.entries(found).filter(([path]) => path.startsWith("epfl/")))).toEqual(epfl);
    expect(Object.keys(found).filter((path) => path.startsWith("fibsem-int16/"))).toHaveLength(26);
    expect(Object.keys(found).filter((path) => path.startsWith("hemibrain/"))).toHaveLength(11);
    for (const [rel, sum] of Object.entries(found)) expect(manifest().get(rel)).toMatchObject({ status: "done", sha256: sum });
    expect(readdirSync(dest, { recursive: true }).filter((name) => /\.part(\.json)?$/.test(String(name)))).toEqual([]);
    expect(readdirSync(around)).toEqual(["dest"]);
    expect(later.at(-1)!.done.length).toBeGreaterThan(0);
    for (const { from, done } of later) {
      const bodies = portals.requests
        .slice(from)
        .filter(({ method, bytesSent, status }) => method === "GET" && status < 300 && bytesSent > 0);
      expect(done.filter((name) => bodies.some(({ path }) => path.endsWith(name)))).toEqual([]);
    }
    const again = await run([...words, "--json"]);
    expect(JSON.parse(again.out)).toMatchObject({ status: "done", fetched: 0, failed: 0, errors: [] });
  });
});
