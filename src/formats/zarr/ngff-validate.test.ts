import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../core/json.js";
import { NGFF_RULES, type NgffRule } from "./ngff-rules.js";
import { type NgffOptions, validateNgff } from "./ngff-validate.js";
import { omeZarrAttributes } from "./ome.js";
import { omeZarr05Attributes, omeZarr05Labels } from "./ome-v05.js";

type Path = (string | number)[];

/** The value with one member changed; `undefined` removes it. */
function change(value: Json, [key, ...rest]: Path, to: Json | undefined): Json {
  if (key === undefined) return to!;
  if (Array.isArray(value)) {
    const items = [...(value as readonly Json[])];
    items[key as number] = change(items[key as number] ?? {}, rest, to);
    return items;
  }
  const object = { ...(value as Record<string, Json>) };
  if (rest.length === 0 && to === undefined) delete object[key];
  else object[key] = change(object[key] ?? {}, rest, to);
  return object;
}

const space = (name: string) => ({ name, type: "space", unit: "angstrom" });
const scale = (...numbers: number[]) => ({ type: "scale", scale: numbers });
const translation = (...numbers: number[]) => ({ type: "translation", translation: numbers });

const MULTISCALE = {
  name: "a",
  type: "mean",
  metadata: {},
  axes: [space("z"), space("y"), space("x")],
  datasets: [
    { path: "0", coordinateTransformations: [scale(1, 1, 1)] },
    { path: "1", coordinateTransformations: [scale(2, 2, 2), translation(0.5, 0.5, 0.5)] },
  ],
};
const OMERO = { channels: [{ color: "FF0000", window: { start: 0, min: 0, end: 1, max: 1 }, label: "a", active: true }] };
const LABEL = {
  colors: [{ "label-value": 1, rgba: [0, 0, 0, 255] }],
  properties: [{ "label-value": 1 }],
  source: { image: "../../" },
};
const PLATE = {
  name: "p",
  rows: [{ name: "A" }],
  columns: [{ name: "1" }, { name: "2" }],
  wells: [{ path: "A/2", rowIndex: 0, columnIndex: 1 }],
  acquisitions: [{ id: 0, name: "a", maximumfieldcount: 1, starttime: 0, endtime: 1 }],
  field_count: 1,
};
const WELL = { images: [{ path: "0", acquisition: 0 }] };

const v04 = {
  image: { multiscales: [{ ...MULTISCALE, version: "0.4" }], omero: OMERO },
  label: { multiscales: [{ ...MULTISCALE, version: "0.4" }], "image-label": { ...LABEL, version: "0.4" } },
  plate: { plate: { ...PLATE, version: "0.4" } },
  well: { well: { ...WELL, version: "0.4" } },
};
const v05 = {
  image: { ome: { version: "0.5", multiscales: [MULTISCALE], omero: OMERO } },
  label: { ome: { version: "0.5", multiscales: [MULTISCALE], "image-label": LABEL } },
  plate: { ome: { version: "0.5", plate: PLATE } },
  well: { ome: { version: "0.5", well: WELL } },
};
const systems = [
  { name: "physical", axes: [space("z"), space("y"), space("x")] },
  { name: "other", axes: [space("z"), space("y"), space("x")] },
];
const dataset = (path: string, size: number) => ({
  path,
  coordinateTransformations: [{ ...scale(size, size, size), input: { path }, output: { name: "physical" } }],
});
const v06 = {
  image: {
    ome: {
      version: "0.6rc0",
      multiscales: [
        {
          name: "a",
          type: "mean",
          metadata: {},
          coordinateSystems: systems,
          datasets: [dataset("0", 1), dataset("1", 2)],
          coordinateTransformations: [{ ...translation(1, 2, 3), input: { name: "physical" }, output: { name: "other" } }],
        },
      ],
    },
  },
  scene: {
    ome: {
      version: "0.6",
      scene: {
        coordinateSystems: systems,
        coordinateTransformations: [{ type: "identity", input: { path: "a", name: "physical" }, output: { name: "other" } }],
      },
    },
  },
};

const bases = { v04, v05, v06 } as Record<string, Record<string, JsonObject>>;

describe("metadata without fault", () => {
  it.each(Object.entries(bases).flatMap(([version, kinds]) => Object.keys(kinds).map((kind) => [version, kind] as const)))(
    "%s %s has no finding, not even under strictness",
    (version, kind) => {
      const report = validateNgff(bases[version]![kind]!, { strict: true });
      expect([report.valid, report.findings]).toEqual([true, []]);
      expect(report.kinds).toContain(kind);
    },
  );
  it("what the portal has in 0.4 is valid and lacks what strict readers want", () => {
    for (const kind of ["tomogram", "tiltseries"] as const) {
      const report = validateNgff(omeZarrAttributes({ kind, voxelSizeAngstrom: 13.48, labels: [1, 2] }));
      expect([report.valid, report.findings.map(({ rule, path }) => [rule, path])]).toEqual([
        true,
        [["recommended", "multiscales.0.type"]],
      ]);
    }
  });
  it("what we write in 0.5 is strictly valid; of labels only who writes them knows how levels come about", () => {
    for (const kind of ["tomogram", "tiltseries"] as const) {
      expect(validateNgff(omeZarr05Attributes({ kind, voxelSizeAngstrom: 13.48 }), { strict: true }).findings).toEqual([]);
      const fields = { kind, voxelSizeAngstrom: 13.48, labels: [2, 0, 1, 2] };
      const downscaling = { type: "nearest", metadata: {} };
      const labels = validateNgff(omeZarr05Attributes({ ...fields, downscaling }), { strict: true, kind: "label" });
      expect([labels.kinds, labels.findings]).toEqual([["image", "label"], []]);
    }
    const group = validateNgff(omeZarr05Labels(["a", "b"]), { strict: true });
    expect([group.valid, group.kinds]).toEqual([true, ["labels"]]);
  });
  it("other kinds", () => {
    expect(validateNgff({ "bioformats2raw.layout": 3 }).kinds).toEqual(["bioformats2raw"]);
    expect(validateNgff({ ome: { version: "0.5", "bioformats2raw.layout": 3, plate: PLATE } }).valid).toBe(true);
    expect(validateNgff({ ome: { version: "0.5", series: ["0", "1"] } }).kinds).toEqual(["series"]);
    expect(validateNgff({ multiscales: [{ version: "0.3", axes: ["z", "y", "x"], datasets: [{ path: "0" }] }] }).valid).toBe(
      true,
    );
  });
});

const images = "multiscales.0";
const steps06 = ["ome", "multiscales", 0, "coordinateTransformations", 0];
const inout = { input: { name: "physical" }, output: { name: "other" } };

type Fault = [base: string, where: Path, to: Json | undefined, rule: NgffRule, path?: string, options?: NgffOptions];

const FAULTS: Fault[] = [
  // version and kind
  ["v04.image", ["multiscales", 0, "version"], "0.7", "version", `${images}.version`],
  ["v04.image", ["multiscales", 0, "version"], "0.5", "version", `${images}.version`],
  ["v04.image", ["multiscales", 0, "version"], undefined, "version-given", `${images}.version`],
  ["v04.plate", ["plate", "version"], "foo", "version", "plate.version"],
  ["v04.well", ["well", "version"], undefined, "version-given", "well.version"],
  ["v05.image", ["ome", "version"], undefined, "required", "ome.version"],
  ["v05.image", ["ome", "version"], 0.5, "type", "ome.version"],
  ["v05.image", ["ome", "version"], "0.4", "version", "ome.version"],
  ["v06.image", ["ome", "version"], "0.6.dev4", "version-draft", "ome.version"],
  ["v05.image", ["ome", "multiscales"], undefined, "kind", "ome"],
  ["v05.image", [], {}, "kind", ""],
  ["v05.image", [], { a: 1 }, "kind", "", { kind: "plate" }],
  ["v05.image", [], [], "type", ""],
  ["v05.image", ["ome"], 1, "type", "ome"],
  ["v05.image", ["ome", "scene"], {}, "version", "ome.scene"],
  ["v05.image", ["ome", "bioformats2raw.layout"], 4, "range", "ome.bioformats2raw.layout"],
  ["v05.image", ["ome", "series"], [1], "type", "ome.series.0"],
  ["v05.image", ["ome", "labels"], [1], "type", "ome.labels.0"],
  // images
  ["v05.image", ["ome", "multiscales"], {}, "type", "ome.multiscales"],
  ["v05.image", ["ome", "multiscales"], [], "empty", "ome.multiscales"],
  ["v05.image", ["ome", "multiscales", 1], MULTISCALE, "unique", "ome.multiscales.1"],
  ["v05.image", ["ome", "multiscales", 0, "name"], 1, "type", "ome.multiscales.0.name"],
  ["v05.image", ["ome", "multiscales", 0, "name"], undefined, "recommended", "ome.multiscales.0.name"],
  ["v04.image", ["multiscales", 0, "axes"], undefined, "required", `${images}.axes`],
  ["v04.image", ["multiscales", 0, "axes"], [space("x")], "axes-count", `${images}.axes`],
  ["v04.image", ["multiscales", 0, "axes", 3], space("w"), "axes-space", `${images}.axes`],
  ["v04.image", ["multiscales", 0, "axes", 1, "type"], "channel", "axes-order", `${images}.axes`],
  ["v04.image", ["multiscales", 0, "axes", 1], { ...space("x"), unit: "nanometer" }, "axes-names", `${images}.axes`],
  ["v04.image", ["multiscales", 0, "axes"], [space("x"), space("y"), space("z")], "axes-zyx", `${images}.axes`],
  ["v04.image", ["multiscales", 0, "axes", 0], "z", "type", `${images}.axes.0`],
  ["v04.image", ["multiscales", 0, "axes", 0, "name"], undefined, "required", `${images}.axes.0.name`],
  ["v04.image", ["multiscales", 0, "axes", 0, "unit"], undefined, "axes-unit", `${images}.axes.0.unit`],
  ["v04.image", ["multiscales", 0, "axes", 0, "unit"], "micron", "axes-unit", `${images}.axes.0.unit`],
  ["v04.image", ["multiscales", 0, "axes", 0, "unit"], 1, "type", `${images}.axes.0.unit`],
  ["v04.image", ["multiscales", 0, "datasets"], [], "empty", `${images}.datasets`],
  ["v04.image", ["multiscales", 0, "datasets", 0, "path"], undefined, "required", `${images}.datasets.0.path`],
  ["v04.image", ["multiscales", 0, "datasets", 0, "path"], "../0", "path-below", `${images}.datasets.0.path`],
  ["v04.image", ["multiscales", 0, "datasets", 0, "coordinateTransformations"], undefined, "required"],
  ["v04.image", ["multiscales", 0, "datasets", 0, "coordinateTransformations"], [], "transformation-scale"],
  ["v04.image", ["multiscales", 0, "datasets", 0, "coordinateTransformations", 1], scale(1, 1, 1), "transformation-scale"],
  ["v04.image", ["multiscales", 0, "datasets", 0, "coordinateTransformations", 0], translation(1, 1, 1), "transformation-scale"],
  ["v04.image", ["multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "type"], "identity", "transformation"],
  ["v04.image", ["multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "scale"], [1, 1], "transformation-length"],
  ["v04.image", ["multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "scale"], [1], "range"],
  ["v04.image", ["multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "scale", 0], "1", "type"],
  ["v04.image", ["multiscales", 0, "datasets", 1, "coordinateTransformations", 2], translation(1, 1, 1), "transformation-order"],
  [
    "v04.image",
    ["multiscales", 0, "datasets", 0, "coordinateTransformations", 0],
    scale(3, 3, 3),
    "datasets-order",
    `${images}.datasets.1`,
  ],
  ["v04.image", ["multiscales", 0, "coordinateTransformations"], [], "empty", `${images}.coordinateTransformations`],
  ["v04.image", ["omero", "channels"], undefined, "required", "omero.channels"],
  ["v04.image", ["omero", "channels", 0, "window"], undefined, "required", "omero.channels.0.window"],
  ["v04.image", ["omero", "channels", 0, "window", "end"], undefined, "required", "omero.channels.0.window.end"],
  ["v04.image", ["omero", "channels", 0, "color"], "red", "color", "omero.channels.0.color"],
  ["v04.image", ["omero", "channels", 0, "active"], 1, "type", "omero.channels.0.active"],
  // labels
  ["v05.label", ["ome", "image-label", "colors"], undefined, "recommended", "ome.image-label.colors"],
  [
    "v05.label",
    ["ome", "image-label", "colors", 1],
    { "label-value": 1 },
    "label-values",
    "ome.image-label.colors.1.label-value",
  ],
  ["v05.label", ["ome", "image-label", "colors", 0, "rgba", 3], 0.5, "type", "ome.image-label.colors.0.rgba.3"],
  ["v05.label", ["ome", "image-label", "properties", 0, "label-value"], 0.5, "type"],
  ["v05.label", ["ome", "image-label", "source", "image"], 1, "type", "ome.image-label.source.image"],
  ["v05.label", ["ome", "multiscales"], undefined, "label-image", "ome"],
  // plates and wells
  ["v04.plate", ["plate", "rows", 0, "name"], "A_", "path", "plate.rows.0.name"],
  ["v04.plate", ["plate", "columns", 2], { name: "1", a: 1 }, "plate-names", "plate.columns"],
  ["v04.plate", ["plate", "wells", 0, "path"], "A1", "path", "plate.wells.0.path"],
  ["v04.plate", ["plate", "wells", 0, "path"], "A/1", "plate-wells", "plate.wells.0.path"],
  ["v04.plate", ["plate", "wells", 0, "columnIndex"], -1, "range", "plate.wells.0.columnIndex"],
  ["v04.plate", ["plate", "wells", 0, "columnIndex"], undefined, "required", "plate.wells.0.columnIndex"],
  ["v04.plate", ["plate", "acquisitions", 1], { id: 0, name: "b", maximumfieldcount: 1 }, "plate-names"],
  ["v04.plate", ["plate", "acquisitions", 0, "name"], undefined, "recommended", "plate.acquisitions.0.name"],
  ["v04.plate", ["plate", "acquisitions", 0, "maximumfieldcount"], 0, "range", "plate.acquisitions.0.maximumfieldcount"],
  ["v04.plate", ["plate", "name"], undefined, "recommended", "plate.name"],
  ["v04.well", ["well", "images", 0, "path"], "0_a", "path", "well.images.0.path"],
  ["v05.well", ["ome", "well", "images", 1], { path: "0", acquisition: 0 }, "unique", "ome.well.images.1"],
  // 0.6
  ["v06.image", ["ome", "multiscales", 0, "coordinateSystems"], [], "empty"],
  ["v06.image", ["ome", "multiscales", 0, "coordinateSystems", 0, "name"], "", "empty"],
  ["v06.image", ["ome", "multiscales", 0, "coordinateSystems", 2], { ...systems[0]!, a: 1 }, "systems-names"],
  ["v06.image", ["ome", "multiscales", 0, "coordinateSystems", 0, "axes", 0, "name"], "", "empty"],
  ["v06.image", ["ome", "multiscales", 0, "coordinateSystems", 0, "axes", 0, "discrete"], 1, "type"],
  [
    "v06.image",
    ["ome", "multiscales", 0, "datasets", 0, "coordinateTransformations", 1],
    { type: "identity" },
    "transformation-scale",
  ],
  ["v06.image", ["ome", "multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "scale", 0], 0, "range"],
  ["v06.image", ["ome", "multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "scale"], [1], "transformation-length"],
  ["v06.image", ["ome", "multiscales", 0, "datasets", 0, "coordinateTransformations", 0, "input"], { name: "a" }, "reference"],
  [
    "v06.image",
    ["ome", "multiscales", 0, "datasets", 0, "coordinateTransformations", 0],
    {
      type: "sequence",
      transformations: [translation(1, 1, 1), scale(1, 1, 1)],
      input: { path: "0" },
      output: { name: "physical" },
    },
    "transformation-order",
  ],
  [
    "v06.image",
    ["ome", "multiscales", 0, "datasets", 0, "coordinateTransformations", 0],
    {
      type: "sequence",
      transformations: [scale(1, 1, 1), translation(1, 1)],
      input: { path: "0" },
      output: { name: "physical" },
    },
    "transformation-length",
  ],
  ["v06.image", [...steps06, "type"], "bent", "transformation"],
  ["v06.image", [...steps06, "type"], "__proto__", "transformation"],
  ["v06.image", [...steps06, "output"], { name: "nowhere" }, "reference-found"],
  ["v06.image", [...steps06, "output"], { name: "a", path: "../a" }, "path-below"],
  ["v06.image", [...steps06, "input"], { name: "physical", path: "a" }, "reference"],
  ["v06.image", [...steps06, "output"], "other", "reference"],
  ["v06.image", steps06, { type: "affine", affine: [[1]], path: "a", ...inout }, "transformation"],
  ["v06.image", steps06, { type: "affine", affine: [1], ...inout }, "transformation"],
  ["v06.image", steps06, { type: "rotation", rotation: [[1]], ...inout }, "transformation"],
  ["v06.image", steps06, { type: "mapAxis", mapAxis: [0], ...inout }, "transformation"],
  ["v06.image", steps06, { type: "mapAxis", mapAxis: [0, 0], ...inout }, "unique"],
  ["v06.image", steps06, { type: "projectAxis", ...inout }, "transformation"],
  ["v06.image", steps06, { type: "projectAxis", droppedInputs: [0, 1, 2, 3], ...inout }, "transformation"],
  ["v06.image", steps06, { type: "bijection", forward: { type: "identity" }, ...inout }, "required"],
  ["v06.image", steps06, { type: "bijection", forward: { type: "identity" }, inverse: { type: "scale" }, ...inout }, "required"],
  ["v06.image", steps06, { type: "sequence", transformations: [{ type: "scale" }], ...inout }, "required"],
  [
    "v06.image",
    steps06,
    {
      type: "byDimension",
      transformations: [{ transformation: { type: "identity" }, inputAxes: ["x"], outputAxes: [0] }],
      ...inout,
    },
    "type",
  ],
  ["v06.image", steps06, { type: "displacements", ...inout }, "required"],
  ["v06.image", steps06, { type: "coordinates", path: "a", interpolation: "spline", ...inout }, "transformation"],
  ["v06.scene", ["ome", "scene", "coordinateTransformations"], undefined, "required", "ome.scene.coordinateTransformations"],
  ["v06.scene", ["ome", "scene", "coordinateTransformations", 0, "input"], { path: "a" }, "reference"],
];

describe("one fault", () => {
  it.each(FAULTS)("%s %j = %j breaks %s", (base, where, to, rule, path, options = {}) => {
    const [version, kind] = base.split(".") as [string, string];
    const broken = change(bases[version]![kind]!, where, to);
    const lenient = validateNgff(broken, options);
    const finding = lenient.findings.find((item) => item.rule === rule);
    expect(finding, JSON.stringify(lenient.findings)).toBeDefined();
    if (path !== undefined) expect(finding!.path).toBe(path);
    const { level } = NGFF_RULES[rule];
    expect(finding!.severity).toBe(level === "must" ? "error" : "warning");
    if (level !== "must") expect(lenient.findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(lenient.valid).toBe(level !== "must");
    expect(validateNgff(broken, { ...options, strict: true }).valid).toBe(level === "advice");
  });
  it("for each rule there is", () => {
    const missing = (Object.keys(NGFF_RULES) as NgffRule[]).filter((rule) => !FAULTS.some((fault) => fault[3] === rule));
    expect(missing).toEqual([]);
  });
  it("depth and number of findings have an end", () => {
    let step: JsonObject = { type: "identity" };
    for (let i = 0; i < 200; i++) step = { type: "sequence", transformations: [step] };
    const deep = validateNgff(change(v06.image, steps06, { ...step, ...inout }));
    expect(deep.findings[0]).toMatchObject({ rule: "transformation", message: expect.stringContaining("32") });
    const many = validateNgff(
      change(
        v05.image,
        ["ome", "multiscales", 0, "axes"],
        Array.from({ length: 5000 }, () => 1),
      ),
    );
    expect(many.findings.length).toBe(1000);
  });
});
