import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { generateLab } from "../../../examples/lab/generate.mjs";
import { type FaultServer, startFaultServer } from "../../faults/server.mjs";
import { giveCluster } from "../cluster-template.js";
import { freePort, type Newcomer, newcomer } from "./newcomer.js";

/**
 * A deposition is ingested, its tree is published to a bucket, imported from there, served from there, and exported for copick: defaults only, each command
 * twice, and publish tree stopped in the middle. What copick itself says of it is in test/peers/publish-line.test.ts.
 */
const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "canary-secret-key" };
const TREE = "Ausgabe für Ä";
const LOCATION = "s3://bucket/öffentlich/v 1";
let server: FaultServer;
let person: Newcomer;

beforeAll(async () => {
  server = await startFaultServer({ credentials });
  person = newcomer({
    AWS_ENDPOINT_URL_S3: server.url,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_REGION: "us-east-1",
  });
  await giveCluster(person.at(".emporium"));
  await generateLab({ out: person.at("lab"), deposits: ["imod"], sections: "all" });
  expect((await person.run("ingest", "run", "lab/imod.yaml", "lab/input", TREE, "--import-everything")).status).toBe(0);
}, 180_000);
afterAll(async () => {
  await person?.leave();
  await server?.close();
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** What the tree holds for readers: an ingest's own folder is not for them. */
function filesOfTree(): Record<string, string> {
  const entries = readdirSync(person.at(TREE), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const keys = entries.map((entry) => `${entry.parentPath.slice(person.at(TREE).length + 1)}/${entry.name}`);
  return Object.fromEntries(
    keys
      .filter((key) => !key.startsWith(".emporium/"))
      .sort()
      .map((key) => [key, sha256(readFileSync(person.at(TREE, key)))]),
  );
}

function objectsThere(): Record<string, string> {
  const start = LOCATION.slice("s3://bucket/".length);
  return Object.fromEntries(
    [...server.s3.buckets.get("bucket")!]
      .map(
        ([key, { segments }]) =>
          [key.slice(start.length + 1), sha256(Buffer.concat(segments.map(({ bytes }) => bytes!)))] as const,
      )
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}

const puts = () => server.requests.filter(({ operation, status }) => operation === "PutObject" && status < 300);

describe("seam 29: run → publish tree (S3) → catalog import from the bucket → serve the bucket", () => {
  it("publish tree is stopped in the middle and given again: no document stands without what it tells of, then all is there", async () => {
    const stopped = await person.stop(() => puts().length > 60, "publish", "tree", TREE, LOCATION);
    expect([stopped.status, stopped.err.includes("error[CANCELLED]")], stopped.err).toEqual([130, true]);
    const part = Object.keys(objectsThere());
    expect(part.length).toBeGreaterThan(0);
    expect(part).not.toContain("10401/dataset_metadata.json");
    expect(part.filter((key) => key.includes(".emporium"))).toEqual([]);
    const again = await person.run("publish", "tree", TREE, LOCATION);
    expect(again.status, again.err).toBe(0);
    expect(objectsThere()).toEqual(filesOfTree());
    const twice = await person.run("publish", "tree", TREE, LOCATION, "--json");
    expect([twice.status, JSON.parse(twice.out).totals.uploaded]).toEqual([0, 0]);
    for (const _ of [1, 2]) expect((await person.run("publish", "verify", TREE, LOCATION)).status).toBe(0);
    expect(server.s3.uploads.size).toBe(0);
  }, 120_000);

  it("the bucket is imported, also after a stop, and a second time nothing is new", async () => {
    const begun = server.requests.length;
    await person.stop(() => server.requests.length > begun + 5, "catalog", "import", LOCATION);
    const first = await person.run("catalog", "import", LOCATION, "--json");
    expect([first.status, JSON.parse(first.out).errors], first.err).toEqual([0, []]);
    const second = JSON.parse((await person.run("catalog", "import", LOCATION, "--json")).out);
    expect(second.runs).toMatchObject({ imported: 0, unchanged: 2, failed: 0, removed: 0 });
  }, 120_000);

  it("the bucket is served twice, elsewhere than at 8080: clients get the tree's bytes; copick gets a project", async () => {
    const wanted = filesOfTree();
    for (const [at, words] of [[], ["--no-import"]].entries()) {
      const port = await freePort();
      const served = await person.start(
        /Serving at (http:\/\/127\.0\.0\.1:\d+) /,
        "serve",
        LOCATION,
        "--port",
        String(port),
        ...words,
      );
      const url = served.match[1]!;
      expect(url).toBe(`http://127.0.0.1:${port}`);
      const query = "{ tomograms(orderBy: {run: {name: asc}}) { httpsMrcFile s3MrcFile run { name } } }";
      const answer = await fetch(`${url}/graphql`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query }),
      });
      const { tomograms } = ((await answer.json()) as { data: { tomograms: { httpsMrcFile: string; run: { name: string } }[] } })
        .data;
      expect(tomograms.map(({ run }) => run.name)).toEqual(["TS_0001", "TS_0002"]);
      for (const { httpsMrcFile, run } of tomograms) {
        const key = `10401/${run.name}/Reconstructions/VoxelSpacing13.480/Tomograms/100/${run.name}.mrc`;
        expect(httpsMrcFile).toBe(`${url}/files/${key}`);
        expect(sha256(new Uint8Array(await (await fetch(httpsMrcFile)).arrayBuffer()))).toBe(wanted[key]);
        expect(sha256(new Uint8Array(await (await fetch(`${url}/s3/portal/${key}`)).arrayBuffer()))).toBe(wanted[key]);
      }
      const exported = await person.run("catalog", "export", "copick", url, "--out", `projekt ${at}.json`, "--json");
      expect([exported.status, JSON.parse(exported.out)], exported.err).toEqual([
        0,
        expect.objectContaining({ datasets: [10401], runs: 2, picks: 4, segmentations: 10, errors: [] }),
      ]);
      expect(await served.stop()).toBe(0);
    }
  }, 120_000);
});
