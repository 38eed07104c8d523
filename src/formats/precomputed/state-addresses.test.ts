import { describe, expect, it } from "vitest";
import { readdressState } from "./state-addresses.js";

const HERE = "https://lab.example.org/em/files";
const KEY = "10401/TS 1 ü/Reconstructions/VoxelSpacing13.480/Tomograms/100/TS 1 ü.zarr";
const move = (source: string, folder?: string) => {
  const { text, elsewhere } = readdressState(JSON.stringify({ layers: [{ source }] }), HERE, folder);
  return { source: (JSON.parse(text) as { layers: { source: string }[] }).layers[0]!.source, elsewhere };
};

describe("seam 20: the sources of a view", () => {
  it.each([
    ["zarr://http://127.0.0.1:8080/", ""],
    ["zarr2://http://127.0.0.1:18080/files/", ""],
    ["zarr://https://files.cryoetdataportal.cziscience.com/", ""],
    ["precomputed://https://bucket.s3.amazonaws.com/a/deep/tree/", ""],
    ["precomputed://s3://bucket/tree/", "/"],
    ["n5://gs://bucket/", ""],
    ["s3://bucket/", "/|zarr3:"],
    ["s3+https://minio.example.org/bucket/", "|zarr2:"],
    ["https://host/x/", "/|n5:"],
    ["zarr://middleauth+https://host/", ""],
    ["http://[::1]:9000/", "/|neuroglancer-precomputed:"],
  ])("written for %s… are here, in the same spelling", (before, after) => {
    const formats = /^(?:(?:zarr2?|precomputed|n5):\/\/)?/.exec(before)![0];
    expect(move(`${before}${KEY}${after}`)).toEqual({ source: `${formats}${HERE}/${KEY}${after}`, elsewhere: [] });
  });

  it("are found by their run where the layout does not tell, also with signs that end a path", () => {
    expect(move("zarr://http://h/t/10001/a#b?/x.zarr", "10001/a#b?").source).toBe(`zarr://${HERE}/10001/a%23b%3F/x.zarr`);
    expect(move("zarr://http://h/t/10001/a/x.zarr", "10001/a").source).toBe(`zarr://${HERE}/10001/a/x.zarr`);
    expect(move("zarr://http://h/10001/a/TiltSeries/100/a.zarr").source).toBe(`zarr://${HERE}/10001/a/TiltSeries/100/a.zarr`);
  });

  it("move where they are nested, and with the others that begin like them", () => {
    const at = (prefix: string) => ({
      layers: [
        { source: [{ url: `zarr://${prefix}/${KEY}`, subsources: { mesh: true } }, `precomputed://${prefix}/${KEY}_x`] },
        { mesh: `precomputed://${prefix}/${KEY}/mesh`, skeletons: `precomputed://${prefix}/${KEY}/skeletons` },
        { source: { url: `precomputed://${prefix}/some/other/folder` } },
      ],
    });
    const { text, elsewhere } = readdressState(JSON.stringify(at("https://old.example.org/t")), HERE);
    expect([JSON.parse(text), elsewhere]).toEqual([at(HERE), []]);
  });

  it("that are of no tree stay, and are told", () => {
    const source = "precomputed://gs://neuroglancer-public-data/flyem_fib-25/image";
    expect(move(source)).toEqual({ source, elsewhere: [source] });
    expect(move("local://annotations")).toEqual({ source: "local://annotations", elsewhere: [] });
    expect(move(`zarr://${KEY}`).source).toBe(`zarr://${KEY}`);
  });

  it("are all that changes: numbers, blanks, names and shaders stay as they are written", () => {
    const state = (url: string) =>
      `{ "dimensions": {"x": [1.0e-9, "m"]},\n "layers": [{"name": "http://h/${KEY}", "source": "zarr://${url}", "shader": "// \\"http://h/\\" \\n#x"}],"last": 1.50 }`;
    expect(readdressState(state(`http:\\/\\/h\\/${KEY.replace("ü", "\\u00fc")}`), HERE).text).toBe(state(`${HERE}/${KEY}`));
    expect(readdressState("no JSON at all", HERE).text).toBe("no JSON at all");
  });
});
