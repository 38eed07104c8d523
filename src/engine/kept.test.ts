import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { manualClock } from "../core/clock.js";
import { EmporiumError } from "../core/errors.js";
import type { Log } from "../core/log.js";
import { fileStore } from "../stores/file/store.js";
import { memoryStore } from "../stores/memory/store.js";
import { keepAnswer, keepLatest, latestKind, listAnswers, listLatest, readAnswer, readLatest } from "./kept.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-kept-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const KIND = latestKind("curate/labels");
const NOW = 1_790_000_000_000;
const keeping = (workspace: string, locations: string[]) => ({
  ...{ workspace, about: { locations }, command: ["emporium", "curate", "labels", ...locations], clock: manualClock(NOW) },
});
const kindOf = (ofOneMax: number) => ({
  ...({ folder: "reports", more: z.object({ n: z.number() }), ofOneMax, answerBytesMax: 100 } as const),
});

describe("the latest answer about a location", () => {
  it("takes the place of the one before; another location has a place of its own", async () => {
    const workspace = join(folder, "one");
    expect(await listLatest(KIND, workspace)).toEqual({ kept: [], unreadable: 0 });
    await keepLatest(KIND, { n: 1 }, keeping(workspace, ["/d1/drive", "/d2"]));
    await keepLatest(KIND, { n: 2 }, keeping(workspace, ["/d1/drive/", "/d2"]));
    await keepLatest(KIND, { n: 3 }, keeping(workspace, ["/d1/drive"]));
    const { kept } = await listLatest(KIND, workspace);
    expect(kept.map(({ id }) => id.replace(/-\w{8}$/, ""))).toEqual(["d1_drive", "d1_drive"]);
    const all = await Promise.all(kept.map(({ id }) => readLatest<{ n: number }>(KIND, workspace, id)));
    expect(all.map(({ result }) => result.n).sort()).toEqual([2, 3]);
    expect(all.find(({ result }) => result.n === 2)).toMatchObject({
      at: "2026-09-21T14:13:20.000Z",
      command: ["emporium", "curate", "labels", "/d1/drive/", "/d2"],
    });
  });

  it.each(["../../one/curate/labels/x", "..", "", "a/b", "none"])("names nothing outside of its folder: %s", async (id) => {
    await expect(readLatest(KIND, join(folder, "one"), id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("says so where files cannot be read, and reads on", async () => {
    const workspace = join(folder, "broken");
    const place = join(workspace, "curate/labels");
    mkdirSync(place, { recursive: true });
    await keepLatest(KIND, { n: 1 }, keeping(workspace, ["/d1"]));
    const head = (version: number) =>
      `${JSON.stringify({ version, id: "x", at: "2026-09-21T14:13:20Z", about: "", command: [] })}\n`;
    for (const [name, text] of Object.entries({
      cut: '{"version": 1',
      other: `${head(9)}{}\n`,
      none: "null",
      half: `${head(1)}{"n"`,
    })) {
      writeFileSync(join(place, `${name}.jsonl`), text);
      await expect(readLatest(KIND, workspace, name)).rejects.toMatchObject({ code: "FORMAT_FIELD" });
    }
    writeFileSync(join(place, "notes.txt"), "not ours");
    expect(await listLatest(KIND, workspace)).toMatchObject({ unreadable: 3 });
  });
});

describe("what is kept has bounds", () => {
  const keep = (
    store: ReturnType<typeof memoryStore>,
    n: number,
    { ofOneMax = 300, text = "", about = "/x", second = n } = {},
  ) => {
    const what = { about: { locations: [about] }, more: { n }, answer: { text } };
    return keepAnswer(store, kindOf(ofOneMax), what, { clock: manualClock(NOW + 1000 * second) });
  };
  const numbersIn = async (store: ReturnType<typeof memoryStore>) =>
    (await listAnswers(store, kindOf(2))).heads.map(({ n }) => n);

  it("of one subject, each by its moment, two of one second apart", async () => {
    const store = memoryStore({ url: "memory:w" });
    await keep(store, 7, { ofOneMax: 2, about: "/y" });
    expect(await keep(store, 1, { ofOneMax: 2, second: 0 })).toBe("2026-09-21T14-13-20");
    expect(await keep(store, 2, { ofOneMax: 2, second: 0 })).toBe("2026-09-21T14-13-20-2");
    expect(await keep(store, 3, { ofOneMax: 2 })).toBe("2026-09-21T14-13-23");
    expect(await numbersIn(store)).toEqual([7, 3, 2]);
    expect((await readAnswer(store, kindOf(2), "2026-09-21T14-13-23")).answer).toEqual({ text: "" });
  });

  it("of a kind: 200, the oldest go", async () => {
    const store = memoryStore({ url: "memory:w" });
    for (let n = 0; n < 203; n++) await keep(store, n, { about: `/x${n}` });
    const left = await numbersIn(store);
    expect([left.length, left[0], left.at(-1)]).toEqual([200, 202, 3]);
  });

  it("in bytes: one that is too large is not kept, with a warning", async () => {
    const store = memoryStore({ url: "memory:w" });
    expect(await keep(store, 1, { text: "x".repeat(100) })).toBeUndefined();
    expect(await numbersIn(store)).toEqual([]);
  });
});

it("a command that is stopped while it keeps its answer is stopped", async () => {
  const stopped = new EmporiumError("CANCELLED", "stopped");
  const store = { ...memoryStore({ url: "memory:w" }), write: () => Promise.reject(stopped) };
  const what = { about: { locations: ["/x"] }, more: { n: 1 }, answer: {} };
  await expect(keepAnswer(store, kindOf(2), what, { clock: manualClock(NOW) })).rejects.toBe(stopped);
});

it("a workspace that cannot be written is a warning", async () => {
  const workspace = join(folder, "a-file");
  writeFileSync(workspace, "no folder");
  const warnings: string[] = [];
  const log = { warn: (text: string) => warnings.push(text) } as unknown as Log;
  await keepLatest(KIND, {}, { ...keeping(workspace, ["/d1"]), log });
  expect(warnings).toEqual([expect.stringMatching(/^the pages of emporium serve will not show this: /)]);
  expect(readFileSync(workspace, "utf8")).toBe("no folder");
  expect(readdirSync(folder)).toContain("a-file");
  expect(
    await keepAnswer(fileStore(workspace), KIND, { about: { locations: ["/"] }, more: { command: [] }, answer: {} }, {}),
  ).toBe(undefined);
});
