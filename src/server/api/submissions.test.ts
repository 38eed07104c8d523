import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { model, tomogram } from "../../../examples/archive/model.mjs";
import { LAB_RUNS, writeSubmissionLab } from "../../../test/submission-lab.js";
import { makeLog } from "../../core/log.js";
import type { ApiError, Submission, SubmissionFiles, SubmissionForm } from "../../model/page-api.js";
import { readDecisions } from "../../stations/ingest/laboratory/decisions-file.js";
import { newConfig } from "../../stations/ingest/laboratory/new-config.js";
import type { JobKind } from "../job-kinds.js";
import { openPlaces } from "../places.js";
import { type Portal, servePortal } from "../portal.js";
import { openTokens } from "../tokens.js";

/** A folder as `ingest new` knows it, over HTTP: what is asked, what is decided, and the two files. */
const root = realpathSync(mkdtempSync(join(tmpdir(), "emporium-submissions-")));
const data = join(root, "data");
const lab = join(data, "lab");
const ANN = "a".repeat(43);
const BOB = "b".repeat(43);
const signal = new AbortController().signal;
const kind: JobKind = {
  ...{ kind: "noop", summary: "Nothing", body: z.strictObject({ kind: z.literal("noop") }), locations: {} },
  ...{ words: () => ["noop"], planWords: () => undefined, inputOf: () => undefined, fields: [] },
};
let portal: Portal;
const said: string[] = [];

interface Reply<T> {
  readonly status: number;
  readonly body: T;
}
async function ask<T = Submission>(method: string, path: string, body?: object, etag?: string, token = ANN): Promise<Reply<T>> {
  const headers = {
    ...{ authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(etag !== undefined && { "if-match": `"${etag}"` }),
  };
  const reply = await fetch(`${portal.url}/api/v1/${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  return { status: reply.status, body: (await reply.json()) as T };
}
/** A folder that has been looked at. */
async function looked(folder = lab, more: object = {}): Promise<Submission> {
  const { status, body } = await ask("POST", "submissions", { folder, ...more });
  expect([status, body]).toMatchObject([200, { state: expect.stringMatching(/surveying|ready/) }]);
  const now = async () => (await ask("GET", `submissions/${body.id}`)).body;
  await expect.poll(async () => (await now()).state, { timeout: 30_000 }).not.toBe("surveying");
  return now();
}
const etagOf = (one: Submission) => one.account!.etag;
const decide = async (one: Submission, body: object) =>
  (await ask("PUT", `submissions/${one.id}/decisions`, body, etagOf(one))).body;
const filesOf = async (one: Submission, query: string) =>
  (await ask<SubmissionFiles>("GET", `submissions/${one.id}/files?${query}`)).body;
const cell = ({ account }: Submission, run: string, kind: string) =>
  account!.runs.find((one) => one.run === run)!.counts[account!.kinds.indexOf(kind)];

beforeAll(async () => {
  writeSubmissionLab(lab, { size: 16 });
  mkdirSync(join(root, "secret"));
  writeFileSync(join(root, "secret/x.rec"), "not for pages");
  symlinkSync(join(root, "secret"), join(data, "link"));
  mkdirSync(join(data, "empty"));
  const tokens = join(root, "tokens");
  writeFileSync(tokens, `ann write ${ANN}\nbob review ${BOB}\n`, { mode: 0o600 });
  portal = await servePortal({
    ...{ places: await openPlaces([data]), bucket: "b", version: "0", workspace: join(root, "workspace") },
    writing: { tokens: openTokens(tokens, () => 0).tokens, roots: [], jobs: { kinds: [kind], program: ["false"] } },
    log: makeLog((_, message) => void said.push(message)),
  });
});
afterAll(async () => {
  await portal.close();
  rmSync(root, { recursive: true });
});

describe("a folder that is made ready for ingest", () => {
  it("is offered, looked at, and told as ingest new tells it", async () => {
    const { body: form } = await ask<SubmissionForm>("GET", "submissions");
    expect(form.folders).toContain(lab);
    const one = await looked();
    const terminal = await newConfig({ from: lab, signal });
    const account = one.account!;
    expect(account.runs.map(({ run }) => run)).toEqual(LAB_RUNS);
    expect(account.questions.map(({ id, text, answer }) => ({ id, text, answer }))).toEqual(
      terminal.questions.map(({ id, text, answer }) => ({ id, text, answer })),
    );
    expect([account.toFill, account.toCheck]).toEqual([terminal.toFill, terminal.toCheck]);
    expect(account.input).toBe(terminal.input);
    expect([cell(one, "TS_01", "tomogram"), cell(one, "TS_05", "tomogram"), cell(one, "TS_05", "tilt series")]).toEqual([
      1, 0, 1,
    ]);
    const all = await filesOf(one, "limit=500");
    expect(all.files.map(({ path, is, run, because }) => ({ path, role: is, ...(run && { run }), because }))).toEqual(
      terminal.files,
    );
    const text = async (of: string) => (await fetch(`${portal.url}/api/v1/submissions/${one.id}/${of}`)).text();
    expect([await text("yaml"), await text("decisions")]).toEqual([terminal.yaml, terminal.decisions]);
    const reasons = account.unused.map(({ fate, files, example }) => [fate, files, example]);
    expect(reasons).toEqual([
      ["left out", 12, "logs/TS_01.log"],
      ["left out", 2, "rec/TS_01_half1.mrc"],
      ["left out", 2, "rec/TS_05.rec"],
      ["not used", 1, "notes/reading.txt"],
    ]);
  });

  it("of which only questions are left is told, and written once they are answered", async () => {
    const folder = join(data, "questions alone");
    for (const [at, place] of ["a", "b"].entries()) {
      mkdirSync(join(folder, place), { recursive: true });
      writeFileSync(join(folder, place, "TS_01.rec"), tomogram([32, 24, 12], 10, at));
    }
    let one = await looked(folder);
    expect([one.state, one.account!.runs, one.account!.errors.map(({ code }) => code)]).toEqual(["ready", [], ["CONFIG_EMPTY"]]);
    const config = join(data, "asked.yaml");
    const write = () => ask<ApiError & Submission>("POST", `submissions/${one.id}/write`, { config }, etagOf(one));
    expect(await write()).toMatchObject({ body: { code: "CONFIG_EMPTY" } });
    one = await decide(one, { say: "answer", question: one.account!.questions[0]!.id, answer: "2" });
    expect([one.account!.runs.map(({ run }) => run), one.account!.errors]).toEqual([["TS_01"], []]);
    expect((await write()).body.account!.written).toMatchObject({ config });
    // once: what was refused before is nobody's deed
    expect(said.filter((line) => line.includes(config))).toEqual([`ann writes ${config}`]);
  });

  it("takes a table of matches, a vocabulary and unsigned requests, as ingest new does", async () => {
    const folder = join(data, "drive");
    for (const run of ["mka2019-11-20-1", "mka2019-11-20-2"]) {
      mkdirSync(join(folder, run), { recursive: true });
      writeFileSync(join(folder, run, "tomo.rec"), tomogram([32, 24, 12], 10, Number(run.at(-1))));
      writeFileSync(join(folder, run, "TP.mod"), model({ name: "", max: [32, 24, 12], points: [[1, 2, 3]] }));
    }
    const matches = join(data, "matching_runs.csv");
    const row = `mka2019-11-20-1,mka2019-11-20-1,7,${join(folder, "mka2019-11-20-1")},exact,1,matched,10052`;
    writeFileSync(matches, `sc_run_name,CZI_run_name,CZI_run_id,path,rule,score,status,dataset_id\n${row}\n`);
    writeFileSync(join(data, "unmatched_archive.csv"), `path,run\n${join(folder, "mka2019-11-20-2")},mka2019-11-20-2\n`);
    const vocabulary = join(data, "words.yaml");
    writeFileSync(vocabulary, "labels: [{ name: TP, meaning: toxin pump, ontology: GO:0015297 }]\n");
    const one = await looked(folder, { matches, vocabulary, anonymous: true });
    expect(one.options).toEqual(["--matches", matches, "--vocabulary", vocabulary, "--anonymous"]);
    expect(one.account!.runs.map(({ run }) => run)).toEqual(["mka2019-11-20-2"]);
    const yaml = await (await fetch(`${portal.url}/api/v1/submissions/${one.id}/yaml`)).text();
    expect(yaml).toContain("{name: toxin pump, id: GO:0015297}");
    // the file of decisions names the table, which is read again where it may be
    const config = join(data, "drive.yaml");
    await ask("POST", `submissions/${one.id}/write`, { config }, etagOf(one));
    const again = await looked(folder, { decisions: join(data, "drive.decisions.yaml") });
    expect(again.account!.runs.map(({ run }) => run)).toEqual(["mka2019-11-20-2"]);
    const text = readFileSync(join(data, "drive.decisions.yaml"), "utf8").replace(matches, join(root, "tokens"));
    writeFileSync(join(data, "other.decisions.yaml"), text);
    const refused = await ask<ApiError>("POST", "submissions", { folder, decisions: join(data, "other.decisions.yaml") });
    expect([refused.status, refused.body.code]).toEqual([403, "STORE_DENIED"]);
  });

  it("takes answers and decisions about one file, a group, a pattern; and the file that is written gives ingest new the same", async () => {
    let one = await looked();
    const [spacing, twins] = ["spacing", "twins"].map((word) => one.account!.questions.find(({ id }) => id.startsWith(word))!);
    one = await decide(one, { say: "answer", question: spacing!.id, answer: "13.48" });
    one = await decide(one, { say: "answer", question: twins!.id, answer: "1" });
    one = await decide(one, { say: "files", paths: ["rec/TS_05.rec"], is: "tomogram" });
    expect([cell(one, "TS_05", "tomogram"), cell(one, "TS_05", "tilt series")]).toEqual([1, 1]);
    const group = one.account!.unused.find(({ fate }) => fate === "not used")!;
    one = await decide(one, { say: "all", of: { group: group.id }, is: "left out" });
    one = await decide(one, { say: "all", of: { pattern: "rec/TS_0[1-3].rec" }, is: "left out" });
    expect((await filesOf(one, "pattern=rec/TS_0[1-3].rec")).files.map(({ is, isDecided }) => [is, isDecided])).toEqual(
      Array.from({ length: 3 }, () => ["left out", true]),
    );
    one = await decide(one, { say: "undo" });
    // one of many that are called alike
    one = await decide(one, { say: "files", paths: ["rec/TS_02.rec"], is: "left out" });
    one = await decide(one, { say: "all", of: { pattern: "st/{run_name}.rawtlt" }, is: "left out" });
    expect(["TS_01", "TS_02", "TS_03"].map((run) => cell(one, run, "tomogram"))).toEqual([1, 0, 1]);
    const config = join(data, "decided.yaml");
    expect([existsSync(config), one.account!.written]).toEqual([false, undefined]);
    const { body: written } = await ask("POST", `submissions/${one.id}/write`, { config }, etagOf(one));
    expect(written.account!.written).toMatchObject({ config, decisions: join(data, "decided.decisions.yaml"), isCurrent: true });
    const text = readFileSync(join(data, "decided.decisions.yaml"), "utf8");
    const again = await newConfig({ from: lab, given: readDecisions(text, "x"), signal });
    const all = await filesOf(one, "limit=500");
    expect(again.files.map(({ path, role, run }) => [path, role, run])).toEqual(
      all.files.map(({ path, is, run }) => [path, is, run]),
    );
    expect(again.questions.filter(({ isAnswered }) => !isAnswered)).toEqual([]);
    expect(again.yaml.replace(/^#.*\n/gm, "")).toBe(readFileSync(config, "utf8").replace(/^#.*\n/gm, ""));
  });

  it("keeps the answers to other questions where a person decides about a file of one", async () => {
    let one = await looked();
    const [spacing, twins] = ["spacing", "twins"].map((word) => one.account!.questions.find(({ id }) => id.startsWith(word))!);
    one = await decide(one, { say: "answer", question: spacing!.id, answer: "1.348" });
    one = await decide(one, { say: "files", paths: ["rec_old/TS_07.rec"], is: "left out" });
    const now = () => one.account!.questions.find(({ id }) => id === spacing!.id);
    expect(now()).toMatchObject({ answer: "1.348", isAnswered: true });
    expect(one.account!.questions.some(({ id }) => id === twins!.id)).toBe(false);
    one = await decide(one, { say: "answer", question: spacing!.id, answer: null });
    expect(now()).toMatchObject({ isAnswered: false });
  });

  it("takes facts once for all, those of a profile below them, and says which is wrong", async () => {
    const one = await looked();
    const put = (facts: object, etag = etagOf(one)) => ask("PUT", `submissions/${one.id}/facts`, { facts }, etag);
    expect(await put({ quality: "7" })).toMatchObject({
      status: 400,
      body: { path: "quality", message: "7: expected one of 1, 2, 3, 4, 5" },
    });
    // a type of sample that needs a field of its own gets a placeholder for it
    const { body: typed } = await put({ sampleType: "organism" });
    expect(typed.account!.errors).toEqual([]);
    expect(typed.account!.toFill.map(({ what }) => what)).toContain("name of the tissue");
    await decide(typed, { say: "undo" });
    expect(await put({ colour: "red" })).toMatchObject({ status: 400, body: { path: "colour" } });
    const facts = {
      title: "Spores",
      depositionId: "10301",
      author: "Ada Example",
      cameraManufacturer: "Gatan",
      cameraModel: "K3",
    };
    const { body: filled } = await put(facts);
    const profile = join(data, "profile.yaml");
    writeFileSync(profile, "title: Another\nenergy_filter: Selectris\n");
    const { body: now } = await ask("PUT", `submissions/${one.id}/profile`, { path: profile }, etagOf(filled));
    expect(now.account!.facts.filter(({ value, inProfile }) => value || inProfile)).toMatchObject([
      { key: "depositionId", value: "10301" },
      { key: "title", value: "Spores", inProfile: "Another" },
      { key: "author", value: "Ada Example" },
      { key: "cameraManufacturer", value: "Gatan" },
      { key: "cameraModel", value: "K3" },
      { key: "energyFilter", inProfile: "Selectris" },
    ]);
    expect(now.account!.toFill.length).toBeLessThan(one.account!.toFill.length);
    const yaml = await (await fetch(`${portal.url}/api/v1/submissions/${one.id}/yaml`)).text();
    const series = (parse(yaml) as { tiltseries: { metadata: { camera: object; microscope_optical_setup: object } }[] })
      .tiltseries[0]!;
    expect(series.metadata).toMatchObject({
      camera: { manufacturer: "Gatan", model: "K3" },
      microscope_optical_setup: { energy_filter: "Selectris" },
    });
  });

  it("writes nothing over what is there, but for what it has written itself", async () => {
    const one = await looked();
    const write = (etag: string, config: string) => ask("POST", `submissions/${one.id}/write`, { config }, etag);
    const config = join(data, "mine.yaml");
    writeFileSync(join(data, "mine.decisions.yaml"), "somebody's\n");
    expect(await write(etagOf(one), config)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("exists already") },
    });
    expect(existsSync(config)).toBe(false);
    rmSync(join(data, "mine.decisions.yaml"));
    await write(etagOf(one), config);
    const changed = await decide(one, { say: "files", paths: ["rec/TS_01.rec"], is: "left out" });
    expect(changed.account!.written).toMatchObject({ isCurrent: false });
    const { body: again } = await write(etagOf(changed), config);
    expect(again.account!.written).toMatchObject({ isCurrent: true });
    writeFileSync(config, `${readFileSync(config, "utf8")}# a person's\n`);
    const later = await decide(again, { say: "undo" });
    expect(await write(etagOf(later), config)).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining("exists already") },
    });
    expect(readFileSync(config, "utf8")).toContain("# a person's");
  });

  it("refuses what is outside, hidden behind a link, of another name, stale, or without the scope", async () => {
    const one = await looked();
    const open = (folder: string) => ask<ApiError>("POST", "submissions", { folder });
    for (const folder of [join(root, "secret"), join(data, "link"), join(data, "../secret"), "/", "relative", "s3://elsewhere/x"])
      expect(await open(folder), folder).toMatchObject({ status: 403, body: { code: "STORE_DENIED" } });
    for (const config of [join(root, "out.yaml"), join(data, "link/out.yaml")])
      expect(await ask("POST", `submissions/${one.id}/write`, { config }, etagOf(one)), config).toMatchObject({ status: 403 });
    for (const config of [join(data, "out.txt"), join(data, ".yaml"), "out.yaml", join(data, "out.decisions.yaml")])
      expect(await ask("POST", `submissions/${one.id}/write`, { config }, etagOf(one)), config).toMatchObject({ status: 400 });
    const leave = { say: "files", paths: ["rec/TS_01.rec"], is: "left out" };
    expect((await ask("PUT", `submissions/${one.id}/decisions`, leave)).status).toBe(428);
    expect((await ask("PUT", `submissions/${one.id}/decisions`, leave, etagOf(one), BOB)).status).toBe(403);
    await decide(one, leave);
    // a second tab that has not seen it
    const { status, body } = await ask<ApiError>(
      "PUT",
      `submissions/${one.id}/decisions`,
      { ...leave, is: "tomogram" },
      etagOf(one),
    );
    expect([status, body.code]).toEqual([412, "CHANGED_MEANWHILE"]);
    const now = (await ask("GET", `submissions/${one.id}`)).body;
    for (const [wrong, path] of [
      [{ say: "files", paths: ["../../secret/x.rec"], is: "tomogram" }, undefined],
      [{ say: "files", paths: [], is: "tomogram" }, "paths"],
      [{ say: "files", paths: [""], is: "tomogram" }, "paths.0"],
      [{ say: "files", paths: ["notes/reading.txt"], is: "tomogram" }, "run"],
      [{ say: "all", of: { pattern: "nothing/*" }, is: "left out" }, "pattern"],
      [{ say: "answer", question: "nobody-asked", answer: "1" }, "question"],
    ] as const) {
      const reply = await ask<ApiError>("PUT", `submissions/${one.id}/decisions`, wrong, etagOf(now));
      expect([reply.status, reply.body.path], JSON.stringify(wrong)).toEqual([400, path]);
    }
    expect((await ask("GET", `submissions/${one.id}`)).body.account!.etag).toBe(etagOf(now));
    expect((await ask("GET", "submissions/20200101T000000-000000")).status).toBe(404);
  });

  it("says why there is nothing to do with a folder", async () => {
    const one = await looked(join(data, "empty"));
    expect(one).toMatchObject({ state: "failed", error: { code: "STORE_ABSENT" } });
    expect((await ask("PUT", `submissions/${one.id}/decisions`, { say: "undo" }, "x")).status).toBe(400);
  });
});
