import { describe, expect, it } from "vitest";
import { ENTITIES } from "../../../catalog/entities.js";
import { parseJson } from "../../../core/json.js";
import { treeAddresses } from "./addresses.js";
import { rootOf } from "./documents.js";
import { IDENTITY, MAPPING } from "./mapping.js";
import { makeRow } from "./rows.js";
import { columnValue } from "./values.js";

const addresses = treeAddresses({ s3: "s3://b", https: "https://h" }, "1/R", undefined, () => {});

function rowOf(name: Parameters<typeof makeRow>[0], text: string) {
  const warnings: string[] = [];
  const document = { key: "k", json: parseJson(text), place: (path?: string) => ({ file: "k", ...(path ? { path } : {}) }) };
  const row = makeRow(name, rootOf(document), {}, { addresses, warn: (message) => warnings.push(message) });
  return { row, warnings };
}

describe("the mapping of documents to rows", () => {
  it("names columns that there are", () => {
    for (const { name, fields, keys } of ENTITIES) {
      const columns = fields.map(({ column }) => column);
      expect(columns).toEqual(expect.arrayContaining(Object.keys(MAPPING[name])));
      const all = ["id", ...columns, ...keys.map(({ column }) => column)];
      expect(all).toEqual(expect.arrayContaining([...IDENTITY[name].by, ...(IDENTITY[name].prefer ?? [])]));
    }
  });

  it("keeps zeros and empty offsets, which are values", () => {
    const { row } = rowOf(
      "Alignment",
      '{"volume_offset": {"x": 0, "y": 0.0, "z": -0.5}, "tilt_offset": 0, "method_type": "undefined"}',
    );
    expect(row).toMatchObject({
      volume_x_offset: 0,
      volume_y_offset: 0,
      volume_z_offset: -0.5,
      tilt_offset: 0,
      alignment_method: null,
    });
  });

  it.each([
    ["[[1,0],[0,1]]", "{{1,0},{0,1}}"],
    ["[[1.0, 0], [-0.5, 1e-7]]", "{{1.0,0},{-0.5,1e-07}}"],
    ["null", null],
  ])("writes the matrix %s as PostgreSQL's text, numbers as they stand there", (text, wanted) => {
    expect(rowOf("Alignment", `{"affine_transformation_matrix": ${text}}`).row.affine_transformation_matrix).toBe(wanted);
  });

  it.each([
    [-40.012, 40.967, [-40.01, 40.97, 80.98]],
    [-60, 60, [-60, 60, 120]],
    [0, 0, [0, 0, 0]],
    // ties go to even, as in Python: round(0.125, 2) is 0.12
    [0.125, 10, [0.12, 10, 9.88]],
  ])("rounds tilts from %f to %f", (min, max, wanted) => {
    const { row } = rowOf("Tiltseries", `{"tilt_range": {"min": ${min}, "max": ${max}}, "microscope": {"manufacturer": "TFS"}}`);
    expect([row.tilt_min, row.tilt_max, row.tilt_range]).toEqual(wanted);
  });

  it("fills what a column must have, and says so", () => {
    const { row, warnings } = rowOf("Annotation", '{"method_type": "manual", "annotation_object": {"name": null}, "dates": {}}');
    expect(row).toMatchObject({
      object_name: "",
      object_id: "",
      release_date: "1970-01-01T00:00:00+00:00",
      confidence_precision: null,
    });
    expect(warnings).toContain("k: annotation_object.name is missing, the row has an empty object_name");
  });

  // the columns with server_default in the models of cryoet-data-portal-backend apiv2/database/models, read with git grep
  it.each([
    ["PerSectionParameters", { phase_shift: 0 }],
    ["Alignment", { is_portal_standard: false }],
    ["Tomogram", { is_portal_standard: false, is_author_submitted: false, is_visualization_default: false }],
    ["Annotation", { ground_truth_status: false, is_curator_recommended: false }],
    ["AnnotationFile", { is_visualization_default: false }],
    ...(["DatasetAuthor", "DepositionAuthor", "TomogramAuthor", "AnnotationAuthor"] as const).map(
      (name) => [name, { primary_author_status: false, corresponding_author_status: false }] as const,
    ),
  ] as const)("gives %s the defaults of the portal's database, and no other column one (34.31)", (name, wanted) => {
    const defaults = ENTITIES.find((entity) => entity.name === name)!.fields.filter((field) => field.default !== undefined);
    expect(Object.fromEntries(defaults.map((field) => [field.column, field.default]))).toEqual(wanted);
    for (const field of defaults) {
      for (const missing of [undefined, null]) {
        expect(
          columnValue(
            field,
            missing,
            () => ({}),
            () => expect.unreachable(),
          ),
        ).toBe(field.default);
      }
    }
  });

  it.each([
    ['"Fourier Space"', "Fourier_Space"],
    ['""', "Unknown"],
    ["null", "Unknown"],
    ['"wbp"', "WBP"],
  ])("takes the reconstruction method %s for %s", (text, wanted) => {
    const { row } = rowOf(
      "Tomogram",
      `{"reconstruction_method": ${text}, "fiducial_alignment_status": true, "processing": "raw", "ctf_corrected": ""}`,
    );
    expect(row).toMatchObject({ reconstruction_method: wanted, fiducial_alignment_status: "FIDUCIAL", ctf_corrected: false });
  });
});

describe("paths of documents", () => {
  const of = (path: string, s3 = "s3://10/tree") =>
    treeAddresses({ s3, https: "https://h/t" }, "10000/R 1", undefined, () => {}).keyOf(path);

  it.each([
    ["10000/R 1/Frames/a.mrc", "10000/R 1/Frames/a.mrc"],
    ["/10000/R 1/a.zarr/", "10000/R 1/a.zarr"],
    ["some-bucket/10000/R 1/a", "10000/R 1/a"],
    ["s3://some-bucket/deep/10000/R 1/a", "10000/R 1/a"],
    ["s3://10/tree/10000/R 1/a", "10000/R 1/a"],
    ["https://h/t/10000/R 1/a", "10000/R 1/a"],
    ["10/Images/a.png", "Images/a.png"],
    ["100/Images/a.png", "100/Images/a.png"],
    ["https://elsewhere.org/a.png", "https://elsewhere.org/a.png"],
  ])("%s lead to %s", (path, key) => {
    expect(of(path)).toBe(key);
  });

  it("make addresses in which nothing ends the path", () => {
    expect(addresses.https("1/R #2/50%?.mrc")).toBe("https://h/1/R %232/50%25%3F.mrc");
    expect(addresses.s3("1/R #2/50%?.mrc")).toBe("s3://b/1/R #2/50%?.mrc");
  });
});
