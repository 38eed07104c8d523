import { describe, expect, it } from "vitest";
import type { EmporiumError } from "../../../core/errors.js";
import type { PointKind } from "../../../formats/points/points.js";
import { OWN_POINT_READERS, POINT_READERS } from "../../../formats/points/readers.js";
import { ANNOTATION_FORMATS } from "./grammar/sources.js";
import { readYaml } from "./read.js";
import { parseConfig } from "./schema.js";

/** The sources of one annotation, and what is wrong with them. */
function parse(sources: string) {
  const indented = sources.trim().replace(/^/gm, "      ");
  const text = `
standardization_config: {deposition_id: 1, source_prefix: lab}
depositions: [{sources: [{literal: {value: [1]}}]}]
annotations:
  - metadata: {version: "1.0"}
    sources:
${indented}
`;
  const faults: EmporiumError[] = [];
  const root = readYaml(new TextEncoder().encode(text), "c.yaml");
  const { sections } = parseConfig(root, "c.yaml", { report: (fault) => void faults.push(fault) });
  return { sources: sections.get("annotations")!.blocks.flatMap((block) => block.sources), faults };
}

function faultOf(source: string): EmporiumError {
  const { faults } = parse(source);
  expect(faults.length).toBeGreaterThan(0);
  return faults[0]!;
}

describe("sources of annotations", () => {
  it("fills in the defaults", () => {
    const { sources, faults } = parse(`- OrientedPoint: {file_format: relion3_star, glob_string: "picks/{run_name}.star"}`);
    expect(faults).toEqual([]);
    const [{ shape, finder }] = sources as [(typeof sources)[0]];
    expect(shape).toMatchObject({
      shape: "OrientedPoint",
      format: "relion3_star",
      binning: 1,
      order: "xyz",
      columns: "xyz",
      delimiter: ",",
      isVisualizationDefault: false,
      isPortalStandard: false,
      maskLabel: 1,
      threshold: undefined,
      rescale: false,
      scaleFactor: 1,
    });
    expect(finder).toMatchObject({ kind: "source_glob", glob: { value: "picks/{run_name}.star" } });
  });

  it("reads every option", () => {
    const { sources, faults } = parse(`
- Point: {file_format: csv, glob_strings: ["a/{run_name}.csv", "b/{run_name}.csv"], binning: 4.99, columns: zyx, delimiter: '\\t', filter_value: "{run_name}.tomostar"}
- SemanticSegmentationMask: {file_format: zarr, glob_string: x, mask_label: 3, rescale: true, is_visualization_default: true, is_portal_standard: true}
- SemanticSegmentationMask: {file_format: mrc, glob_string: x, threshold: 0.5}
- InstanceSegmentation: {file_format: tardis, glob_string: x, binning: "2.5"}
- TriangularMeshGroup: {file_format: hff, glob_string: x, name: inner, scale_factor: 0.1}
- TriangularMeshGroup: {file_format: hff, glob_string: x, mesh_name: outer}
- AnnotationCaption: {file_format: saber, glob_string: x, companion_shape: InstanceSegmentation}
- Point: {file_format: tsv, glob_string: x}
- OrientedPoint: {file_format: stopgap_star, glob_string: x, filter_value: 7, mesh_source_path: "m/{dataset_name}.glb"}
- OrientedPoint: {file_format: relion5_star, glob_string: x}
`);
    expect(faults).toEqual([]);
    const shapes = sources.map(({ shape }) => shape!);
    expect(shapes[0]).toMatchObject({
      binning: 4.99,
      columns: "zyx",
      delimiter: "\t",
      filterValue: { value: "{run_name}.tomostar" },
    });
    expect(sources[0]!.finder).toMatchObject({ kind: "source_multi_glob" });
    expect(shapes[1]).toMatchObject({ maskLabel: 3, rescale: true, isVisualizationDefault: true, isPortalStandard: true });
    expect(shapes[2]!.threshold).toBe(0.5);
    expect(shapes[3]!.binning).toBe(2.5);
    expect([shapes[4]!.meshName, shapes[4]!.scaleFactor, shapes[5]!.meshName]).toEqual(["inner", 0.1, "outer"]);
    expect(shapes[6]!.companionShape).toBe("InstanceSegmentation");
    expect(shapes[7]!.delimiter).toBe("\t");
    expect([shapes[8]!.filterValue?.value, shapes[8]!.meshSourcePath?.value]).toEqual(["7", "m/{dataset_name}.glb"]);
    expect(shapes[9]!.format).toBe("relion5_star");
  });

  it("reads the flat form of old configurations as the form of today", () => {
    const { sources, faults } = parse(
      `- {shape: Point, file_format: csv, glob_string: "p/{run_name}.csv", columns: zyx, exclude: ["x.*"]}`,
    );
    expect(faults).toEqual([]);
    expect(sources[0]!.shape).toMatchObject({ shape: "Point", format: "csv", columns: "zyx" });
    expect(sources[0]!.exclude).toHaveLength(1);
  });

  it.each([
    [
      "an unknown option",
      `- Point: {file_format: csv, glob_string: x, bining: 4}`,
      /unknown option of Point "bining"/,
      /binning/,
    ],
    ["an option of another shape", `- Point: {file_format: csv, glob_string: x, mask_label: 4}`, /unknown option/, /./],
    ["no file_format", `- Point: {glob_string: x}`, /Point needs file_format/, /csv/],
    ["a format of another shape", `- Point: {file_format: mrc, glob_string: x}`, /file_format "mrc" of Point/, undefined],
    [
      "two globs",
      `- Point: {file_format: csv, glob_string: x, glob_strings: [y]}`,
      /glob_string and glob_strings/,
      /glob_strings/,
    ],
    [
      "two shapes",
      `- {Point: {file_format: csv, glob_string: x}, OrientedPoint: {file_format: mod, glob_string: x}}`,
      /two shapes/,
      /two sources/,
    ],
    [
      "mask_label 0",
      `- SemanticSegmentationMask: {file_format: mrc, glob_string: x, mask_label: 0}`,
      /mask_label is the number 0/,
      undefined,
    ],
    [
      "threshold beside a label",
      `- SemanticSegmentationMask: {file_format: mrc, glob_string: x, mask_label: 2, threshold: 0.5}`,
      /threshold and mask_label 2/,
      /keep one/,
    ],
    ["binning 0", `- Point: {file_format: csv, glob_string: x, binning: 0}`, /binning is the number 0/, undefined],
    ["an order that is none", `- OrientedPoint: {file_format: mod, glob_string: x, order: yxz}`, /order is "yxz"/, undefined],
    ["a delimiter of two characters", `- Point: {file_format: csv, glob_string: x, delimiter: "::"}`, /delimiter/, /example/],
    [
      "a group without its mesh",
      `- TriangularMeshGroup: {file_format: hff, glob_string: x}`,
      /needs mesh_name or name/,
      /mesh_name/,
    ],
    [
      "captions of nothing",
      `- AnnotationCaption: {file_format: saber, glob_string: x}`,
      /needs companion_shape/,
      /companion_shape/,
    ],
    [
      "captions of captions",
      `- AnnotationCaption: {file_format: saber, glob_string: x, companion_shape: GlobalCaption}`,
      /companion_shape "GlobalCaption"/,
      undefined,
    ],
  ])("refuses %s", (_, source, message, hint) => {
    const fault = faultOf(source);
    expect(["CONFIG_FIELD", "CONFIG_RULE"]).toContain(fault.code);
    expect(fault.message).toMatch(message);
    if (hint) expect(fault.facts.hint).toMatch(hint);
    expect(fault.facts.place?.line).toBeGreaterThan(6);
  });
});

describe("formats of points beyond the portal's", () => {
  it("seam 52: every reader of our own is a word of the grammar, for the kinds that it gives", () => {
    for (const [format, { kinds }] of Object.entries(OWN_POINT_READERS)) {
      const has = (kind: PointKind) => (kinds as readonly PointKind[]).includes(kind);
      expect([format, ANNOTATION_FORMATS.Point.includes(format)]).toEqual([format, has("point")]);
      expect([format, ANNOTATION_FORMATS.OrientedPoint.includes(format)]).toEqual([format, has("orientedPoint")]);
    }
    for (const format of [...ANNOTATION_FORMATS.Point, ...ANNOTATION_FORMATS.OrientedPoint])
      expect(POINT_READERS).toHaveProperty(format);
    const { faults } = parse(
      "- Point: {file_format: cryolo_cbox, glob_string: x}\n- OrientedPoint: {file_format: dynamo_tbl, glob_string: x}",
    );
    expect(faults).toEqual([]);
    expect(faultOf("- OrientedPoint: {file_format: eman2_box, glob_string: x}").message).toContain("eman2_box");
  });
});
