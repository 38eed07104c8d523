import type { GLTF, mat4, vec3, vec4 } from "@gltf-transform/core";
import { counted } from "../../core/units.js";
import { meshError } from "./mesh.js";

const MAGIC = 0x46546c67; // "glTF"
const JSON_CHUNK = 0x4e4f534a;
const BINARY_CHUNK = 0x004e4942;
const HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;

/** Bytes of one number of an accessor, by glTF's component type. */
const COMPONENT_BYTES: Record<number, number> = { 5120: 1, 5121: 1, 5122: 2, 5123: 2, 5125: 4, 5126: 4 };
const COMPONENTS: Record<string, number> = { SCALAR: 1, VEC2: 2, VEC3: 3, VEC4: 4, MAT2: 4, MAT3: 9, MAT4: 16 };
/**
 * Required extensions that are accepted. `KHR_mesh_quantization` only allows more component types, which every accessor states
 * anyway.
 */
const HARMLESS_EXTENSIONS = new Set(["KHR_mesh_quantization"]);

type Json = { [key: string]: unknown };

/** The parts of a binary glTF that make a surface, ready for a reader that trusts what it reads. */
export interface SafeGltf {
  json: GLTF.IGLTF;
  /** The binary chunk, in a buffer of its own; empty where there is none. */
  binary: Uint8Array<ArrayBuffer>;
}

/**
 * Parses a `.glb`, and keeps scenes, nodes, meshes and the accessors of positions and indices. Every number is checked:
 * references exist, ranges lie in the file, nodes are trees. Materials, images, animations and skins are dropped.
 *
 * @throws {EmporiumError} FORMAT_UNKNOWN, FORMAT_TRUNCATED with the byte; FORMAT_FIELD with the path in the JSON;
 *   FORMAT_UNSUPPORTED for required extensions (compressed meshes), sparse accessors and buffers in other files.
 * Source: Khronos, "glTF 2.0 Specification", 4 and 5.
 */
export function openGlb(bytes: Uint8Array, name: string): SafeGltf {
  const { text, binary } = chunksOf(bytes, name);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw meshError(
      "FORMAT_FIELD",
      name,
      { byte: HEADER_BYTES + CHUNK_HEADER_BYTES },
      `the JSON cannot be parsed: ${(cause as Error).message.slice(0, 200)}`,
    );
  }
  return { json: checkGltf({ name, binaryBytes: binary.length }, json), binary };
}

function chunksOf(bytes: Uint8Array, name: string): { text: string; binary: Uint8Array<ArrayBuffer> } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const cut = (byte: number, message: string) =>
    meshError("FORMAT_TRUNCATED", name, { byte }, message, "copy the file again: it was cut short");
  if (bytes.length < 4 || view.getUint32(0, true) !== MAGIC) {
    const message = 'does not begin with "glTF"';
    throw meshError("FORMAT_UNKNOWN", name, { byte: 0 }, message, "write a binary glTF 2.0 (.glb), not the .gltf text");
  }
  if (bytes.length < HEADER_BYTES + CHUNK_HEADER_BYTES)
    throw cut(bytes.length, `${counted(bytes.length, "byte")}, a binary glTF has 20 and more`);
  const version = view.getUint32(4, true);
  if (version !== 2)
    throw meshError("FORMAT_UNSUPPORTED", name, { byte: 4 }, `binary glTF of version ${version}, version 2 is read`);
  const length = view.getUint32(8, true);
  if (length > bytes.length) throw cut(8, `${counted(length, "byte")} by its header, this file has ${bytes.length}`);
  let text: string | undefined;
  let binary = new Uint8Array(0);
  for (let at = HEADER_BYTES; at + CHUNK_HEADER_BYTES <= length; ) {
    const size = view.getUint32(at, true);
    const kind = view.getUint32(at + 4, true);
    const start = at + CHUNK_HEADER_BYTES;
    if (size > length - start) throw cut(at, `a chunk of ${counted(size, "byte")}, ${length - start} are left`);
    if (text === undefined && kind !== JSON_CHUNK)
      throw meshError("FORMAT_FIELD", name, { byte: at + 4 }, "the first chunk is not JSON");
    if (text === undefined) text = new TextDecoder().decode(bytes.subarray(start, start + size));
    else if (kind === BINARY_CHUNK && binary.length === 0) binary = bytes.slice(start, start + size);
    at = start + size;
  }
  if (text === undefined) throw cut(HEADER_BYTES, "no JSON chunk");
  return { text, binary };
}

/** Name of the file for errors, and bytes of its binary chunk, which every check needs. */
interface Glb {
  name: string;
  binaryBytes: number;
}

function checkGltf(glb: Glb, json: unknown): GLTF.IGLTF {
  const root = asObject(glb, json, "");
  const version = asObject(glb, root.asset, "asset").version;
  if (version !== "2.0") throw unsupported(glb, "asset.version", `glTF of version ${JSON.stringify(version)}, "2.0" is read`);
  for (const [at, extension] of asList(glb, root.extensionsRequired, "extensionsRequired").entries()) {
    if (!HARMLESS_EXTENSIONS.has(String(extension)))
      throw unsupported(
        glb,
        `extensionsRequired.${at}`,
        `needs the extension ${JSON.stringify(extension)}, a plain mesh is read`,
      );
  }
  const buffers = asList(glb, root.buffers, "buffers").map((item, at) => checkBuffer(glb, item, `buffers.${at}`));
  const views = asList(glb, root.bufferViews, "bufferViews").map((item, at) =>
    checkView(glb, item, buffers, `bufferViews.${at}`),
  );
  const used = new Set<number>();
  const accessorDefs = asList(glb, root.accessors, "accessors");
  const meshes = asList(glb, root.meshes, "meshes").map((item, at) =>
    checkMesh(glb, item, accessorDefs.length, used, `meshes.${at}`),
  );
  // the others stay in their places, for indices, as one number each
  const accessors = accessorDefs.map((item, at) =>
    used.has(at)
      ? checkAccessor(glb, item, views, `accessors.${at}`)
      : { componentType: 5121 as const, count: 0, type: "SCALAR" as const },
  );
  const nodes = asList(glb, root.nodes, "nodes").map((item, at, all) =>
    checkNode(glb, item, all.length, meshes.length, `nodes.${at}`),
  );
  checkTrees(glb, nodes);
  const scenes = asList(glb, root.scenes, "scenes").map((item, at) => {
    const scene = asObject(glb, item, `scenes.${at}`);
    return {
      nodes: asList(glb, scene.nodes, `scenes.${at}.nodes`).map((node, n) =>
        asIndex(glb, node, nodes.length, `scenes.${at}.nodes.${n}`),
      ),
    };
  });
  const scene = root.scene === undefined ? {} : { scene: asIndex(glb, root.scene, scenes.length, "scene") };
  return { asset: { version }, buffers, bufferViews: views, accessors, meshes, nodes, scenes, ...scene };
}

function checkBuffer(glb: Glb, item: unknown, path: string): GLTF.IBuffer {
  const { uri, byteLength } = asObject(glb, item, path);
  if (uri !== undefined || path !== "buffers.0") throw unsupported(glb, path, "a buffer outside the file, one within is read");
  return { byteLength: asIndex(glb, byteLength, glb.binaryBytes + 1, `${path}.byteLength`) };
}

function checkView(glb: Glb, item: unknown, buffers: GLTF.IBuffer[], path: string): GLTF.IBufferView {
  const { buffer, byteOffset = 0, byteLength, byteStride } = asObject(glb, item, path);
  const owner = asIndex(glb, buffer, buffers.length, `${path}.buffer`);
  const offset = asIndex(glb, byteOffset, glb.binaryBytes + 1, `${path}.byteOffset`);
  const length = asIndex(glb, byteLength, glb.binaryBytes - offset + 1, `${path}.byteLength`);
  const stride = byteStride === undefined ? {} : { byteStride: asIndex(glb, byteStride, 253, `${path}.byteStride`) };
  return { buffer: owner, byteOffset: offset, byteLength: length, ...stride };
}

function checkAccessor(glb: Glb, item: unknown, views: GLTF.IBufferView[], path: string): GLTF.IAccessor {
  const { bufferView, byteOffset = 0, componentType, normalized, count, type, sparse } = asObject(glb, item, path);
  if (sparse !== undefined || bufferView === undefined)
    throw unsupported(glb, path, "a sparse or empty accessor, a full one is read");
  const view = views[asIndex(glb, bufferView, views.length, `${path}.bufferView`)]!;
  const bytes = COMPONENT_BYTES[componentType as number];
  if (bytes === undefined) throw badField(glb, `${path}.componentType`, componentType, "5120 to 5126");
  const components = Object.hasOwn(COMPONENTS, String(type)) ? COMPONENTS[type as string]! : undefined;
  if (components === undefined) throw badField(glb, `${path}.type`, type, "SCALAR to MAT4");
  const offset = asIndex(glb, byteOffset, view.byteLength + 1, `${path}.byteOffset`);
  const size = bytes * components;
  const stride = view.byteStride ?? size;
  const room = view.byteLength - offset;
  const most = stride < size || room < size ? 0 : Math.floor((room - size) / stride) + 1;
  const checked = asIndex(glb, count, most + 1, `${path}.count`);
  if (((view.byteOffset ?? 0) + offset) % bytes !== 0)
    throw badField(glb, `${path}.byteOffset`, byteOffset, `a multiple of ${bytes} in the buffer`);
  return {
    bufferView: bufferView as number,
    byteOffset: offset,
    componentType: componentType as GLTF.AccessorComponentType,
    normalized: normalized === true,
    count: checked,
    type: type as GLTF.AccessorType,
  };
}

function checkMesh(glb: Glb, item: unknown, accessors: number, used: Set<number>, path: string): GLTF.IMesh {
  const { name, primitives } = asObject(glb, item, path);
  const checked = asList(glb, primitives, `${path}.primitives`).map((each, at) => {
    const where = `${path}.primitives.${at}`;
    const { attributes, indices, mode = 4 } = asObject(glb, each, where);
    const { POSITION } = asObject(glb, attributes, `${where}.attributes`);
    const primitive: GLTF.IMeshPrimitive = {
      attributes: {},
      mode: asIndex(glb, mode, 7, `${where}.mode`) as GLTF.MeshPrimitiveMode,
    };
    if (POSITION !== undefined) primitive.attributes.POSITION = asIndex(glb, POSITION, accessors, `${where}.attributes.POSITION`);
    if (indices !== undefined) primitive.indices = asIndex(glb, indices, accessors, `${where}.indices`);
    for (const accessor of [primitive.attributes.POSITION, primitive.indices]) if (accessor !== undefined) used.add(accessor);
    return primitive;
  });
  return { ...named(name), primitives: checked };
}

function checkNode(glb: Glb, item: unknown, nodes: number, meshes: number, path: string): GLTF.INode {
  const { name, mesh, children, matrix, translation, rotation, scale } = asObject(glb, item, path);
  const node: GLTF.INode = { ...named(name) };
  if (mesh !== undefined) node.mesh = asIndex(glb, mesh, meshes, `${path}.mesh`);
  if (children !== undefined)
    node.children = asList(glb, children, `${path}.children`).map((child, at) =>
      asIndex(glb, child, nodes, `${path}.children.${at}`),
    );
  if (matrix !== undefined) node.matrix = asNumbers(glb, matrix, 16, `${path}.matrix`);
  if (translation !== undefined) node.translation = asNumbers(glb, translation, 3, `${path}.translation`);
  if (rotation !== undefined) node.rotation = asNumbers(glb, rotation, 4, `${path}.rotation`);
  if (scale !== undefined) node.scale = asNumbers(glb, scale, 3, `${path}.scale`);
  return node;
}

/** Each node hangs on one other at most, and none on itself. */
function checkTrees(glb: Glb, nodes: GLTF.INode[]): void {
  const parent = new Map<number, number>();
  for (const [at, { children = [] }] of nodes.entries()) {
    for (const child of children) {
      if (parent.has(child)) throw badField(glb, `nodes.${at}.children`, child, "a node that no other node has");
      parent.set(child, at);
    }
  }
  const free = new Set(nodes.keys());
  const open = [...free].filter((node) => !parent.has(node));
  for (let node = open.pop(); node !== undefined; node = open.pop()) {
    free.delete(node);
    for (const child of nodes[node]!.children ?? []) open.push(child);
  }
  const [looped] = free;
  if (looped !== undefined) throw badField(glb, `nodes.${looped}`, looped, "a node that is not below itself");
}

function named(name: unknown): { name?: string } {
  return typeof name === "string" ? { name } : {};
}

function asObject(glb: Glb, value: unknown, path: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw badField(glb, path, value, "an object");
  return value as Json;
}

function asList(glb: Glb, value: unknown, path: string): unknown[] {
  if (value !== undefined && !Array.isArray(value)) throw badField(glb, path, value, "a list");
  return value ?? [];
}

function asIndex(glb: Glb, value: unknown, below: number, path: string): number {
  if (!(Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) < below)) {
    const wanted = below > 0 ? `a whole number from 0 to ${below - 1}` : "none, for there is nothing to point at";
    throw badField(glb, path, value, wanted);
  }
  return value as number;
}

function asNumbers<List extends vec3 | vec4 | mat4>(glb: Glb, value: unknown, length: number, path: string): List {
  if (!Array.isArray(value) || value.length !== length || !value.every((item) => typeof item === "number"))
    throw badField(glb, path, value, `${counted(length, "number")}`);
  return value as unknown as List;
}

function badField(glb: Glb, path: string, found: unknown, wanted: string) {
  const shown = found === undefined ? "missing" : (JSON.stringify(found)?.slice(0, 60) ?? String(found));
  return meshError("FORMAT_FIELD", glb.name, { path }, `${path || "its JSON"} is ${shown}; expected ${wanted}`);
}

function unsupported(glb: Glb, path: string, message: string) {
  return meshError("FORMAT_UNSUPPORTED", glb.name, { path }, message, "write the mesh without compression, all in one .glb");
}
