import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../core/json.js";
import { sharedViewOf, sourceNames, withSharedView } from "./state-view.js";

const metres = [1.08e-9, "m"];
const state: JsonObject = {
  dimensions: { x: metres, y: metres, z: metres },
  position: [128, 96, 32],
  crossSectionScale: 2,
  layers: [
    {
      type: "image",
      name: "cell_01",
      source: { url: "zarr://http://a/10407/cell_01/t.zarr" },
      shaderControls: { contrast: { range: [-10, 20], window: [-50, 60] }, invert_contrast: false },
    },
    { type: "annotation", name: "100 ribosome", source: "precomputed://http://a/n/100-ribosome-1.0_point/", visible: true },
    { type: "segmentation", name: "101 membrane", source: [{ url: "http://a/n/101-membrane|zarr3:" }], visible: false },
  ],
};

describe("what slices and Neuroglancer share of a view", () => {
  it("is read in Å", () => {
    const { positionAngstrom, zoom, shown, contrast } = sharedViewOf(state);
    expect(positionAngstrom!.map((one) => Number(one.toFixed(6)))).toEqual([345.6, 1036.8, 1382.4]);
    expect(zoom).toBeCloseTo(21.6);
    expect([...shown!]).toEqual(["100 ribosome"]);
    expect(contrast).toEqual({ low: -10, high: 20, inverted: false });
  });

  it("is put in, and comes back", () => {
    const view = {
      positionAngstrom: [108, 216.5, 540] as [number, number, number],
      zoom: 5.4,
      shown: new Set(["101 membrane"]),
      contrast: { low: 90, high: 3, inverted: true },
    };
    const changed = withSharedView(state, view);
    expect((changed.position as number[]).map((one) => Number(one.toFixed(6)))).toEqual([50, 20.046296, 10]);
    expect(changed.crossSectionScale).toBeCloseTo(0.5);
    const layers = changed.layers as JsonObject[];
    expect(layers.map(({ visible }) => visible)).toEqual([undefined, false, true]);
    expect(layers[0]!.shaderControls).toEqual({ contrast: { range: [90, 3], window: [-50, 90] }, invert_contrast: true });
    const back = sharedViewOf(changed);
    expect(back.positionAngstrom!.map((one) => Number(one.toFixed(6)))).toEqual([108, 216.5, 540]);
    expect(back.zoom).toBeCloseTo(5.4);
    expect([...back.shown!]).toEqual(["101 membrane"]);
    expect(back.contrast).toEqual({ low: 90, high: 3, inverted: true });
  });

  it("stays as it was where nothing is wanted, and anisotropic axes count in the order of the view", () => {
    expect(withSharedView(state, {})).toEqual(state);
    const flat = { dimensions: { z: [4e-9, "m"], y: [1e-9, "m"], x: [1e-9, "m"] }, position: [3, 20, 10], layers: [] };
    expect(sharedViewOf(flat).positionAngstrom!.map(Math.round)).toEqual([120, 200, 100]);
    const moved = withSharedView(flat, { positionAngstrom: [80, 10, 20] }).position as number[];
    expect(moved.map((one) => Number(one.toFixed(6)))).toEqual([2, 1, 2]);
  });

  it("is nothing where the axes are others", () => {
    const times = { dimensions: { x: [1, "s"], y: metres, z: metres }, position: [1, 2, 3], layers: [] };
    expect(sharedViewOf(times)).toMatchObject({ positionAngstrom: undefined, zoom: undefined });
    expect(sharedViewOf({})).toEqual({ positionAngstrom: undefined, zoom: undefined, shown: new Set(), contrast: undefined });
  });

  it("names the folders of sources", () => {
    expect((state.layers as JsonObject[]).map(sourceNames)).toEqual([["t.zarr"], ["100-ribosome-1.0_point"], ["101-membrane"]]);
  });
});
