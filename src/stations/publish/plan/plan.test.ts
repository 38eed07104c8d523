import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { manualClock } from "../../../core/clock.js";
import { parseProfile } from "../profile/read-profile.js";
import { type Plan, parsePlan, printPlan, sourcePath } from "./plan.js";
import { type PlanRequest, planSample } from "./plan-sample.js";
import { parseProducts, parseSample, parseSuffix } from "./sample.js";

const root = mkdtempSync(join(tmpdir(), "emporium-plan-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const sizes: Record<string, number> = {
  "/s/2023-05-10/ktx/block_8_xy_.ktx": 3,
  "/s/2023-05-10/ktx/1/block.ktx": 5,
  "/s/2023-05-10/ktx/1/.hidden": 7,
  "/s/2023-05-10/default.0.tif": 11,
  "/seg/2023-05-10/one/a": 13,
  "/seg/2023-05-10/one/b": 17,
  "/seg/2023-05-10/two/a": 19,
  "/seg/2023-05-10/two/b": 17,
};
for (const [path, size] of Object.entries(sizes)) {
  mkdirSync(dirname(root + path), { recursive: true });
  writeFileSync(root + path, "x".repeat(size));
}
mkdirSync(`${root}/seg/2023-05-10/empty/folder`, { recursive: true });

const yaml = "bucket: s3://lab/deep\nbases: {images: [/s], segmentation: /seg, carveouts: [/c, /d]}\n";
const clock = manualClock(Date.UTC(2026, 0, 2));

function plan(request: Partial<PlanRequest> = {}, extra = ""): Promise<Plan> {
  const profile = parseProfile(yaml + extra, "lab.yaml");
  return planSample({ sample: "2023-05-10", products: ["images"], profile, root, ...request }, { clock });
}

describe("a plan", () => {
  it("counts what a walk of the tree finds", async () => {
    const { items, totals } = await plan();
    expect(items.map(({ id, exists, files, bytes }) => [id, exists, files, bytes])).toEqual([
      ["images/ktx", true, 3, 15],
      ["images/default.0.tif", true, 1, 11],
      ["images/default.1.tif", false, 0, 0],
      ["images/tilebase.cache.yml", false, 0, 0],
      ["images/transform.txt", false, 0, 0],
    ]);
    expect(totals).toEqual({ items: 5, missing: 3, files: 4, bytes: 26 });
    expect(items[2]!.warnings).toEqual(["Could not find /s/2023-05-10/default.1.tif"]);
  });

  it("counts after the filters", async () => {
    const { items } = await plan({}, 'filters: [{action: exclude, pattern: "*/.hidden"}]\n');
    expect([items[0]!.files, items[0]!.bytes]).toEqual([2, 8]);
  });

  it("warns of sources that share a target, are empty, are given twice", async () => {
    const { items, warnings } = await plan({ products: ["segmentation"], segmentationSuffixes: ["one", "two", "empty", "one"] });
    expect(items.map(({ id, job }) => [id, job])).toEqual([
      ["segmentation/one", "seg0510-1"],
      ["segmentation/two", "seg0510-2"],
      ["segmentation/empty", "seg0510-3"],
    ]);
    expect(items.flatMap((item) => item.warnings)).toEqual([
      "2 paths are also in segmentation/one, which goes to the same place (1 of another size): a, b",
      "/seg/2023-05-10/empty holds no file",
    ]);
    expect(warnings).toEqual(["the segmentation suffix one is given twice, and sent once"]);
  });

  it("refuses delete where sources share a target", async () => {
    const request = { products: ["segmentation"], segmentationSuffixes: ["one", "two"], delete: true } as const;
    await expect(plan(request)).rejects.toMatchObject({ code: "CONFIG_RULE" });
    await expect(plan({ ...request, segmentationSuffixes: ["one"] })).resolves.toMatchObject({ transfer: { delete: true } });
  });

  it("refuses a product that the profile has no base for, and a root that is not there", async () => {
    await expect(plan({ products: ["registration"] })).rejects.toMatchObject({ code: "CONFIG_RULE" });
    await expect(plan({ products: ["tracings"] })).rejects.toMatchObject({ code: "CONFIG_RULE" });
    await expect(plan({ root: `${root}/none` })).rejects.toMatchObject({ code: "USAGE" });
  });

  it("is read back as it was written, and again", async () => {
    const made = await plan({ products: ["images", "segmentation", "carveouts"], segmentationSuffixes: ["one"] });
    const text = printPlan(made);
    const read = parsePlan(text, "plan.json");
    expect(printPlan(read)).toBe(text);
    expect(read).toEqual(JSON.parse(JSON.stringify(made)));
    expect(sourcePath(read, read.items[0]!)).toBe(`${root}/s/2023-05-10/ktx/`);
    expect(read.createdAt).toBe("2026-01-02T00:00:00.000Z");
  });

  it("that was edited is believed only inside its bucket", async () => {
    const text = printPlan(await plan());
    const edited: [from: string | RegExp, to: string, code: string, path: string][] = [
      ['"s3://lab/deep/images/2023-05-10/ktx/"', '"s3://other/ktx/"', "CONFIG_RULE", "items.0.target"],
      ['"s3://lab/deep/images/2023-05-10/ktx/"', '"s3://lab/deep/../ktx/"', "CONFIG_RULE", "items.0.target"],
      ['"/s/2023-05-10/ktx/"', '"/s/../../etc/"', "CONFIG_FIELD", "items.0.source"],
      ['"/s/2023-05-10/ktx/"', '"relative"', "CONFIG_FIELD", "items.0.source"],
      ['"images/default.0.tif"', '"images/ktx"', "CONFIG_RULE", "items.1.id"],
      ['"version": 1', '"version": 2', "CONFIG_FIELD", "version"],
      ['"sample": "2023-05-10"', '"sample": "../x"', "CONFIG_FIELD", "sample"],
      ['"version": 1', '"version": 1, "more": 1', "CONFIG_FIELD", ""],
    ];
    for (const [from, to, code, path] of edited) {
      const changed = text.replace(from, to);
      expect(changed).not.toBe(text);
      expect(() => parsePlan(changed, "plan.json"), to).toThrow(
        expect.objectContaining({
          code,
          facts: expect.objectContaining({ place: expect.objectContaining({ file: "plan.json", path }) }),
        }),
      );
    }
    expect(() => parsePlan(text.slice(0, -9), "plan.json")).toThrow(expect.objectContaining({ code: "CONFIG_SYNTAX" }));
  });
});

describe("what names a sample", () => {
  it("is a day of the calendar", () => {
    expect(parseSample("2014-06-24-b")).toEqual({ sample: "2014-06-24-b", date: "2014-06-24", mmdd: "0624" });
    expect(parseSample("2024-02-29")).toMatchObject({ mmdd: "0229" });
    for (const text of [
      "",
      "2023",
      "2023-13-01",
      "2023-02-29",
      "2023-04-31",
      "2023-00-10",
      "X-2023-05-10",
      "2023-05-10 b",
      "2023-05-10;rm",
      "2023-05-10/..",
    ]) {
      expect(() => parseSample(text), text).toThrow(expect.objectContaining({ code: "USAGE" }));
    }
  });

  it("products come in the order of scripts, each once", () => {
    expect(parseProducts(["tracings, images", "images"])).toEqual(["images", "tracings"]);
    expect(parseProducts([""])).toEqual([]);
    expect(() => parseProducts(["image"])).toThrow(
      expect.objectContaining({ code: "USAGE", facts: { hint: "did you mean images?" } }),
    );
  });

  it("suffixes stay below the sample's folder", () => {
    expect(parseSuffix("stitching-output/")).toBe("stitching-output");
    expect(parseSuffix("a; rm -rf x")).toBe("a; rm -rf x");
    for (const text of ["", "/", "/abs", "..", "a/../b", "a//b", "./a", "a\0b"]) {
      expect(() => parseSuffix(text), text).toThrow(expect.objectContaining({ code: "NAME_UNSAFE" }));
    }
  });
});
