import { afterEach, expect, it, vi } from "vitest";
import type { Plane } from "./planes.js";
import { type Placed, STAGE, webglRenderer } from "./render.js";

type Call = readonly [name: string, ...words: unknown[]];

/** A context that draws nothing and remembers what it was told; constants are their names. */
function recorded() {
  const calls: Call[] = [];
  let made = 0;
  const answers: Record<string, () => unknown> = {
    createTexture: () => `texture ${++made}`,
    createProgram: () => "program",
    createShader: () => "shader",
    getProgramParameter: () => true,
    isContextLost: () => gl.isLost,
  };
  const gl = { isLost: false };
  const context = new Proxy({} as WebGL2RenderingContext, {
    get(_, name: string) {
      if (/^[A-Z]/.test(name)) return name;
      if (name === "getUniformLocation") return (_program: unknown, uniform: string) => uniform;
      return (...words: unknown[]) => {
        if (name !== "isContextLost") calls.push([name, ...words]);
        return answers[name]?.();
      };
    },
  });
  const heard = new Map<string, (event: unknown) => void>();
  let again = 0;
  const canvas = {
    width: 40,
    height: 30,
    getContext: () => context,
    addEventListener: (name: string, listen: () => void) => heard.set(name, listen),
    removeEventListener: (name: string, listen: () => void) => heard.get(name) === listen && heard.delete(name),
  };
  const renderer = webglRenderer(canvas as unknown as HTMLCanvasElement, () => again++)!;
  /** What was said since the last time, by these names. */
  const said = (...names: string[]) => {
    const found = calls.filter(([name]) => names.includes(name));
    calls.length = 0;
    return found;
  };
  return { renderer, canvas, gl, heard, said, calls, told: () => again };
}

const planeOf = (more: Partial<Plane> = {}): Plane =>
  ({ dtype: "int16", rows: 3, columns: 4, data: new Int16Array(12), ...more }) as unknown as Plane;
const placed = (plane: Plane, more: Partial<Placed> = {}): Placed => ({
  ...{ plane, left: 2, top: 5, width: 8, height: 6, isTransposed: false },
  ...more,
});
const contrast = { low: -1, high: 9, gamma: 1.5, isInverted: true };
const clip = { left: 0, top: 0, right: 40, bottom: 30 };

it("clears all of the canvas, then draws each plane where it lies, and nowhere else", () => {
  const { renderer, said } = recorded();
  renderer.draw({ planes: [placed(planeOf()), placed(planeOf(), { left: 36, isTransposed: true })], contrast, clip });
  expect(
    said("disable", "clear", "clearColor", "enable", "scissor", "drawArrays", "uniform2f", "uniform3f", "uniform1i", "uniform1f"),
  ).toEqual([
    ["clearColor", ...STAGE.map((part) => part / 255), 1],
    ["disable", "SCISSOR_TEST"],
    ["clear", "COLOR_BUFFER_BIT"],
    ["enable", "SCISSOR_TEST"],
    // from below, as WebGL counts: 30 − 5 − 6
    ["scissor", 2, 19, 8, 6],
    ["uniform2f", "corner", 2, 5],
    ["uniform2f", "perPixel", 4 / 8, 3 / 6],
    ["uniform1f", "canvasHeight", 30],
    ["uniform1i", "transposed", 0],
    ["uniform3f", "limits", -1, 9, 1.5],
    ["uniform1i", "inverted", 1],
    ["drawArrays", "TRIANGLES", 0, 3],
    ["scissor", 36, 19, 4, 6],
    ["uniform2f", "corner", 36, 5],
    ["uniform2f", "perPixel", 3 / 8, 4 / 6],
    ["uniform1f", "canvasHeight", 30],
    ["uniform1i", "transposed", 1],
    ["uniform3f", "limits", -1, 9, 1.5],
    ["uniform1i", "inverted", 1],
    ["drawArrays", "TRIANGLES", 0, 3],
  ]);
});

// formats and types of the sampled integers and floats: table 2 of the WebGL 2.0 and OpenGL ES 3.0 specifications
it.each([
  ["uint8", "R8UI", "RED_INTEGER", "UNSIGNED_BYTE"],
  ["int8", "R8I", "RED_INTEGER", "BYTE"],
  ["uint16", "R16UI", "RED_INTEGER", "UNSIGNED_SHORT"],
  ["int16", "R16I", "RED_INTEGER", "SHORT"],
  ["uint32", "R32UI", "RED_INTEGER", "UNSIGNED_INT"],
  ["int32", "R32I", "RED_INTEGER", "INT"],
  ["float16", "R16F", "RED", "HALF_FLOAT"],
  ["float32", "R32F", "RED", "FLOAT"],
] as const)("a plane of %s has a texture of its size and format, written once", (dtype, internal, format, type) => {
  const { renderer, said } = recorded();
  const plane = planeOf({ dtype });
  renderer.upload(plane);
  expect(said("texStorage2D", "texSubImage2D")).toEqual([
    ["texStorage2D", "TEXTURE_2D", 1, internal, 4, 3],
    ["texSubImage2D", "TEXTURE_2D", 0, 0, 0, 4, 3, format, type, plane.data],
  ]);
  renderer.upload(plane);
  renderer.draw({ planes: [placed(plane)], contrast, clip });
  expect(said("texStorage2D", "texSubImage2D", "bindTexture")).toEqual([["bindTexture", "TEXTURE_2D", "texture 1"]]);
});

it("keeps a bounded number of textures: the oldest is written anew where it fits, and given back where it does not", () => {
  const { renderer, said } = recorded();
  const planes = Array.from({ length: 100 }, () => planeOf());
  for (const plane of planes) renderer.upload(plane);
  const kept = said("createTexture").length;
  expect(kept).toBeGreaterThan(1);
  expect(kept).toBeLessThan(100);
  // the latest are there, the one before them is not
  for (const plane of planes.slice(-kept)) renderer.upload(plane);
  expect(said("texSubImage2D")).toEqual([]);
  renderer.upload(planes[100 - kept - 1]!);
  expect(said("texSubImage2D", "createTexture", "deleteTexture").map(([name]) => name)).toEqual(["texSubImage2D"]);
  for (const more of [{ rows: 5 }, { columns: 5 }, { dtype: "uint16" as const }]) {
    renderer.upload(planeOf(more));
    expect(said("createTexture", "deleteTexture").map(([name]) => name)).toEqual(["createTexture", "deleteTexture"]);
  }
});

it("makes everything anew after the context was lost, and hears nothing once it is disposed of", () => {
  const { renderer, gl, heard, said, told } = recorded();
  const plane = planeOf();
  renderer.draw({ planes: [placed(plane)], contrast, clip });
  expect(said("linkProgram", "createTexture")).toHaveLength(2);
  gl.isLost = true;
  let prevented = 0;
  heard.get("webglcontextlost")!({ preventDefault: () => prevented++ });
  renderer.draw({ planes: [placed(plane)], contrast, clip });
  renderer.upload(planeOf());
  expect([prevented, said("clear", "createTexture")]).toEqual([1, []]);
  gl.isLost = false;
  heard.get("webglcontextrestored")!({});
  expect(told()).toBe(1);
  renderer.draw({ planes: [placed(plane)], contrast, clip });
  expect(said("linkProgram", "createTexture")).toHaveLength(2);
  renderer.dispose();
  expect(heard.size).toBe(0);
  expect(
    said("deleteProgram", "deleteTexture")
      .map(([name]) => name)
      .sort(),
  ).toEqual(["deleteProgram", "deleteTexture"]);
});

it("gives the canvas its size only where that changes", () => {
  const { renderer, canvas } = recorded();
  const writes: string[] = [];
  const sizes = { width: 40, height: 30 };
  for (const name of ["width", "height"] as const)
    Object.defineProperty(canvas, name, {
      get: () => sizes[name],
      set: (value: number) => {
        sizes[name] = value;
        writes.push(name);
      },
    });
  renderer.resize(40, 30);
  expect(writes).toEqual([]);
  renderer.resize(40, 31);
  renderer.resize(41, 31);
  expect([writes, sizes]).toEqual([["width", "height", "width", "height"], { width: 41, height: 31 }]);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});
// names as drivers give them
it.each([
  ["ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)", false],
  ["llvmpipe (LLVM 15.0.7, 256 bits)", false],
  ["Microsoft Basic Render Driver", false],
  ["ANGLE (NVIDIA, NVIDIA GeForce RTX 3080 Direct3D11 vs_5_0 ps_5_0)", true],
  [undefined, false],
])("a driver is a graphics card, or a program: %s", async (driver, isFast) => {
  let asked = 0;
  const context = {
    getExtension: (name: string) => (name.includes("debug") ? { UNMASKED_RENDERER_WEBGL: 1 } : null),
    getParameter: () => driver,
  };
  vi.stubGlobal("document", {
    createElement: () => ({
      getContext() {
        asked++;
        return driver === undefined ? null : context;
      },
    }),
  });
  vi.resetModules();
  const { isWebglFast } = await import("./render.js");
  expect([isWebglFast(), isWebglFast(), asked]).toEqual([isFast, isFast, 1]);
});
