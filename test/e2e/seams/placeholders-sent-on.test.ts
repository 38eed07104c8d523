import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FaultServer, startFaultServer } from "../../faults/server.mjs";
import { mrcFile } from "../../laboratory-kit.js";
import { emporium } from "../cli-host.js";

const NUMBERS = ["--deposition", "10001", "--dataset", "10002"];

describe("what was imported with placeholders into a folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "emporium-sent-on-"));
  const at = (name: string) => join(folder, name);
  let server: FaultServer;
  const before = { ...process.env };
  const run = (...words: string[]) => emporium([...words, "--workspace", at("workspace")]);
  const ingest = (...more: string[]) => run("ingest", "run", at("lab.yaml"), at("lab"), at("tree"), ...more, "--quiet");
  const publish = (...more: string[]) => run("publish", "tree", at("tree"), "s3://bucket/portal", ...more);
  beforeAll(async () => {
    const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "canary-secret-key" };
    server = await startFaultServer({ credentials });
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: "us-east-1",
    });
    mkdirSync(at("lab/tomograms"), { recursive: true });
    for (const [n, name] of ["TS_01", "TS_02"].entries())
      writeFileSync(at(`lab/tomograms/${name}.mrc`), mrcFile([6, 12, 12], 10, { seed: n }));
    expect((await run("ingest", "new", "--from", at("lab"), "--out", at("lab.yaml"), "--yes", ...NUMBERS)).status).toBe(0);
    expect((await ingest("--import-everything")).status).toBe(0);
  });
  afterAll(async () => {
    process.env = before;
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("is sent into no bucket, and into another folder as before", async () => {
    const refused = await publish();
    expect([refused.status, refused.err]).toEqual([2, expect.stringMatching(/^error\[CONFIG_PLACEHOLDER\]: a bucket takes no/)]);
    expect(refused.err).toMatch(
      /the tree was imported with placeholders: 10002 by lab\.yaml \(\d+ lines to fill in and \d+ guesses to check\)/,
    );
    const planned = await publish("--dry-run");
    expect([planned.status, planned.out + planned.err]).toEqual([0, expect.stringContaining("a bucket takes no placeholders")]);
    const copy = await run("publish", "tree", at("tree"), at("copy"));
    expect([copy.status, copy.out + copy.err]).toEqual([0, expect.not.stringContaining("placeholders")]);
    // the copy is no better
    const onward = await run("publish", "tree", at("copy"), "s3://bucket/onward");
    expect([onward.status, onward.err]).toEqual([2, expect.stringMatching(/^error\[CONFIG_PLACEHOLDER\]/)]);
  });

  it("is sent where somebody allows it, which is told", async () => {
    const allowed = await publish("--allow-placeholders");
    expect([allowed.status, allowed.out + allowed.err]).toEqual([
      0,
      expect.stringContaining("the tree was imported with placeholders: "),
    ]);
  });

  it("is sent once everything was imported again without them; a part of it is not enough", async () => {
    const text = readFileSync(at("lab.yaml"), "utf8");
    const values: [RegExp, string][] = [
      [/First Last/g, "A. Person"],
      [/0000-0000-0000-0000/g, "0000-0002-1825-0097"],
      [/Title of the dataset/g, "Grids"],
      [/What the dataset shows\./g, "Two volumes."],
      [/2000-01-01/g, "2026-02-01"],
      [/ *# please .*/g, ""],
    ];
    writeFileSync(
      at("lab.yaml"),
      values.reduce((all, [found, value]) => all.replace(found, value), text),
    );
    const check = await run("ingest", "check", at("lab.yaml"));
    expect([check.status, check.out]).toEqual([0, expect.not.stringContaining("placeholder")]);
    expect((await ingest("--import-runs", "--import-all-metadata")).status).toBe(0);
    expect((await publish()).status).toBe(2);
    expect((await ingest("--import-everything", "--filter-run-name", "TS_01")).status).toBe(0);
    expect((await publish()).status).toBe(2);
    expect((await ingest("--import-everything")).status).toBe(0);
    const sent = await publish();
    expect([sent.status, sent.out + sent.err]).toEqual([0, expect.not.stringContaining("placeholder")]);
    expect((await run("publish", "tree", at("tree"), at("copy"))).status).toBe(0);
    expect((await run("publish", "tree", at("copy"), "s3://bucket/onward")).status).toBe(0);
  });
});
