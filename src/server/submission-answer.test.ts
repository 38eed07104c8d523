import { describe, expect, it } from "vitest";
import { EmporiumError } from "../core/errors.js";
import { printRef } from "../model/ref.js";
import { parseLocation } from "../stores/url.js";
import type { Place } from "./places.js";
import { filesAnswer, submissionAnswer } from "./submission-answer.js";
import type { OpenSubmission } from "./submissions.js";

interface File {
  readonly role?: string;
  readonly run?: string;
  readonly format?: string;
  readonly volume?: object;
}
/** A folder that has been looked at. @param files what is known of each, by its path */
function submission(files: Readonly<Record<string, File>>, { refusal, ...more }: { refusal?: EmporiumError } & object = {}) {
  const entries = Object.entries(files);
  const decided = entries.flatMap(([path, { role, run }]) =>
    role ? [[path, { path, role, run, because: "as it is called", details: {} }] as const] : [],
  );
  const laboratory = {
    ...{ files: entries.map(([path]) => ({ path })), get: (path: string) => ({ size: 1, ...files[path] }) },
    store: { local: { path: (key: string) => `/data/lab/${key}` } },
  };
  const runs = [...new Set(entries.flatMap(([, { run }]) => run ?? []))];
  const decisions = { files: new Map(decided), runs, questions: [], undecided: new Map() };
  const config = { input: "in", account: [], toFill: 0, toCheck: 0, errors: [], yaml: "", decisions: "", refusal };
  return {
    ...{ id: "s", folder: "/data/lab", state: "ready", given: {}, told: { facts: {} }, before: [] },
    now: { etag: "e", config, known: { laboratory, decisions } },
    ...more,
  } as unknown as OpenSubmission;
}
const accountOf = async (one: OpenSubmission, roots: object[] = []) =>
  (await submissionAnswer(one, { roots: roots as never })).account!;

describe("a folder that is made ready for ingest", () => {
  it("has a table of the kinds that are used, by run, and of what belongs to all runs", async () => {
    const { kinds, runs, ofAllRuns } = await accountOf(
      submission({
        "a.rec": { role: "tomogram", run: "TS_1" },
        "b.rec": { role: "tomogram", run: "TS_2" },
        "gain.mrc": { role: "gain" },
        "a.st": { role: "tilt series", run: "TS_1" },
        "log.txt": { role: "left out", run: "TS_1" },
        "half.mrc": { role: "half map", run: "TS_2" },
      }),
    );
    expect(kinds).toEqual(["tomogram", "tilt series", "gain"]);
    expect(runs).toEqual([
      { run: "TS_1", counts: [1, 1, 0] },
      { run: "TS_2", counts: [1, 0, 0] },
    ]);
    expect(ofAllRuns).toEqual([0, 0, 1]);
  });

  it("says why there is no configuration, and nothing where there is one", async () => {
    expect((await accountOf(submission({}))).errors).toEqual([]);
    const refusal = new EmporiumError("CONFIG_EMPTY", "no runs", { hint: "look in the file" });
    expect((await accountOf(submission({}, { refusal }))).errors).toEqual([
      expect.objectContaining({ code: "CONFIG_EMPTY", message: "no runs", hint: "answer the questions above" }),
    ]);
  });

  it("is to be written in the first folder that may be written and is none of the sources, or nowhere", async () => {
    const suggested = async (...roots: object[]) => (await accountOf(submission({}), roots)).suggested;
    const sources = [
      { location: "/reading", writable: false },
      { location: "/data/lab/below", writable: true },
      { location: "s3://bucket", writable: true },
    ];
    expect(
      await suggested(...sources, { location: "/none/out", writable: true }, { location: "/none/two", writable: true }),
    ).toEqual({ config: "/none/out/lab.yaml", output: "/none/out/portal" });
    expect(await suggested(...sources)).toEqual({ config: "", output: "" });
  });

  it("has pictures of what has voxels: of volumes, and of formats that are neither text nor empty", async () => {
    const place = { id: "data", location: parseLocation("/data") } as Place;
    const files = {
      ...{ "v.rec": { volume: { shape: [1, 2, 3], spacingsAngstrom: [1, 1, 1] } }, "m.dm4": { format: "dm4" } },
      ...{ "t.txt": { format: "text" }, "e.mrc": { format: "empty" }, "x.bin": {} },
    };
    const { total, files: told } = await filesAnswer(submission(files), { offset: 0, limit: 9 }, [place]);
    const ref = (key: string) => printRef({ kind: "place", place: "data", key: `lab/${key}` });
    expect([total, told.map((file) => file.ref)]).toEqual([5, [ref("v.rec"), ref("m.dm4"), undefined, undefined, undefined]]);
  });
});
