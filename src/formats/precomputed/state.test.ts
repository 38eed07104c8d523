import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../core/json.js";
import { printJson } from "../../core/json.js";
import { IMAGE_SHADER, INSTANCE_SHADER, ORIENTED_POINT_SHADER, POINT_SHADER } from "./shaders.js";
import { type AnnotationLayer, layerUrl, type ViewPlan, viewState } from "./state.js";

const ROOT = "https://files.example.org/10000/TS_1/Reconstructions/VoxelSpacing10.000";
const PRECOMPUTE = `${ROOT}/NeuroglancerPrecompute`;
const FOLDER = `${PRECOMPUTE}/100-cytosolic_ribosome-1.0`;

const PLAN: ViewPlan = {
  tomogram: {
    name: "TS_1",
    url: `${ROOT}/Tomograms/100/TS_1.zarr`,
    spacingAngstrom: 10,
    shape: [301, 960, 928],
    mean: 0.5,
    deviation: 2,
    limits3d: [-3, 1],
  },
  annotations: [
    {
      shape: "OrientedPoint",
      annotationId: 100,
      objectName: "cytosolic ribosome",
      url: `${FOLDER}_orientedpoint`,
      spacingAngstrom: 10,
      visible: true,
      colour: "#9f311a",
    },
    {
      shape: "SegmentationMask",
      annotationId: 100,
      objectName: "cytosolic ribosome",
      url: `${FOLDER}_segmentationmask`,
      spacingAngstrom: 10,
      visible: false,
      colour: "#00ffff",
    },
  ],
  depositionId: "10301",
  lastUpdatedAt: 1_790_000_000,
};

/** A view of the public portal, its addresses replaced. Shaders are ours. */
const PORTAL = `{"dimensions":{"x":[1e-9,"m"],"y":[1e-9,"m"],"z":[1e-9,"m"]},
"position":[464,480,150],"crossSectionScale":2.4,"projectionScale":1056,
"projectionOrientation":[0.3826834323650898,0,0,0.9238795325112867],
"layers":[
{"type":"image","name":"TS_1",
"source":{"url":"zarr://${ROOT}/Tomograms/100/TS_1.zarr",
"transform":{"outputDimensions":{"x":[1e-9,"m"],"y":[1e-9,"m"],"z":[1e-9,"m"]},
"inputDimensions":{"x":[1e-9,"m"],"y":[1e-9,"m"],"z":[1e-9,"m"]}}},
"opacity":1,"blend":"additive","tab":"rendering","visible":true,"volumeRendering":"off",
"volumeRenderingGain":-7.8,"volumeRenderingDepthSamples":128,"codeVisible":false,"shader":"IMAGE",
"shaderControls":{"contrast":{"range":[-5.5,6.5],"window":[-7.9,8.9]},"invert_contrast":false,
"contrast_3D":{"range":[-3,1],"window":[-11,9]},"invert_contrast_3D":true,"hide_values_outside_limits_3D":false},
"_position":[464,480,150],"_crossSectionScale":2.4,"_projectionScale":1056},
{"type":"annotation","name":"100 cytosolic ribosome orientedpoint",
"source":{"url":"precomputed://${FOLDER}_orientedpoint",
"transform":{"outputDimensions":{"x":[1e-9,"m"],"y":[1e-9,"m"],"z":[1e-9,"m"]},
"inputDimensions":{"x":[1e-9,"m"],"y":[1e-9,"m"],"z":[1e-9,"m"]}}},
"tab":"rendering","annotationColor":"#9f311a","visible":true,"codeVisible":false,"shader":"ORIENTED",
"shaderControls":{"pointScale":1,"opacity":1,"lineWidth":1}},
{"type":"segmentation","name":"100 cytosolic ribosome segmentation",
"source":{"url":"precomputed://${FOLDER}_segmentationmask",
"transform":{"outputDimensions":{"x":[1e-9,"m"],"y":[1e-9,"m"],"z":[1e-9,"m"]},
"inputDimensions":{"x":[1e-9,"m"],"y":[1e-9,"m"],"z":[1e-9,"m"]}},
"subsources":{"default":true,"mesh":true},"enableDefaultSubsources":false},
"tab":"rendering","selectedAlpha":1,"hoverHighlight":false,"segments":[1],"visible":false,
"meshRenderScale":2,"pick":false,"segmentDefaultColor":"#00ffff"}],
"selectedLayer":{"visible":true,"layer":"TS_1","side":"left"},
"crossSectionBackgroundColor":"#000000","hideCrossSectionBackground3D":true,"layout":"4panel",
"showSlices":true,"showAxisLines":true,
"layerListPanel":{"row":1,"visible":true},"helpPanel":{"side":"right","row":0},"settingsPanel":{"side":"right","row":1},
"selection":{"row":2,"visible":false},
"toolPalettes":{"Position":{"side":"bottom","row":1,"size":100,"visible":true,"query":"type:dimension","verticalStacking":false}},
"gpuMemoryLimit":1500000000,"deposition_id":"10301","last_updated_at":1790000000}`;

type Layer = JsonObject & { name: string; visible: boolean; source: { url: string } };
const layersOf = (plan: ViewPlan) => viewState(plan).layers as unknown as Layer[];
const withLayers = (...annotations: AnnotationLayer[]): ViewPlan => ({ ...PLAN, annotations });
const base = { annotationId: 7, objectName: "membrane", spacingAngstrom: 10, visible: true };

describe("the state of a view", () => {
  it("is the portal's, to the order of its keys", () => {
    const wanted = PORTAL.replaceAll("\n", "")
      .replace('"IMAGE"', JSON.stringify(IMAGE_SHADER))
      .replace('"ORIENTED"', JSON.stringify(ORIENTED_POINT_SHADER));
    const state = viewState(PLAN);
    expect(state).toEqual(JSON.parse(wanted));
    expect(JSON.stringify(state)).toBe(JSON.stringify(JSON.parse(wanted)));
    expect(JSON.parse(printJson(state))).toEqual(JSON.parse(wanted));
  });

  it("instances: points and masks in colours of their own", () => {
    const [, points, mask] = layersOf(
      withLayers(
        { ...base, shape: "InstanceSegmentation", url: "u", colour: "#010203" },
        { ...base, shape: "InstanceSegmentationMask", url: "v", labels: [10, 2], colours: ["#aaaaaa", "#bbbbbb"] },
      ),
    );
    expect(points).toMatchObject({
      name: "7 membrane point",
      shader: INSTANCE_SHADER,
      shaderControls: { pointScale: 1, opacity: 1 },
    });
    expect(mask).toMatchObject({
      name: "7 membrane instancesegmentation",
      segments: [2, 10],
      segmentColors: { "2": "#bbbbbb", "10": "#aaaaaa" },
    });
    expect(mask).not.toHaveProperty("segmentDefaultColor");
  });

  it("points and meshes; an annotation without a name", () => {
    const [, points, mesh] = layersOf(
      withLayers(
        { ...base, objectName: undefined, shape: "Point", url: "u", colour: "#010203" },
        { ...base, shape: "TriangularMesh", url: "v", colour: "#040506" },
      ),
    );
    expect(points).toMatchObject({ name: "7 Annotation point", shader: POINT_SHADER, annotationColor: "#010203" });
    expect(mesh).toMatchObject({ name: "7 membrane mesh", segments: [1], segmentDefaultColor: "#040506", meshRenderScale: 2 });
  });

  it("copies of a particle's surface come before their points, which are hidden", () => {
    const [, meshes, points] = layersOf(
      withLayers({
        ...base,
        shape: "OrientedPoint",
        url: "u_orientedpoint",
        orientedMeshUrl: "u_orientedmesh",
        colour: "#010203",
      }),
    );
    expect(meshes).toMatchObject({
      name: "7 membrane orientedmesh",
      visible: true,
      meshRenderScale: 4,
      segmentDefaultColor: "#010203",
      source: { url: "precomputed://u_orientedmesh" },
    });
    expect(points).toMatchObject({ name: "7 membrane orientedpoint", visible: false });
  });

  it("an annotation of larger voxels has them as its input, and scales the view", () => {
    const plan = withLayers({ ...base, shape: "Point", url: "u", colour: "#010203", spacingAngstrom: 25 });
    const state = viewState(plan);
    expect(state).toMatchObject({ position: [1160, 1200, 375], crossSectionScale: 6, projectionScale: 2640 });
    expect(layersOf(plan)[0]).toMatchObject({ _position: [464, 480, 150], _crossSectionScale: 2.4 });
    expect(layersOf(plan)[1]!.source).toMatchObject({
      transform: { inputDimensions: { x: [2.5e-9, "m"] }, outputDimensions: { x: [1e-9, "m"] } },
    });
    const smaller = withLayers({ ...base, shape: "Point", url: "u", colour: "#010203", spacingAngstrom: 5 });
    expect(viewState(smaller).position).toEqual([464, 480, 150]);
  });

  it("small volumes are not magnified; halves go to even", () => {
    const state = viewState({ ...PLAN, tomogram: { ...PLAN.tomogram, shape: [3, 5, 7] }, annotations: [] });
    expect(state).toMatchObject({ position: [4, 2, 2], crossSectionScale: 1, projectionScale: 7.700000000000001 });
  });

  it("limits of integers are such, within their type: Neuroglancer refuses others", () => {
    const shown = (typeRange: [number, number], deviation: number) => {
      const tomogram = { ...PLAN.tomogram, mean: 3.2, deviation, limits3d: [-2.4, 1.6] as const, typeRange };
      const { layers } = viewState({ ...PLAN, tomogram, annotations: [] });
      return (layers as unknown as { shaderControls: { contrast: unknown; contrast_3D: unknown } }[])[0]!.shaderControls;
    };
    expect(shown([0, 255], 2)).toMatchObject({
      contrast: { range: [0, 9], window: [0, 12] },
      contrast_3D: { range: [0, 2], window: [0, 10] },
    });
    expect(shown([-128, 127], 0.01).contrast).toEqual({ range: [3, 4], window: [3, 4] });
  });

  it("what cannot be shown is refused", () => {
    expect(() => viewState({ ...PLAN, tomogram: { ...PLAN.tomogram, deviation: Number.NaN } })).toThrow(/contrast from NaN/);
    expect(() => viewState({ ...PLAN, tomogram: { ...PLAN.tomogram, spacingAngstrom: 0 } })).toThrow(/voxels of 0 Å/);
    const mask: AnnotationLayer = { ...base, shape: "InstanceSegmentationMask", url: "v", labels: [1, 2], colours: ["#aaaaaa"] };
    expect(() => viewState(withLayers(mask))).toThrow(/annotation 7 has 2 labels and 1 colours/);
  });

  it("addresses: prefix and key with one slash between", () => {
    expect(layerUrl("https://h/bucket", "a/b/")).toBe("https://h/bucket/a/b");
    expect(layerUrl("https://h/", "/a")).toBe("https://h/a");
  });
});
