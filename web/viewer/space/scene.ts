import type { CameraAxes, Vector } from "./camera.js";
import type { Grid } from "./grid.js";
import * as shaders from "./shaders.js";

/** Where the voxels of a volume lie: Å from the middle of the volume that is looked at, x y z. */
export interface Ground {
  /** Edges of the volume. */
  readonly low: Vector;
  readonly high: Vector;
  /** Corner of the first voxel of the grid, and size of the grid: it may reach beyond the volume. */
  readonly first: Vector;
  readonly extent: Vector;
  /** Edges of a voxel of the grid. */
  readonly voxel: Vector;
}

/** A volume in the memory of the graphics card. */
export interface Volume {
  readonly grid: Grid;
  readonly ground: Ground;
  readonly texture: WebGLTexture;
  readonly bytes: number;
  write(section: number, voxels: Uint8Array): void;
  free(): void;
}

/** A volume, and its greys: the number of a byte times `gain` plus `offset`. */
export interface Drawn {
  readonly volume: Volume;
  readonly gain: number;
  readonly offset: number;
  readonly isDarkDense: boolean;
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** What is drawn beside the volume. */
export type Solid =
  | { readonly kind: "spheres" | "cones"; readonly buffer: WebGLBuffer; readonly count: number; readonly opacity: number }
  | {
      readonly kind: "triangles" | "lines";
      readonly buffer: WebGLBuffer;
      readonly indices: WebGLBuffer;
      readonly count: number;
      readonly colour: Rgb;
      readonly opacity: number;
    }
  | { readonly kind: "mask"; readonly drawn: Drawn; readonly colour: Rgb; readonly opacity: number };

export interface Cut {
  readonly corner: Vector;
  readonly across: Vector;
  readonly along: Vector;
  readonly colour: Rgb;
}

export interface Scene {
  readonly axes: CameraAxes;
  /** The point in the middle of the picture, Å from the middle of the volume. */
  readonly centre: Vector;
  /** Middle of the volume in the world. */
  readonly middle: Vector;
  /** Å a device pixel of the canvas. */
  readonly scale: number;
  /** Diagonal of the volume. */
  readonly reach: number;
  readonly mode: "max" | "mean" | "surface";
  /** Share of the window at which the surface lies, on the dense side. */
  readonly threshold: number;
  readonly drawn: Drawn | undefined;
  readonly gamma: number;
  readonly isInverted: boolean;
  readonly cuts: readonly Cut[];
  readonly solids: readonly Solid[];
}

/** Colour of the volume's surface: bone. */
const SURFACE_COLOUR: Rgb = [0.87, 0.83, 0.75];
/** Of what was 0 and 1 before it was evened out: a sheet of one voxel has a half in its middle then, a thread a quarter. */
const MASK_THRESHOLD = 0.22;
/** Beside a projection a plane lets some of it through. */
const CUT_OPACITY = 0.85;
const STAGE = [16 / 255, 18 / 255, 20 / 255] as const;
/** Numbers of a point: place, radius, colour, direction. */
export const POINT_FLOATS = 10;

type Name = "projection" | "surface" | "cut" | "spheres" | "cones" | "mesh" | "show";
const SOURCES: Readonly<Record<Name, readonly [vertex: string, fragment: string]>> = {
  projection: [shaders.SCREEN_VERTEX, shaders.PROJECTION],
  surface: [shaders.SCREEN_VERTEX, shaders.SURFACE],
  cut: [shaders.CUT_VERTEX, shaders.CUT],
  spheres: [shaders.SPHERE_VERTEX, shaders.SPHERE],
  cones: [shaders.CONE_VERTEX, shaders.LIT],
  mesh: [shaders.MESH_VERTEX, shaders.LIT],
  show: [shaders.SCREEN_VERTEX, shaders.SHOW],
};

/** Programs, buffers and textures of one context. After the context was lost, another is made. */
export class ScenePainter {
  readonly #programs = new Map<Name, Program>();
  readonly #target: ReturnType<typeof makeTarget>;

  constructor(private readonly gl: WebGL2RenderingContext) {
    this.#target = makeTarget(gl);
  }

  #programFor(name: Name): Program {
    const found = this.#programs.get(name) ?? linked(this.gl, ...SOURCES[name]);
    this.#programs.set(name, found);
    return found;
  }

  /** Sets what all programs have in common, and takes one into use. */
  #begin(name: Name, scene: Scene, [width, height]: readonly [number, number], scale: number): Program {
    const program = this.#programFor(name);
    // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's word, not React's
    this.gl.useProgram(program.program);
    const { right, down, forward } = scene.axes;
    for (const [uniform, value] of Object.entries({ right, down, forward, centre: scene.centre }))
      this.gl.uniform3f(program.at(uniform), ...value);
    this.gl.uniform2f(program.at("size"), width, height);
    this.gl.uniform1f(program.at("scale"), scale);
    this.gl.uniform1f(program.at("reach"), scene.reach);
    return program;
  }

  #bind(program: Program, { volume, gain, offset, isDarkDense }: Drawn, strides: number): void {
    const { ground, texture } = volume;
    this.gl.activeTexture(this.gl.TEXTURE0);
    this.gl.bindTexture(this.gl.TEXTURE_3D, texture);
    for (const name of ["low", "high", "first", "extent", "voxel"] as const) this.gl.uniform3f(program.at(name), ...ground[name]);
    this.gl.uniform2f(program.at("window"), gain, offset);
    this.gl.uniform1i(program.at("dark"), isDarkDense ? 1 : 0);
    this.gl.uniform1f(program.at("stride"), strides * Math.min(...ground.voxel));
  }

  #paintVolume(scene: Scene, size: readonly [number, number], scale: number, strides: number): void {
    if (!scene.drawn) return;
    const isSurface = scene.mode === "surface";
    const program = this.#begin(isSurface ? "surface" : "projection", scene, size, scale);
    this.#bind(program, scene.drawn, strides);
    if (isSurface) {
      this.gl.uniform1f(program.at("threshold"), scene.threshold);
      this.gl.uniform4f(program.at("base"), ...SURFACE_COLOUR, 1);
    } else {
      this.gl.disable(this.gl.DEPTH_TEST);
      this.gl.uniform1i(program.at("mean"), scene.mode === "mean" ? 1 : 0);
    }
    this.gl.drawArrays(this.gl.TRIANGLES, 0, 3);
    this.gl.enable(this.gl.DEPTH_TEST);
  }

  #paintCuts(scene: Scene, size: readonly [number, number], scale: number): void {
    if (!scene.drawn) return;
    const program = this.#begin("cut", scene, size, scale);
    this.#bind(program, { ...scene.drawn, isDarkDense: false }, 1);
    this.gl.uniform1f(program.at("gamma"), scene.gamma);
    this.gl.uniform1i(program.at("inverted"), scene.isInverted ? 1 : 0);
    for (const { corner, across, along, colour } of scene.cuts) {
      for (const [name, value] of Object.entries({ corner, across, along })) this.gl.uniform3f(program.at(name), ...value);
      this.gl.uniform4f(program.at("base"), ...colour, scene.mode === "surface" ? 1 : CUT_OPACITY);
      this.gl.drawArrays(this.gl.TRIANGLE_STRIP, 0, 4);
    }
  }

  #paintSolid(scene: Scene, solid: Solid, size: readonly [number, number], scale: number, strides: number): void {
    if (solid.kind === "mask") {
      const program = this.#begin("surface", scene, size, scale);
      this.#bind(program, solid.drawn, strides);
      this.gl.uniform1f(program.at("threshold"), MASK_THRESHOLD);
      this.gl.uniform4f(program.at("base"), ...solid.colour, solid.opacity);
      this.gl.drawArrays(this.gl.TRIANGLES, 0, 3);
      return;
    }
    const isPoints = solid.kind === "spheres" || solid.kind === "cones";
    const program = this.#begin(isPoints ? (solid.kind as Name) : "mesh", scene, size, scale);
    this.gl.bindBuffer(this.gl.ARRAY_BUFFER, solid.buffer);
    const sizes = isPoints ? [4, 3, 3] : [3, 3];
    const bytes = 4 * sizes.reduce((sum, count) => sum + count, 0);
    let from = 0;
    for (const [i, count] of sizes.entries()) {
      this.gl.enableVertexAttribArray(i);
      this.gl.vertexAttribPointer(i, count, this.gl.FLOAT, false, bytes, from);
      this.gl.vertexAttribDivisor(i, isPoints ? 1 : 0);
      from += 4 * count;
    }
    if (isPoints) {
      this.gl.uniform4f(program.at("base"), 0, 0, 0, solid.opacity);
      if (solid.kind === "spheres") this.gl.drawArraysInstanced(this.gl.TRIANGLE_STRIP, 0, 4, solid.count);
      else this.gl.drawArraysInstanced(this.gl.TRIANGLES, 0, 3 * shaders.CONE_SIDES, solid.count);
    } else if ("indices" in solid) {
      this.gl.uniform3f(program.at("middle"), ...scene.middle);
      this.gl.uniform4f(program.at("base"), ...solid.colour, solid.opacity);
      this.gl.bindBuffer(this.gl.ELEMENT_ARRAY_BUFFER, solid.indices);
      this.gl.drawElements(solid.kind === "lines" ? this.gl.LINES : this.gl.TRIANGLES, solid.count, this.gl.UNSIGNED_INT, 0);
    }
    for (let i = 0; i < sizes.length; i++) {
      this.gl.vertexAttribDivisor(i, 0);
      this.gl.disableVertexAttribArray(i);
    }
  }

  /**
   * Draws rows of the picture aside.
   *
   * @param part of the canvas's size that the picture has @param strides voxels between the samples of a ray @param rows from the bottom; undefined: all
   */
  paint(scene: Scene, part: number, strides: number, rows?: readonly [from: number, to: number]): void {
    const size = this.#target.resize(
      Math.max(Math.round(this.gl.canvas.width * part), 1),
      Math.max(Math.round(this.gl.canvas.height * part), 1),
    );
    const scale = (scene.scale * this.gl.canvas.width) / size[0];
    this.gl.bindFramebuffer(this.gl.FRAMEBUFFER, this.#target.framebuffer());
    this.gl.viewport(0, 0, ...size);
    this.gl.enable(this.gl.SCISSOR_TEST);
    this.gl.scissor(0, rows?.[0] ?? 0, size[0], (rows?.[1] ?? size[1]) - (rows?.[0] ?? 0));
    this.gl.clearColor(...STAGE, 1);
    this.gl.clearDepth(1);
    this.gl.enable(this.gl.DEPTH_TEST);
    this.gl.depthFunc(this.gl.LEQUAL);
    this.gl.clear(this.gl.COLOR_BUFFER_BIT | this.gl.DEPTH_BUFFER_BIT);
    this.gl.enable(this.gl.BLEND);
    this.gl.blendFuncSeparate(this.gl.SRC_ALPHA, this.gl.ONE_MINUS_SRC_ALPHA, this.gl.ONE, this.gl.ONE_MINUS_SRC_ALPHA);
    this.#paintVolume(scene, size, scale, strides);
    this.#paintCuts(scene, size, scale);
    // what is seen through comes after what is not
    for (const solid of [...scene.solids].sort((a, b) => b.opacity - a.opacity))
      this.#paintSolid(scene, solid, size, scale, strides);
    this.gl.disable(this.gl.BLEND);
    this.gl.disable(this.gl.DEPTH_TEST);
    this.gl.disable(this.gl.SCISSOR_TEST);
  }

  /** Waits until the card has done what it was told. */
  finish() {
    this.gl.bindFramebuffer(this.gl.FRAMEBUFFER, this.#target.framebuffer());
    this.gl.readPixels(0, 0, 1, 1, this.gl.RGBA, this.gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  /** Brings the picture to the canvas. */
  show() {
    const { width, height } = this.gl.canvas;
    this.gl.bindFramebuffer(this.gl.FRAMEBUFFER, null);
    this.gl.viewport(0, 0, width, height);
    const program = this.#programFor("show");
    // biome-ignore lint/correctness/useHookAtTopLevel: WebGL's word, not React's
    this.gl.useProgram(program.program);
    this.gl.activeTexture(this.gl.TEXTURE0);
    this.gl.bindTexture(this.gl.TEXTURE_2D, this.#target.texture());
    this.gl.uniform2f(program.at("size"), width, height);
    this.gl.drawArrays(this.gl.TRIANGLES, 0, 3);
  }

  free() {
    this.#target.free();
    for (const { program } of this.#programs.values()) this.gl.deleteProgram(program);
    this.#programs.clear();
  }
}

interface Program {
  readonly program: WebGLProgram;
  at(uniform: string): WebGLUniformLocation | null;
}

function linked(gl: WebGL2RenderingContext, vertex: string, fragment: string): Program {
  const program = gl.createProgram();
  const parts = [
    [gl.VERTEX_SHADER, vertex],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const;
  for (const [type, text] of parts) {
    const shader = gl.createShader(type)!;
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    // it goes with the program
    gl.deleteShader(shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) {
    const logs = gl.getAttachedShaders(program)!.map((shader) => gl.getShaderInfoLog(shader));
    throw new Error(`the shader does not link: ${gl.getProgramInfoLog(program)} ${logs.join(" ")}`);
  }
  const places = new Map<string, WebGLUniformLocation | null>();
  return {
    program,
    at(uniform) {
      if (!places.has(uniform)) places.set(uniform, gl.getUniformLocation(program, uniform));
      return places.get(uniform)!;
    },
  };
}

/** A picture aside, with depth. */
function makeTarget(gl: WebGL2RenderingContext) {
  let size: readonly [number, number] = [0, 0];
  let parts: { framebuffer: WebGLFramebuffer; texture: WebGLTexture; depth: WebGLRenderbuffer } | undefined;
  const free = () => {
    if (!parts) return;
    gl.deleteFramebuffer(parts.framebuffer);
    gl.deleteTexture(parts.texture);
    gl.deleteRenderbuffer(parts.depth);
    parts = undefined;
  };
  return {
    resize(width: number, height: number): readonly [number, number] {
      if (parts && size[0] === width && size[1] === height) return size;
      free();
      size = [width, height];
      const [texture, depth, framebuffer] = [gl.createTexture(), gl.createRenderbuffer(), gl.createFramebuffer()];
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, texture);
      gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, width, height);
      for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
      for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.LINEAR);
      gl.bindRenderbuffer(gl.RENDERBUFFER, depth);
      gl.renderbufferStorage(gl.RENDERBUFFER, gl.DEPTH_COMPONENT24, width, height);
      gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
      gl.framebufferTexture2D(gl.FRAMEBUFFER, gl.COLOR_ATTACHMENT0, gl.TEXTURE_2D, texture, 0);
      gl.framebufferRenderbuffer(gl.FRAMEBUFFER, gl.DEPTH_ATTACHMENT, gl.RENDERBUFFER, depth);
      parts = { framebuffer, texture, depth };
      return size;
    },
    framebuffer: () => parts?.framebuffer ?? null,
    texture: () => parts?.texture ?? null,
    free,
  };
}

/** Room for the voxels of a grid. */
export function makeVolume(gl: WebGL2RenderingContext, grid: Grid, ground: Ground): Volume {
  const [sections, rows, columns] = grid.shape;
  const texture = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0);
  gl.bindTexture(gl.TEXTURE_3D, texture);
  gl.texStorage3D(gl.TEXTURE_3D, 1, gl.R8, columns, rows, sections);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R])
    gl.texParameteri(gl.TEXTURE_3D, name, gl.CLAMP_TO_EDGE);
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_3D, name, gl.LINEAR);
  return {
    grid,
    ground,
    texture,
    bytes: sections * rows * columns,
    write(section, voxels) {
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_3D, texture);
      gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
      gl.texSubImage3D(gl.TEXTURE_3D, 0, 0, 0, section, columns, rows, 1, gl.RED, gl.UNSIGNED_BYTE, voxels);
    },
    free: () => gl.deleteTexture(texture),
  };
}

/** Most voxels along an axis of a volume. */
export const sideMaxOf = (gl: WebGL2RenderingContext): number => gl.getParameter(gl.MAX_3D_TEXTURE_SIZE) as number;

/** Numbers where programs find them. */
export function bufferOf(gl: WebGL2RenderingContext, data: Float32Array | Uint32Array, isIndex = false): WebGLBuffer {
  const buffer = gl.createBuffer();
  const kind = isIndex ? gl.ELEMENT_ARRAY_BUFFER : gl.ARRAY_BUFFER;
  gl.bindBuffer(kind, buffer);
  gl.bufferData(kind, data, gl.STATIC_DRAW);
  return buffer;
}
