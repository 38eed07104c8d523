import { Document, GLB_BUFFER, Logger, type Mesh, type Node, WebIO } from "@gltf-transform/core";
import type { RandomAccess, ReadOptions } from "../../core/bytes.js";
import { counted } from "../../core/units.js";
import { openGlb } from "./glb-json.js";
import { asTriangles, type MeshPart, meshError, withTriangles } from "./mesh.js";
import { readWhole } from "./whole-file.js";

/** Column-major 4×4, as glTF has it. */
type Matrix = ArrayLike<number>;
/** Modes of a primitive; 5 is a strip, and those below 4 are points and lines. */
const TRIANGLES = 4;
const TRIANGLE_FAN = 6;
const IDENTITY: Matrix = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

/**
 * The surfaces of a binary glTF 2.0: one part for each primitive of each node of the default scene (of the first, where none is
 * named), with the transforms of its nodes applied; a mirroring one turns the triangles round. A part has the name of its mesh,
 * or else of its node. Colours, normals, textures, skins and animations are skipped.
 *
 * @throws {EmporiumError} FORMAT_UNSUPPORTED for primitives of points or lines, and what {@link openGlb} refuses; FORMAT_FIELD,
 *   FORMAT_TRUNCATED, FORMAT_UNKNOWN, FORMAT_LIMIT.
 */
export async function readGlb(source: RandomAccess, options?: ReadOptions): Promise<MeshPart[]> {
  return parseGlb(await readWhole(source, options), source.name);
}

export async function parseGlb(bytes: Uint8Array, name: string): Promise<MeshPart[]> {
  const { json, binary } = openGlb(bytes, name);
  let document: Document;
  try {
    document = await quietIo().readJSON({ json, resources: { [GLB_BUFFER]: binary } });
  } catch (cause) {
    throw meshError("FORMAT_FIELD", name, {}, `not a glTF that can be read: ${(cause as Error).message}`);
  }
  const root = document.getRoot();
  const parts: MeshPart[] = [];
  const scene = root.getDefaultScene() ?? root.listScenes()[0];
  const tops = scene ? scene.listChildren() : root.listNodes().filter((node) => node.getParentNode() === null);
  const open: { node: Node; matrix: Matrix }[] = tops.map((node) => ({ node, matrix: node.getMatrix() })).reverse();
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, matrix } = next;
    const mesh = node.getMesh();
    if (mesh) parts.push(...partsOf(mesh, mesh.getName() || node.getName(), matrix, name));
    for (const child of node.listChildren().reverse()) open.push({ node: child, matrix: multiply(matrix, child.getMatrix()) });
  }
  // a file may hold meshes alone
  if (root.listNodes().length === 0)
    for (const mesh of root.listMeshes()) parts.push(...partsOf(mesh, mesh.getName(), IDENTITY, name));
  return withTriangles(parts, name);
}

/**
 * Parts as a binary glTF 2.0, each with a node, mesh and primitive of float32 positions and uint32 indices. Deterministic. Parts
 * without a name become `geometry_0` and so on; a repeated name gets `_1`, since some readers identify parts by name.
 *
 * @throws {EmporiumError} FORMAT_FIELD for a coordinate outside of float32.
 */
export async function writeGlb(parts: readonly MeshPart[]): Promise<Uint8Array> {
  const document = new Document().setLogger(new Logger(Logger.Verbosity.SILENT));
  const root = document.getRoot();
  root.getAsset().generator = "emporium"; // the library would write its version
  const buffer = document.createBuffer();
  const scene = document.createScene();
  root.setDefaultScene(scene);
  for (const { name, positions, triangles } of uniquelyNamed(parts)) {
    const floats = Float32Array.from(positions);
    const odd = floats.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0) {
      const message = `vertex ${Math.floor(odd / 3)} is at ${positions[odd]}, glTF holds numbers to 3.4e38`;
      throw meshError("FORMAT_FIELD", name, {}, message);
    }
    const primitive = document
      .createPrimitive()
      .setMode(TRIANGLES)
      .setAttribute("POSITION", document.createAccessor().setBuffer(buffer).setType("VEC3").setArray(floats))
      .setIndices(document.createAccessor().setBuffer(buffer).setType("SCALAR").setArray(Uint32Array.from(triangles)));
    scene.addChild(document.createNode(name).setMesh(document.createMesh(name).addPrimitive(primitive)));
  }
  return quietIo().writeBinary(document);
}

/** Without warnings on the console about optional extensions. */
function quietIo(): WebIO {
  return new WebIO().setLogger(new Logger(Logger.Verbosity.SILENT));
}

function uniquelyNamed(parts: readonly MeshPart[]): MeshPart[] {
  const taken = new Set<string>();
  return parts.map((part, at) => {
    const wanted = part.name || `geometry_${at}`;
    let name = wanted;
    for (let again = 1; taken.has(name); again++) name = `${wanted}_${again}`;
    taken.add(name);
    return { ...part, name };
  });
}

function partsOf(mesh: Mesh, name: string, matrix: Matrix, file: string): MeshPart[] {
  return mesh.listPrimitives().map((primitive) => {
    const mode = primitive.getMode();
    if (mode < TRIANGLES) {
      const message = `mesh ${JSON.stringify(name)} of points or lines (mode ${mode}), triangles are read`;
      throw meshError("FORMAT_UNSUPPORTED", file, {}, message);
    }
    const accessor = primitive.getAttribute("POSITION");
    if (accessor && accessor.getElementSize() !== 3) {
      const message = `positions of mesh ${JSON.stringify(name)} of ${counted(accessor.getElementSize(), "number")}; expected three`;
      throw meshError("FORMAT_FIELD", file, {}, message);
    }
    const count = accessor?.getCount() ?? 0;
    const positions = new Float64Array(count * 3);
    const point = [0, 0, 0];
    for (let vertex = 0; vertex < count; vertex++) {
      accessor!.getElement(vertex, point);
      const [x, y, z] = point as [number, number, number];
      for (let axis = 0; axis < 3; axis++) {
        const value = matrix[axis]! * x + matrix[4 + axis]! * y + matrix[8 + axis]! * z + matrix[12 + axis]!;
        if (!Number.isFinite(value))
          throw meshError("FORMAT_FIELD", file, {}, `vertex ${vertex} of mesh ${JSON.stringify(name)} is at ${value}`);
        positions[vertex * 3 + axis] = value;
      }
    }
    const indices = primitive.getIndices();
    const numbers = indices ? (indices.getArray() ?? []) : Uint32Array.from({ length: count }, (_, at) => at);
    const corners = asTriangles(numbers, count, file, (at) => ({ path: `${name} index ${at}` }));
    return { name, positions, triangles: oriented(expanded(corners, mode, name, file), matrix) };
  });
}

/** The triangles of a list, strip or fan. */
function expanded(corners: Uint32Array, mode: number, name: string, file: string): Uint32Array {
  if (mode === TRIANGLES) {
    if (corners.length % 3 === 0) return corners;
    const message = `${corners.length} indices of mesh ${JSON.stringify(name)}; expected three for each triangle`;
    throw meshError("FORMAT_FIELD", file, {}, message);
  }
  const count = Math.max(0, corners.length - 2);
  const triangles = new Uint32Array(count * 3);
  for (let at = 0; at < count; at++) {
    const fan = mode === TRIANGLE_FAN;
    const turned = !fan && at % 2 === 1;
    triangles[at * 3] = corners[fan ? 0 : at]!;
    triangles[at * 3 + 1] = corners[turned ? at + 2 : at + 1]!;
    triangles[at * 3 + 2] = corners[turned ? at + 1 : at + 2]!;
  }
  return triangles;
}

function oriented(triangles: Uint32Array, m: Matrix): Uint32Array {
  const determinant =
    m[0]! * (m[5]! * m[10]! - m[9]! * m[6]!) - m[4]! * (m[1]! * m[10]! - m[9]! * m[2]!) + m[8]! * (m[1]! * m[6]! - m[5]! * m[2]!);
  if (determinant >= 0) return triangles;
  const turned = triangles.slice();
  for (let at = 0; at < turned.length; at += 3) {
    turned[at + 1] = triangles[at + 2]!;
    turned[at + 2] = triangles[at + 1]!;
  }
  return turned;
}

function multiply(a: Matrix, b: Matrix): Matrix {
  const product = new Float64Array(16);
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      let sum = 0;
      for (let at = 0; at < 4; at++) sum += a[at * 4 + row]! * b[column * 4 + at]!;
      product[column * 4 + row] = sum;
    }
  }
  return product;
}
