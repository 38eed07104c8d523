import { describe, expect, it } from "vitest";
import {
  depositionFolder,
  depositionMetadataKey,
  tiltseriesFolder,
  tiltseriesKeys,
  tomogramKeys,
} from "../../src/model/layout.js";
import { ALLOWED } from "../peers/reference/allowed.js";
import { readText } from "./sources.js";

const page = readText("docs/reference/compat.md");
const section = (title: string) => page.split(/^##+ /m).find((text) => text.startsWith(`${title}\n`)) ?? "";
const plain = (text: string) => text.replace(/\s+/g, " ");

describe("docs/reference/compat.md", () => {
  it("seam 19: says what the reference cannot do and we can", () => {
    const text = section("What the reference cannot do");
    for (const words of ["several `#` lines", "`TriangularMeshGroup` with `name`", "pictures of tomograms", "without an mdoc"])
      expect(text).toContain(words);
  });

  it("seam 19: gives the names of the layout's original text beside those that are written", () => {
    const text = section("Names in the original text of the layout");
    const series = tiltseriesKeys(tiltseriesFolder("10001/TS_1", 100), "TS_1");
    const keys = [depositionFolder("10001"), depositionMetadataKey("10001"), ...Object.values(series)];
    keys.push(...Object.values(tomogramKeys("10001/TS_1/Reconstructions/VoxelSpacing10.000", 100, "TS_1")));
    const written = keys.join("\n");
    const pairs = [
      ["DepositionMetadata/", "depositions_metadata/"],
      ["tomogram-metadata.json", "tomogram_metadata.json"],
      ["-neuroglancer-config.json", "-neuroglancer_config.json"],
      ["[name_in_source].rawtlt", ".rawtlt"],
    ] as const;
    for (const [original, name] of pairs) {
      expect(text).toContain(original);
      expect(text).toContain(name);
      expect(`${written}/`).toContain(name.replace(/\/$/, ""));
      expect(written).not.toContain(original);
    }
    expect(text).toContain("_gain");
  });

  it("(34.19) names what was seen to differ beside the reference's own program and stood nowhere", () => {
    const also = section("What differs with `--compat reference`, too").replace(/^.*/, "");
    const rows = page.split("\n").filter((line) => line.startsWith("| "));
    const told = (words: string) => rows.filter((row) => row.includes(words)).length;
    for (const words of [
      "`x_offset` and `y_offset` of IMOD alignments",
      "vertices of meshes from VTK",
      "last digit of numbers of identified objects",
      "two sources of one alignment",
      "account in `docker_image_id`",
      "order of the flags of a job",
    ]) {
      expect([words, told(words)]).toEqual([words, 1]);
    }
    expect(also).toContain("AVX-512");
  });

  it("seam 18: names every difference that the comparison with the reference's own trees lets pass", () => {
    const missing = ALLOWED.flatMap(({ compat }) =>
      compat !== undefined && !plain(page).includes(plain(compat)) ? [compat] : [],
    );
    expect(missing).toEqual([]);
  });
});
