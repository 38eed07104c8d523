import type { Contrast } from "./contrast.js";
import type { Plane } from "./planes.js";

/** A plane, and where it lies on the canvas in device pixels. */
export interface Placed {
  readonly plane: Plane;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** Rows of the plane run across. */
  readonly isTransposed: boolean;
}

export interface Frame {
  /** Later ones lie above earlier ones. */
  readonly planes: readonly Placed[];
  readonly contrast: Contrast;
  /** Edges of the volume: planes of coarse levels may reach beyond. */
  readonly clip: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number };
}

/** Draws planes on a canvas. Nothing else knows how. */
export interface Renderer {
  resize(width: number, height: number): void;
  /** Brings a plane to where it can be drawn from; `draw` does so by itself for those that were not. */
  upload(plane: Plane): void;
  draw(frame: Frame): void;
  dispose(): void;
}

/** Largest rectangle that is uploaded at once. */
const TILE = 512;
/** Textures that are kept: what is shown, what was, and one to write the next into. */
const TEXTURES = 3;
/** `stage` of the tokens. */
export const STAGE = [16, 18, 20] as const;

const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3.0 : -1.0, gl_VertexID == 2 ? 3.0 : -1.0, 0.0, 1.0);
}`;

/** `SAMPLER` is of floats, integers or unsigned integers. Means are taken where several voxels fall into a pixel; a voxel of several pixels stays sharp. */
const fragment = (sampler: string) => `#version 300 es
precision highp float;
precision highp int;
uniform highp ${sampler} plane;
uniform vec2 corner;
uniform vec2 perPixel;
uniform float canvasHeight;
uniform bool transposed;
uniform vec3 limits;
uniform bool inverted;
out vec4 colour;
float valueAt(vec2 at) {
  ivec2 size = textureSize(plane, 0);
  ivec2 texel = clamp(ivec2(floor(at)), ivec2(0), (transposed ? size.yx : size) - 1);
  return float(texelFetch(plane, transposed ? texel.yx : texel, 0).r);
}
void main() {
  vec2 pixel = vec2(gl_FragCoord.x, canvasHeight - gl_FragCoord.y) - corner;
  ivec2 taps = ivec2(clamp(ceil(perPixel - 0.01), 1.0, 6.0));
  float sum = 0.0;
  float count = 0.0;
  if (taps == ivec2(1)) {
    float value = valueAt(pixel * perPixel);
    if (!isnan(value)) {
      sum = value;
      count = 1.0;
    }
  } else {
    for (int j = 0; j < taps.y; j++) {
      for (int i = 0; i < taps.x; i++) {
        float value = valueAt((pixel - 0.5 + (vec2(i, j) + 0.5) / vec2(taps)) * perPixel);
        if (!isnan(value)) {
          sum += value;
          count += 1.0;
        }
      }
    }
  }
  float part = clamp((sum / max(count, 1.0) - limits.x) / (limits.y - limits.x), 0.0, 1.0);
  float grey = limits.z == 1.0 ? part : pow(part, 1.0 / limits.z);
  colour = vec4(vec3(count == 0.0 ? 0.0 : inverted ? 1.0 - grey : grey), 1.0);
}`;

type Kind = "sampler2D" | "isampler2D" | "usampler2D";

const UNIFORMS = ["corner", "perPixel", "canvasHeight", "transposed", "limits", "inverted"] as const;

interface Program {
  readonly program: WebGLProgram;
  readonly at: Readonly<Record<(typeof UNIFORMS)[number], WebGLUniformLocation | null>>;
}

interface Texture {
  readonly texture: WebGLTexture;
  readonly rows: number;
  readonly columns: number;
  readonly dtype: Plane["dtype"];
  plane: Plane | undefined;
}

/** Drivers of WebGL that are programs of the processor: of Chromium, of Mesa, of Windows. */
const IN_SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;
let isFast: boolean | undefined;

/** Whether WebGL is drawn by a graphics card. A driver of the processor draws the same, several times slower than `render-2d.ts` does. */
export function isWebglFast(): boolean {
  isFast ??= (() => {
    const gl = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
    if (!gl) return false;
    // not every browser says no by itself
    const name = gl.getExtension("WEBGL_debug_renderer_info")?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER;
    const driver = String(gl.getParameter(name));
    gl.getExtension("WEBGL_lose_context")?.loseContext();
    return !IN_SOFTWARE.test(driver);
  })();
  return isFast;
}

/** Sampler and format of the textures for each type of voxel. */
const formatsOf = (
  gl: WebGL2RenderingContext,
): Readonly<Record<Plane["dtype"], readonly [kind: Kind, internal: number, format: number, type: number]>> => ({
  uint8: ["usampler2D", gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE],
  int8: ["isampler2D", gl.R8I, gl.RED_INTEGER, gl.BYTE],
  uint16: ["usampler2D", gl.R16UI, gl.RED_INTEGER, gl.UNSIGNED_SHORT],
  int16: ["isampler2D", gl.R16I, gl.RED_INTEGER, gl.SHORT],
  uint32: ["usampler2D", gl.R32UI, gl.RED_INTEGER, gl.UNSIGNED_INT],
  int32: ["isampler2D", gl.R32I, gl.RED_INTEGER, gl.INT],
  float16: ["sampler2D", gl.R16F, gl.RED, gl.HALF_FLOAT],
  float32: ["sampler2D", gl.R32F, gl.RED, gl.FLOAT],
});

function linked(gl: WebGL2RenderingContext, kind: Kind): Program {
  const program = gl.createProgram();
  for (const [type, text] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, fragment(kind)],
  ] as const) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost())
    throw new Error(`the shader does not link: ${gl.getProgramInfoLog(program)}`);
  const at = Object.fromEntries(UNIFORMS.map((name) => [name, gl.getUniformLocation(program, name)])) as Program["at"];
  return { program, at };
}

/** Draws with WebGL2. A context that was lost is made anew, and `again` is called. Undefined where there is none. */
export function webglRenderer(canvas: HTMLCanvasElement, again: () => void): Renderer | undefined {
  const gl = canvas.getContext("webgl2", { alpha: false, antialias: false, depth: false, powerPreference: "low-power" });
  if (!gl) return undefined;
  const programs = new Map<Kind, Program>();
  const textures = planeTextures(gl);

  const lost = (event: Event) => event.preventDefault();
  const restored = () => {
    programs.clear();
    textures.forget();
    again();
  };
  canvas.addEventListener("webglcontextlost", lost);
  canvas.addEventListener("webglcontextrestored", restored);

  const programFor = (kind: Kind): Program => {
    const found = programs.get(kind) ?? linked(gl, kind);
    programs.set(kind, found);
    return found;
  };

  return {
    resize(width, height) {
      if (canvas.width === width && canvas.height === height) return;
      canvas.width = width;
      canvas.height = height;
    },
    upload: (plane) => void (gl.isContextLost() || textures.of(plane)),
    draw({ planes, contrast, clip }) {
      if (gl.isContextLost()) return;
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(STAGE[0] / 255, STAGE[1] / 255, STAGE[2] / 255, 1);
      gl.disable(gl.SCISSOR_TEST);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.enable(gl.SCISSOR_TEST);
      for (const placed of planes) {
        const program = programFor(formatsOf(gl)[placed.plane.dtype][0]);
        gl.bindTexture(gl.TEXTURE_2D, textures.of(placed.plane).texture);
        drawPlane(gl, canvas.height, program, placed, { contrast, clip });
      }
    },
    dispose() {
      canvas.removeEventListener("webglcontextlost", lost);
      canvas.removeEventListener("webglcontextrestored", restored);
      textures.dispose();
      for (const { program } of programs.values()) gl.deleteProgram(program);
    },
  };
}

/** Runs the shader over a plane. Its texture is bound. */
function drawPlane(
  gl: WebGL2RenderingContext,
  canvasHeight: number,
  { program, at }: Program,
  { plane, left, top, width, height, isTransposed }: Placed,
  { contrast, clip }: Pick<Frame, "contrast" | "clip">,
): void {
  // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's word, not React's
  gl.useProgram(program);
  const [across, down] = isTransposed ? [plane.rows, plane.columns] : [plane.columns, plane.rows];
  // pixels whose middle is within the plane and the volume: the shader runs for no others
  const [x0, x1] = [Math.max(left, clip.left), Math.min(left + width, clip.right)].map((edge) => Math.ceil(edge - 0.5));
  const [y0, y1] = [Math.max(top, clip.top), Math.min(top + height, clip.bottom)].map((edge) => Math.ceil(edge - 0.5));
  gl.scissor(x0!, canvasHeight - y1!, Math.max(x1! - x0!, 0), Math.max(y1! - y0!, 0));
  gl.uniform2f(at.corner, left, top);
  gl.uniform2f(at.perPixel, across / width, down / height);
  gl.uniform1f(at.canvasHeight, canvasHeight);
  gl.uniform1i(at.transposed, isTransposed ? 1 : 0);
  gl.uniform3f(at.limits, contrast.low, contrast.high, contrast.gamma);
  gl.uniform1i(at.inverted, contrast.isInverted ? 1 : 0);
  gl.drawArrays(gl.TRIANGLES, 0, 3);
}

/** Textures of the planes that were drawn lately. */
function planeTextures(gl: WebGL2RenderingContext) {
  /** The latest used one at the end. */
  let textures: Texture[] = [];

  function of(plane: Plane): Texture {
    const there = textures.find((one) => one.plane === plane);
    const fits = (one: Texture) => one.rows === plane.rows && one.columns === plane.columns && one.dtype === plane.dtype;
    const found = there ?? (textures.length >= TEXTURES && fits(textures[0]!) ? textures[0]! : made(plane));
    textures = [...textures.filter((one) => one !== found), found];
    while (textures.length > TEXTURES) gl.deleteTexture(textures.shift()!.texture);
    if (found.plane !== plane) write(found, plane);
    return found;
  }

  function made({ rows, columns, dtype }: Plane): Texture {
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texStorage2D(gl.TEXTURE_2D, 1, formatsOf(gl)[dtype][1], columns, rows);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    return { texture, rows, columns, dtype, plane: undefined };
  }

  function write(into: Texture, plane: Plane): void {
    const { rows, columns, dtype, data } = plane;
    const [, , format, type] = formatsOf(gl)[dtype];
    gl.bindTexture(gl.TEXTURE_2D, into.texture);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, columns);
    for (let top = 0; top < rows; top += TILE) {
      for (let left = 0; left < columns; left += TILE) {
        gl.pixelStorei(gl.UNPACK_SKIP_ROWS, top);
        gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, left);
        const [width, height] = [Math.min(TILE, columns - left), Math.min(TILE, rows - top)];
        gl.texSubImage2D(gl.TEXTURE_2D, 0, left, top, width, height, format, type, data);
      }
    }
    into.plane = plane;
  }

  return {
    of,
    /** After the context was lost: they went with it. */
    forget() {
      textures = [];
    },
    dispose() {
      for (const { texture } of textures) gl.deleteTexture(texture);
    },
  };
}
