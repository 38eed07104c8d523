import { describe, expect, it } from "vitest";
import { testFacts } from "../../test/viewer-facts.js";
import { LINK_MAX, linkParameters, parseLink, splitLink } from "./link.js";
import { firstState, type ViewState } from "./state.js";

const facts = testFacts();

describe("the address of a view", () => {
  it("says nothing of what goes without saying", () => {
    expect(linkParameters(facts, firstState(facts))).toEqual({});
    expect(parseLink(facts, {})).toEqual({ state: firstState(facts), wrong: [] });
  });

  it("gives back what it was made of", () => {
    const state: ViewState = {
      layout: "ortho",
      position: [310, 20.5, 1000],
      centre: [300, 1280, 2555],
      zoom: 4.2,
      contrast: { low: -3.5, high: 12.25, gamma: 1.4, isInverted: true },
      slab: 5,
      on: ["12", "15"],
      opacities: { "12": 0.5, "abc-0": 0.1 },
      measures: [
        {
          kind: "line",
          axis: "z",
          points: [
            [310, 1, 2],
            [310, 3.5, 4],
          ],
        },
        {
          kind: "angle",
          axis: "x",
          points: [
            [1, 2, 3],
            [4, 5, 6],
            [7, 8, 9],
          ],
        },
      ],
      other: "tomogram:2",
      otherContrast: { low: 0, high: 1, gamma: 1, isInverted: false },
      way: "difference",
    };
    const said = linkParameters(facts, state);
    expect(said).toEqual({
      p: "1000,20.5,310",
      l: "ortho",
      v: "2555,1280,300",
      z: "4.2",
      c: "-3.5,12.25,1.4,1",
      s: "5",
      on: "12,15",
      o: "12:0.5,abc-0:0.1",
      m: "lz2,1,310_4,3.5,310~ax3,2,1_6,5,4_9,8,7",
      w: "tomogram:2",
      cw: "0,1,1,0",
      x: "difference",
    });
    expect(parseLink(facts, said)).toEqual({ state, wrong: [] });
  });

  it.each([
    ["p", "1,2"],
    ["p", "1,2,x"],
    ["p", "1,2,Infinity"],
    ["l", "sideways"],
    ["z", "0"],
    ["z", ""],
    ["c", "5,5"],
    ["c", ",5"],
    ["p", "1,,2"],
    ["c", "1,2,9"],
    ["c", "1,2,1,2"],
    ["s", "1000"],
    ["s", "4"],
    ["s", "2.5"],
    ["l", "tilt"],
    ["m", "lz1,2,3"],
    ["m", "qz1,2,3_4,5,6"],
    ["w", "<b>"],
    ["x", "beside"],
    ["t", "30,-55"],
    ["t", "30,10,1"],
    ["t", "30,-55,1,2"],
    ["r", "min"],
    ["r", "max,dim"],
    ["r", "surface,dark,x"],
    ["k", "zx"],
  ])("%s=%s is left out, and told", (name, value) => {
    const { state, wrong } = parseLink(facts, { [name]: value });
    expect(wrong).toEqual([name]);
    expect(state).toEqual(firstState(facts));
  });

  it("says a single measure, no layers at all, and the thickest slab", () => {
    const measure = { kind: "line", axis: "z", points: [[0, 1, 2], [0, 3, 4]] } as const; // biome-ignore format: one line
    const state: ViewState = { ...firstState(facts), on: [], slab: 63, measures: [measure as never] };
    expect(linkParameters(facts, state)).toEqual({ m: "lz2,1,0_4,3,0", on: "", s: "63" });
    expect(parseLink(facts, linkParameters(facts, state)).state).toEqual(state);
  });

  it("keeps where the 3-D pane looks from, and what it shows", () => {
    const whole = { t: "-12.5,-90,2.5,30,20,10", r: "surface,dark,-49.4", k: "xz" };
    const { state, wrong } = parseLink(facts, whole);
    expect(wrong).toEqual([]);
    expect(state.space).toEqual({
      camera: { turn: -12.5, tilt: -90, zoom: 2.5, centre: [10, 20, 30] },
      ...{ mode: "surface", isDarkDense: true, threshold: -49.4, cuts: ["x", "z"] },
    });
    for (const one of [whole, { t: "0,0,1" }, { r: "mean" }, { r: "max,,3" }, { k: "-" }])
      expect(linkParameters(facts, parseLink(facts, one).state)).toEqual(one);
  });

  it.each([
    ["an angle that is no number", "t", "0,,1"],
    ["two numbers", "t", "0,-90"],
    ["a middle that is no point", "t", "0,0,1,5,,7"],
    ["less than the least zoom", "t", "0,0,0.19"],
    ["more than the most", "t", "0,0,50.1"],
    ["a tilt from below", "t", "0,1,1"],
    ["a turn beyond half of one", "t", "181,0,1"],
    ["more layers than an address has room for", "on", "x".repeat(LINK_MAX + 1)],
  ])("refuses %s", (_, name, text) => {
    const { state, wrong } = parseLink(facts, { [name]: text });
    expect([state, wrong]).toEqual([firstState(facts), [name]]);
  });

  it("takes the ends of what it may say", () => {
    for (const t of ["180,0,0.2", "-180,-180,50"]) expect(linkParameters(facts, parseLink(facts, { t }).state)).toEqual({ t });
    const on = "x".repeat(LINK_MAX);
    expect(linkParameters(facts, parseLink(facts, { on }).state)).toEqual({ on });
  });

  it("says nothing of opacities that are as they begin", () => {
    expect(linkParameters(facts, { ...firstState(facts), opacities: {} })).toEqual({});
  });

  it("knows layouts of the volume only", () => {
    const layout = (l: string, more: Parameters<typeof testFacts>[0]) => parseLink(testFacts(more), { l }).state.layout;
    expect(layout("tilt", { isTiltSeries: true })).toBe("tilt");
    expect(layout("tilt", { ref: "tiltseries:3" })).toBe("tilt");
    expect(layout("compare", { place: "" })).toBeUndefined();
    expect(layout("3d", { place: "" })).toBe("3d");
    for (const none of [{ isTiltSeries: true }, { shape: [1, 9, 9] as const }])
      expect(layout("3d", none as never)).toBeUndefined();
    for (const across of ["ortho", "quad", "3d"])
      expect(layout(across, { pages: { order: "czt", z: 8, c: 2, t: 4 } })).toBeUndefined();
    expect(layout("ortho", { pages: { order: "czt", z: 1, c: 1, t: 64 } })).toBe("ortho");
    expect(layout("3d", { pages: { order: "czt", z: 64, c: 1, t: 1 } })).toBe("3d");
  });

  it("takes a section in place of a position", () => {
    expect(parseLink(facts, { at: "7" }).state.position[0]).toBe(70);
  });

  it("puts long parts behind #", () => {
    const points = Array.from({ length: 60 }, (_, i) => [i, 1000.5 + i, 2000.5 + i] as [number, number, number]);
    const state: ViewState = { ...firstState(facts), on: [], measures: Array(4).fill({ kind: "polyline", axis: "z", points }) };
    const { search, hash } = splitLink(linkParameters(facts, state));
    expect(new URLSearchParams(search).toString().length).toBeLessThan(LINK_MAX);
    expect(parseLink(facts, search, `#${hash}`).state).toEqual(state);
    const silent: ViewState = { ...state, on: undefined };
    expect(splitLink(linkParameters(facts, silent)).hash).toMatch(/^m=/);
  });
});
