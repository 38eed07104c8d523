import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Store } from "../../../src/stores/store.js";
import { openStore } from "../../../src/stores/url.js";
import { emporium } from "../cli-host.js";
import { smallConfig, storeOf, tinyMrc } from "../ingest-plan-kit.js";
import { removeTempFolders, run, tempFolder } from "../ingest-run-kit.js";

afterAll(removeTempFolders);

/** A folder with the input of one tomogram, and a link to it. */
function laboratory() {
  const folder = tempFolder();
  mkdirSync(join(folder, "in", "lab", "rec"), { recursive: true });
  writeFileSync(join(folder, "in", "lab", "rec", "TS_1.rec"), tinyMrc(4, 4, 4, 10.5));
  symlinkSync(join(folder, "in"), join(folder, "link"));
  return { folder, input: join(folder, "in") };
}

const ingest = async (source: Store, target: Store, flags = { everything: true }) =>
  run({ config: smallConfig(), source, target, flags });
const all = (folder: string) => (readdirSync(folder, { recursive: true }) as string[]).sort();

describe("an output in its own input", () => {
  it.each<[string, (input: string) => [string, string]]>([
    ["the same folder", (input) => [input, input]],
    ["with a slash at the end", (input) => [input, `${input}/`]],
    ["a folder in it that is not there yet", (input) => [input, join(input, "new", "out")]],
    ["through a symbolic link", (input) => [input, join(input, "..", "link", "out")]],
    ["the input is a symbolic link", (input) => [join(input, "..", "link"), join(input, "out")]],
    ["a relative path", (input) => [input, relative(process.cwd(), join(input, "out"))]],
    ["a file: URL", (input) => [pathToFileURL(input).href, join(input, "out")]],
  ])("seam 15: is refused and nothing is touched: %s", async (_, places) => {
    const { folder, input } = laboratory();
    const before = all(folder);
    const [from, to] = places(input);
    const [source, target] = [await openStore(from, { readOnly: true }), await openStore(to)];
    await expect(ingest(source, target)).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("OUTPUT") });
    expect(all(folder)).toEqual(before);
  });

  it("seam 15: is refused where both are prefixes of one bucket", async () => {
    const source = await storeOf({ "lab/rec/TS_1.rec": tinyMrc(4, 4, 4, 10.5) }, "s3://bucket-a/raw");
    for (const url of ["s3://bucket-a/raw", "s3://bucket-a/raw/portal"])
      await expect(ingest(source, await storeOf({}, url))).rejects.toMatchObject({ code: "USAGE" });
    expect((await ingest(source, await storeOf({}, "s3://bucket-a/rawer"))).exitStatus).toBe(0);
  });

  it("seam 15: an input in the output is read where nothing is written over it, and refused else", async () => {
    const { folder, input } = laboratory();
    const report = await ingest(await openStore(input, { readOnly: true }), await openStore(folder));
    expect(report.exitStatus).toBe(0);
    // the dataset is called 10700: its folder would be written into the sources
    const own = tempFolder();
    mkdirSync(join(own, "10700", "lab", "rec"), { recursive: true });
    writeFileSync(join(own, "10700", "lab", "rec", "TS_1.rec"), tinyMrc(4, 4, 4, 10.5));
    const before = all(own);
    const [source, target] = [await openStore(join(own, "10700")), await openStore(own)];
    await expect(ingest(source, target)).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("INPUT") });
    expect(all(own).filter((name) => !name.startsWith(".emporium"))).toEqual(before);
  });
});

describe("other commands that read and write", () => {
  it("seam 15: convert writes over no source that a link leads to", async () => {
    const { folder, input } = laboratory();
    const file = join(input, "lab", "rec", "TS_1.mrc");
    writeFileSync(file, tinyMrc(4, 4, 4, 10.5));
    const before = all(folder);
    const link = join(folder, "link", "lab", "rec", "TS_1");
    const { status, err } = await emporium(["ingest", "convert", file, link, "--workspace", join(tempFolder(), "w")]);
    expect([status, err]).toEqual([2, expect.stringContaining("error[USAGE]")]);
    expect(all(folder)).toEqual(before);
  });

  it("seam 15: download copies no folder into itself", async () => {
    const { folder, input } = laboratory();
    const before = all(folder);
    for (const dest of [join(folder, "link", "copy"), folder]) {
      const { status, err } = await emporium(["harvest", "download", input, "--dest", dest, "--workspace", tempFolder()]);
      expect([status, err]).toEqual([2, expect.stringContaining("error[USAGE]")]);
    }
    expect(all(folder)).toEqual(before);
  });

  it("seam 15: package writes into no batch that a link leads to", async () => {
    const { folder, input } = laboratory();
    const { status, err } = await emporium(["curate", "package", input, "--dest", join(folder, "link")]);
    expect([status, err]).toEqual([2, expect.stringContaining("error[USAGE]: --dest")]);
  });
});
