import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { manualClock } from "../core/clock.js";
import type { Log } from "../core/log.js";
import { KEPT_LISTED_MAX, keepResult, listKept, readKept } from "./kept.js";

const folder = mkdtempSync(join(tmpdir(), "emporium-kept-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const KIND = "curate/labels";
const keeping = (workspace: string, about: string[]) => ({
  ...{ workspace, about, command: ["emporium", "curate", "labels", ...about], clock: manualClock(1_790_000_000_000) },
});

it("keeps an answer by what it is about: a later one takes its place, another has a place of its own", async () => {
  const workspace = join(folder, "one");
  expect(await listKept(KIND, workspace)).toEqual({ kept: [], older: 0 });
  await keepResult(KIND, { n: 1 }, keeping(workspace, ["/d1/drive", "/d2"]));
  await keepResult(KIND, { n: 2 }, keeping(workspace, ["/d1/drive", "/d2"]));
  await keepResult(KIND, { n: 3 }, keeping(workspace, ["/d1/drive"]));
  const { kept } = await listKept(KIND, workspace);
  expect(kept.map(({ id }) => id.replace(/-\w{8}$/, ""))).toEqual(["d1_drive", "d1_drive"]);
  const all = await Promise.all(kept.map(({ id }) => readKept<{ n: number }>(KIND, workspace, id)));
  expect(all.map(({ result }) => result.n).sort()).toEqual([2, 3]);
  expect(all.find(({ result }) => result.n === 2)).toMatchObject({
    at: "2026-09-21T14:13:20.000Z",
    command: ["emporium", "curate", "labels", "/d1/drive", "/d2"],
  });
});

it("lists the newest first, and says how many it leaves out", async () => {
  const place = join(folder, "many", KIND);
  mkdirSync(place, { recursive: true });
  for (let n = 0; n < KEPT_LISTED_MAX + 3; n++) {
    writeFileSync(join(place, `n${n}.json`), "{}");
    utimesSync(join(place, `n${n}.json`), n + 1, n + 1);
  }
  writeFileSync(join(place, "notes.txt"), "not ours");
  const { kept, older } = await listKept(KIND, join(folder, "many"));
  expect([kept[0]!.id, kept.length, older]).toEqual([`n${KEPT_LISTED_MAX + 2}`, KEPT_LISTED_MAX, 3]);
});

it.each(["../../one/curate/labels/x", "..", "", "a/b", "none"])("names nothing outside of its folder: %s", async (id) => {
  await expect(readKept(KIND, join(folder, "one"), id)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

it("says so where a file cannot be read", async () => {
  const place = join(folder, "broken", KIND);
  mkdirSync(place, { recursive: true });
  for (const [name, text] of Object.entries({ cut: '{"version": 1', other: '{"version": 9, "result": {}}', none: "null" })) {
    writeFileSync(join(place, `${name}.json`), text);
    await expect(readKept(KIND, join(folder, "broken"), name)).rejects.toMatchObject({ code: "CONFIG_SYNTAX" });
  }
});

it("a workspace that cannot be written is a warning", async () => {
  const workspace = join(folder, "a-file");
  writeFileSync(workspace, "no folder");
  const warnings: string[] = [];
  const log = { warn: (text: string) => warnings.push(text) } as unknown as Log;
  await keepResult(KIND, {}, { ...keeping(workspace, ["/d1"]), log });
  expect(warnings).toEqual([expect.stringMatching(/^the pages of emporium serve will not show this: /)]);
  expect(readFileSync(workspace, "utf8")).toBe("no folder");
  expect(readdirSync(folder)).toContain("a-file");
});
