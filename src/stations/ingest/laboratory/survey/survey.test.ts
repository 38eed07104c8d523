import { appendFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { laboratoryWith, mrcFile } from "../../../../../test/laboratory-kit.js";
import { fileStore } from "../../../../stores/file/store.js";
import type { Store } from "../../../../stores/store.js";
import { KEPT_FROM } from "./kept-heads.js";
import { survey } from "./survey.js";

describe("the survey of a folder", () => {
  it("tells formats by contents, and volumes from stacks by their headers", async () => {
    const laboratory = await laboratoryWith({
      "a/TS_1.mrc": mrcFile([4, 5, 6], 10),
      "a/TS_1.st": mrcFile([4, 5, 6], 2.5, { kind: "stack" }),
      "a/TS_1.mdoc": "PixelSpacing = 2.5\n",
      "a/nothing.mrc": "",
      "a/no.mrc": "a text that is called like a volume",
      "a/.hidden": "x",
    });
    const facts = laboratory.files.map(({ path, format, volume }) => [path, format, volume?.says, volume?.spacingsAngstrom[1]]);
    expect(facts).toEqual([
      ["a/TS_1.mdoc", "text", undefined, undefined],
      ["a/TS_1.mrc", "mrc", "volume", 10],
      ["a/TS_1.st", "mrc", "stack", 2.5],
      ["a/no.mrc", "text", undefined, undefined],
      ["a/nothing.mrc", "empty", undefined, undefined],
    ]);
    expect(laboratory.hidden).toEqual(["a/.hidden"]);
    expect(await laboratory.text("a/TS_1.mdoc")).toBe("PixelSpacing = 2.5\n");
    expect(laboratory.inFolder("a")).toHaveLength(5);
  });

  it("copies have one digest, other files another", async () => {
    const bytes = mrcFile([4, 5, 6], 10, { seed: 1 });
    const laboratory = await laboratoryWith({ a: bytes, b: bytes, c: mrcFile([4, 5, 6], 10, { seed: 2 }) });
    const [a, b, c] = await Promise.all(["a", "b", "c"].map((path) => laboratory.digest(path)));
    expect([a === b, a === c]).toEqual([true, false]);
  });
});

describe("the survey of a large folder", () => {
  const root = mkdtempSync(join(tmpdir(), "emporium-survey-"));
  afterAll(() => rmSync(root, { recursive: true }));
  const lab = join(root, "lab");
  const workspace = join(root, "workspace");
  mkdirSync(lab);
  const name = (at: number) => join(lab, `${at}.mrc`);
  for (let at = 0; at < KEPT_FROM; at++) writeFileSync(name(at), mrcFile([1 + (at % 3), 4, 4], at % 5));

  /** Surveys the folder. @returns facts of the files, and those whose heads were read */
  async function surveyed(options: { stopAt?: number } = {}) {
    const store = fileStore(lab);
    const read: string[] = [];
    const stopping = new AbortController();
    const watched: Store = {
      ...store,
      list: store.list.bind(store),
      read: (key, range, more) => {
        read.push(key);
        if (read.length === options.stopAt) stopping.abort();
        return store.read(key, range, more);
      },
    };
    const { files } = await survey(watched, { signal: stopping.signal, workspace });
    return { files, read };
  }

  it("goes on where it was stopped, and reads again what has changed", async () => {
    const whole = (await surveyed()).files;
    rmSync(workspace, { recursive: true });
    await expect(surveyed({ stopAt: 1_200 })).rejects.toThrow();
    const [file] = readdirSync(join(workspace, "surveys"));
    const path = join(workspace, "surveys", file!);
    const rest = await surveyed();
    expect(rest.read.length).toBeGreaterThan(KEPT_FROM - 1_250);
    expect(rest.read.length).toBeLessThan(KEPT_FROM - 1_100);
    expect(rest.files).toEqual(whole);
    // what a killed process leaves of its last line
    truncateSync(path, statSync(path).size - 5);
    writeFileSync(name(7), mrcFile([9, 9, 9], 3));
    const again = await surveyed();
    expect(again.read.toSorted()).toEqual(expect.arrayContaining(["7.mrc"]));
    expect(again.read.length).toBe(2);
    expect(again.files.find(({ path }) => path === "7.mrc")!.volume!.shape).toEqual([9, 9, 9]);
    expect((await surveyed()).read).toEqual([]);
    // something else in its place
    writeFileSync(path, "no heads of ours");
    expect((await surveyed()).read.length).toBe(KEPT_FROM);
    appendFileSync(path, "damage");
    expect((await surveyed()).read).toEqual([]);
  });
});
