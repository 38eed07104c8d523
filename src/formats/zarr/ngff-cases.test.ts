import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { REAL_DATA } from "../../../test/real-data.js";
import { type JsonObject, parseJson } from "../../core/json.js";
import { type NgffKind, validateNgff } from "./ngff-validate.js";

const data = new URL("zarr/", REAL_DATA);
const present = existsSync(data);
const load = (path: string) => parseJson(readFileSync(new URL(path, data), "utf8")) as JsonObject;

/** The conformance cases of ome/ngff-spec: `spec/valid|invalid/<kind>/<case>.json`. */
const cases = present
  ? ["valid", "invalid"].flatMap((report) =>
      readdirSync(new URL(`ngff-spec/spec/${report}/`, data)).flatMap((folder) =>
        readdirSync(new URL(`ngff-spec/spec/${report}/${folder}/`, data)).map((file) => ({
          name: `${report}/${folder}/${file.replace(/\.json$/, "")}`,
          valid: report === "valid",
          kind: (folder === "transforms" ? "image" : folder) as NgffKind,
        })),
      ),
    )
  : [];

const SYSTEM = "ome.multiscales.0.coordinateSystems";
const DATASET = "ome.multiscales.0.datasets.0";
const STEP = "ome.multiscales.0.coordinateTransformations.0";

/** The rule that the name of a case speaks of, and where it is broken. (Those of `transforms` name systems by a text, which is wrong as well.) */
const BROKEN: Record<string, [rule: string, path: string]> = {
  "image/duplicate_axes": ["unique", `${SYSTEM}.0.axes.1`],
  "image/invalid_axis_type": ["axes-space", `${SYSTEM}.0.axes`],
  "image/invalid_channels_color": ["type", "ome.omero.channels.0.color"],
  "image/invalid_channels_window": ["type", "ome.omero.channels.0.window.end"],
  "image/invalid_multiscale_transform_input": ["reference", `${DATASET}.coordinateTransformations.0.input`],
  "image/invalid_multiscale_transform_output": ["reference", `${DATASET}.coordinateTransformations.0.output`],
  "image/invalid_multiscales_transformations": ["type", `${STEP}.scale.0`],
  "image/invalid_path": ["type", `${DATASET}.path`],
  "image/invalid_transformation_type": ["transformation-scale", `${DATASET}.coordinateTransformations.0`],
  "image/missing_axes_name": ["required", `${SYSTEM}.0.axes.0.name`],
  "image/missing_coordinate_systems": ["required", SYSTEM],
  "image/missing_datasets": ["required", "ome.multiscales.0.datasets"],
  "image/missing_path": ["required", `${DATASET}.path`],
  "image/too_many_axes": ["axes-count", `${SYSTEM}.0.axes`],
  "label/colors_duplicate": ["unique", "ome.image-label.colors.1"],
  "label/colors_rgba_length": ["range", "ome.image-label.colors.0.rgba"],
  "label/colors_rgba_type": ["range", "ome.image-label.colors.0.rgba.3"],
  "label/empty_colors": ["empty", "ome.image-label.colors"],
  "label/empty_properties": ["empty", "ome.image-label.properties"],
  "label/properties_no_label_value": ["required", "ome.image-label.properties.0.label-value"],
  "plate/acquisition_negative_starttime": ["range", "ome.plate.acquisitions.0.starttime"],
  "plate/duplicate_rows-2": ["unique", "ome.plate.columns.1"],
  "plate/empty_columns": ["empty", "ome.plate.columns"],
  "plate/empty_wells": ["type", "ome.plate.wells"],
  "plate/missing_acquisition_id": ["required", "ome.plate.acquisitions.0.id"],
  "plate/missing_column_name": ["required", "ome.plate.columns.0.name"],
  "plate/missing_columns": ["required", "ome.plate.columns"],
  "plate/missing_row_name": ["required", "ome.plate.rows.0.name"],
  "plate/missing_rows": ["required", "ome.plate.rows"],
  "plate/missing_well_path": ["required", "ome.plate.wells.0.path"],
  "plate/missing_well_rowIndex": ["required", "ome.plate.wells.0.rowIndex"],
  "plate/missing_wells": ["required", "ome.plate.wells"],
  "plate/negative_acquisition_id": ["range", "ome.plate.acquisitions.0.id"],
  "plate/negative_endtime": ["range", "ome.plate.acquisitions.0.endtime"],
  "plate/non_alphanumeric_column": ["path", "ome.plate.columns.0.name"],
  "plate/non_integer_acquisition_id": ["type", "ome.plate.acquisitions.0.id"],
  "plate/non_integer_acquisition_maximumfieldcount": ["type", "ome.plate.acquisitions.0.maximumfieldcount"],
  "plate/zero_field_count": ["range", "ome.plate.field_count"],
  "scene/scene_input_output_not_object": ["reference", "ome.scene.coordinateTransformations.0.output"],
  "scene/scene_missing_scene": ["kind", "ome"],
  "transforms/bad_affine_no_input_output": ["reference", `${STEP}.input`],
  "transforms/bad_byDimension_no_input_output_axes": ["required", `${STEP}.transformations.0.inputAxes`],
  "transforms/bad_mapaxis3": ["range", `${STEP}.mapAxis.3`],
  "transforms/bad_mapaxis5": ["required", `${STEP}.mapAxis`],
  "transforms/bad_projectAxis_insert_too_high_dim": ["range", `${STEP}.createdOutputs.0`],
  "transforms/bad_projectAxis_remove_too_high_dim": ["range", `${STEP}.droppedInputs.0`],
  "transforms/bad_rotation": ["transformation", `${STEP}.rotation`],
  "transforms/bad_rotation2": ["transformation", STEP],
  "transforms/bad_rotation3": ["transformation", `${STEP}.rotation`],
  "transforms/bad_translate_path_not_allowed": ["required", `${STEP}.translation`],
  "transforms/multiscales_transform_forbidden": ["transformation-scale", `${DATASET}.coordinateTransformations.0`],
  "transforms/multiscales_transform_forbidden2": ["transformation-scale", `${DATASET}.coordinateTransformations.0`],
  "transforms/multiscales_transform_missing_params": ["transformation", STEP],
  "transforms/multiscales_transform_no_input_output": ["reference", `${DATASET}.coordinateTransformations.0.input`],
  "transforms/multiscales_transform_no_input_output2": ["reference", `${STEP}.input`],
  "well/empty_images": ["empty", "well.images"],
  "well/forbidden_path_1": ["path", "ome.well.images.0.path"],
  "well/forbidden_path_2": ["path", "ome.well.images.0.path"],
  "well/forbidden_path_3": ["path", "ome.well.images.0.path"],
  "well/forbidden_path_4": ["path", "ome.well.images.0.path"],
  "well/non_integer_acquisition_id": ["type", "well.images.0.acquisition"],
};

describe("the conformance cases of OME-NGFF", () => {
  it.skipIf(!present)("are all there, and each invalid one has its rule", () => {
    expect([cases.length, cases.filter(({ valid }) => valid).length]).toEqual([81, 20]);
    const invalid = cases.filter(({ valid }) => !valid).map(({ name }) => name.replace("invalid/", ""));
    expect(invalid.sort()).toEqual(Object.keys(BROKEN).sort());
  });
  it.skipIf(!present).each(cases)("$name", ({ name, valid, kind }) => {
    const report = validateNgff(load(`ngff-spec/spec/${name}.json`), { kind });
    const errors = report.findings.filter(({ severity }) => severity === "error").map(({ rule, path }) => [rule, path]);
    if (valid) expect(errors).toEqual([]);
    else expect(errors).toContainEqual(BROKEN[name.replace("invalid/", "")]);
    expect(report.valid).toBe(valid);
    expect(report.findings.map(({ severity }) => severity)).toEqual(report.findings.map(({ severity }) => severity).sort());
    // without being told the kind it finds out by itself
    if (!name.endsWith("scene_missing_scene")) expect(validateNgff(load(`ngff-spec/spec/${name}.json`)).valid).toBe(valid);
  });
});

describe("real metadata", () => {
  it.skipIf(!present).each([
    ["iohub-v05/image.json", "0.5", ["image"], []],
    ["iohub-v05/plate.json", "0.5", ["plate"], []],
    ["iohub-v05/well.json", "0.5", ["well"], []],
  ])("%s of iohub", (path, version, kinds, warnings) => {
    const report = validateNgff(load(path).attributes as JsonObject);
    expect([report.version, report.kinds, report.valid]).toEqual([version, kinds, true]);
    expect(report.findings.map(({ rule }) => rule)).toEqual(warnings);
  });
  it.skipIf(!present).each([
    ["v1", "0.1", ["image"]],
    ["ome_zarr/simple_0.4", "0.4", ["image"]],
    ["input_omezarr.zarr", "0.4", ["image"]],
    ["bioformats-zarr/data.zarr", undefined, ["bioformats2raw"]],
    ["bioformats-zarr/data.zarr/0", "0.1", ["image"]],
  ])("%s", (path, version, kinds) => {
    const report = validateNgff(load(`${path}/.zattrs`));
    expect([report.version, report.kinds, report.findings.filter(({ severity }) => severity === "error")]).toEqual([
      version,
      kinds,
      [],
    ]);
  });
  it.skipIf(!present)("a draft of 0.4 by spatialdata has transformations and channels of its own", () => {
    const report = validateNgff(load("blobs_image_v04.ome.zarr/.zattrs"));
    expect([report.version, report.valid]).toEqual(["0.4-dev-spatialdata", false]);
    expect(report.findings[0]).toMatchObject({ rule: "transformation", path: "multiscales.0.coordinateTransformations.0.type" });
  });
  it.skipIf(!present).each(["identity", "scale", "sequenceScaleTranslation", "translation"])(
    "a draft of 0.6 (%s) is valid with warnings",
    (name) => {
      const { attributes } = load(`ome_zarr/all_0.6/basic/${name}.zarr/zarr.json`) as { attributes: JsonObject };
      const report = validateNgff(attributes);
      expect([report.version, report.valid]).toEqual(["0.6.dev1", true]);
      expect(report.findings.map(({ rule }) => rule)).toContain("version-draft");
    },
  );
});
