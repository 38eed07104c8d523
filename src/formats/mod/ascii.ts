import type { ModChunk, ModDocument } from "./document.js";
import {
  contourValue,
  DEFAULT_MATERIAL,
  decodeClips,
  decodeMaterial,
  decodeStore,
  decodeView,
  fixedClips,
  type ModClips,
  type ModMaterial,
  type ModStored,
  type ModView,
  pointValues,
  valueRange,
} from "./drawing.js";
import { FLIPPED_BIT, IMAGE_ORIGIN_BIT, MATERIAL_AS_BYTES_BIT, SEVERAL_CLIPS_BIT, TILT_VALID_BIT } from "./heads.js";
import type { ModContour, ModHeader, ModImage, ModMesh, ModObject, ModSlicerAngles } from "./model.js";

/**
 * The text form of a model, version 2.0, line for line as `imodinfo -a` of IMOD 4.8 prints it and IMOD reads it; numbers have six digits
 * (`%g`). Control characters of names are blanks.
 *
 * Source: https://bio3d.colorado.edu/imod/doc/asciispec.html; golden: test/golden/mod/imodinfo.
 */
export function modAscii(document: ModDocument): string {
  const { header } = document;
  const model = drawnModel(document);
  return [
    "# imod ascii file version 2.0",
    "",
    `imod ${header.objectCount}`,
    ...headerLines(header),
    ...(model.image ? imageLines(model.image, header.flags) : []),
    ...model.slicers.map((slicer) => `slicerAngle ${slicer.time} ${slicerNumbers(slicer)} ${oneLine(slicer.label)}`),
    `currentview  ${model.currentView}`,
    ...model.views.flatMap(({ view, clips }, at) => [...viewLines(view, at + 1), ...clipLines("globalclips", clips)]),
    ...model.objects.flatMap(objectLines),
    "# end of IMOD model",
    "",
  ].join("\n");
}

function headerLines(header: ModHeader): string[] {
  return [
    `max ${header.max.join(" ")}`,
    `offsets ${three(header.offset)}`,
    `angles ${three(header.angles)}`,
    `scale ${three(header.scale)}`,
    `mousemode  ${header.mouseMode}`,
    `drawmode   ${header.drawMode}`,
    `b&w_level  ${header.blackLevel},${header.whiteLevel}`,
    `resolution ${header.resolution}`,
    `threshold  ${header.threshold}`,
    `pixsize    ${general(header.pixelSize)}`,
    `units      ${UNITS.get(header.units) ?? "unknown units"}`,
    `flipped    ${header.flags & FLIPPED_BIT ? 1 : 0}`,
  ];
}

function imageLines({ scale, translation, rotation, oldTranslation }: ModImage, flags: number): string[] {
  return [
    `refcurscale ${three(scale)}`,
    `refcurtrans ${three(translation)}`,
    // without these bits what is stored is whatever was in memory
    ...(flags & TILT_VALID_BIT ? [`refcurrot ${three(rotation)}`] : []),
    ...(flags & IMAGE_ORIGIN_BIT ? [`refoldtrans ${three(oldTranslation)}`] : []),
  ];
}

function viewLines(view: ModView, at: number): string[] {
  return [
    `view ${at}`,
    `viewfovy  ${general(view.fieldOfView)}`,
    `viewcnear ${general(view.near)}`,
    `viewcfar  ${general(view.far)}`,
    `viewflags ${view.flags}`,
    `viewtrans ${three(view.translation)}`,
    `viewrot ${three(view.rotation)}`,
    `viewlight ${three(view.light)}`,
    `depthcue ${three(view.depthCue)}`,
    `viewlabel ${oneLine(view.label)}`,
  ];
}

function clipLines(name: string, clips: ModClips | undefined): string[] {
  if (!clips || clips.count === 0) return [];
  const { count, flags, transparency, current, planes } = clips;
  return [
    `${name} ${count} ${flags} ${transparency} ${current}`,
    ...planes.slice(0, count).map(({ normal, point }) => `${three(normal)} ${three(point)}`),
  ];
}

/** Words for bits of an object's flags, in the order in which IMOD writes them. */
const FLAG_WORDS: readonly (readonly [bit: number, word: string])[] = [
  [3, "open"],
  [9, "scattered"],
  [1, "nodraw"],
  [5, "insideout"],
  [8, "fill"],
  [10, "drawmesh"],
  [11, "nolines"],
  [19, "bothsides"],
  [14, "usefill"],
  [6, "pntusefill"],
  [7, "pntonsec"],
  [15, "antialias"],
  [18, "hastimes"],
  [12, "usevalue"],
  [17, "valcolor"],
];

function objectLines({ head, surfaces, material, clips, store, contours, meshes }: DrawnObject, at: number): string[] {
  const range = valueRange(store);
  return [
    "",
    `object ${at} ${contours.length} ${meshes.length}`,
    `name ${oneLine(head.name)}`,
    `color ${three(head.color)} ${head.transparency}`,
    ...(material.fill.some((value) => value !== 0) ? [`Fillcolor ${material.fill.join(" ")}`] : []),
    ...FLAG_WORDS.flatMap(([bit, word]) => (head.flags & (1 << bit) ? [word] : [])),
    `linewidth ${head.lineWidth}`,
    `surfsize  ${surfaces}`,
    `pointsize ${head.pointSize}`,
    `axis      ${head.axis}`,
    `drawmode  ${head.drawMode}`,
    // IMOD takes 0 for what no program had set
    `width2D   ${head.lineWidth2d || 1}`,
    `symbol    ${head.symbol}`,
    `symsize   ${head.symbolSize || 3}`,
    `symflags  ${head.symbolFlags}`,
    `ambient   ${material.ambient}`,
    `diffuse   ${material.diffuse}`,
    `specular  ${material.specular}`,
    `shininess ${material.shininess}`,
    `obquality ${material.quality}`,
    `valblack  ${material.valueBlack}`,
    `valwhite  ${material.valueWhite}`,
    `matflags2 ${material.valueFlags}`,
    ...clipLines("objclips", clips),
    ...(range ? [`valminmax ${three(range)}`] : []),
    ...contours.flatMap((contour, i) => contourLines(contour, i, contourValue(store, i))),
    ...meshes.flatMap(meshLines),
  ];
}

function contourLines({ head, xyz, sizes, store }: DrawnContour, at: number, value: number | undefined): string[] {
  const values = pointValues(store, xyz.length / 3);
  const own = (point: number): string => {
    const size = sizes?.[point];
    const stored = size !== undefined && size >= 0 ? size : undefined;
    if (values[point] !== undefined) return ` ${general(stored ?? -1)} ${general(values[point])}`;
    return stored === undefined ? "" : ` ${general(stored)}`;
  };
  return [
    `contour ${at} ${head.surface} ${xyz.length / 3}${value === undefined ? "" : ` ${general(value)}`}`,
    ...values.map((_, point) => `${three(xyz.subarray(3 * point, 3 * point + 3))}${own(point)}`),
    ...(head.flags ? [`contflags ${head.flags}`] : []),
    ...(head.time ? [`conttime ${head.time}`] : []),
  ];
}

function meshLines({ vertices = new Float32Array(0), indices = new Int32Array(0), flags, time, surface }: ModMesh, at: number) {
  return [
    `mesh ${at} ${vertices.length / 3} ${indices.length}`,
    ...Array.from({ length: vertices.length / 3 }, (_, i) => three(vertices.subarray(3 * i, 3 * i + 3))),
    ...Array.from(indices, String),
    ...(flags ? [`Meshflags ${flags}`] : []),
    ...(time ? [`Meshtime ${time}`] : []),
    ...(surface ? [`Meshsurf ${surface}`] : []),
  ];
}

interface DrawnContour {
  readonly head: ModContour;
  readonly xyz: Float32Array;
  sizes?: Float32Array;
  store: readonly ModStored[];
}

interface DrawnObject {
  readonly head: ModObject;
  surfaces: number;
  material: ModMaterial;
  clips?: ModClips;
  store: readonly ModStored[];
  readonly contours: DrawnContour[];
  readonly meshes: ModMesh[];
}

interface DrawnModel {
  readonly objects: DrawnObject[];
  readonly views: { readonly view: ModView; clips?: ModClips }[];
  readonly slicers: ModSlicerAngles[];
  currentView: number;
  image?: ModImage;
}

function drawnModel({ version, header, chunks }: ModDocument): DrawnModel {
  const model: DrawnModel = { objects: [], views: [], slicers: [], currentView: 0 };
  for (const chunk of chunks) takeChunk(model, chunk, header.flags);
  // older programs did not count surfaces
  if (version !== "V1.2")
    for (const object of model.objects)
      object.surfaces = object.contours.reduce((most, { head }) => Math.max(most, head.surface), 0);
  return model;
}

function takeChunk(model: DrawnModel, chunk: ModChunk, flags: number): void {
  const object = model.objects.at(-1);
  const contour = object?.contours.at(-1);
  if (chunk.kind === "object")
    model.objects.push({
      head: chunk.head,
      surfaces: chunk.head.surfaceCount,
      material: DEFAULT_MATERIAL,
      store: [],
      contours: [],
      meshes: [],
    });
  else if (chunk.kind === "contour") object!.contours.push({ head: chunk.head, xyz: chunk.xyz, store: [] });
  else if (chunk.kind === "sizes") contour!.sizes = chunk.sizes;
  else if (chunk.kind === "mesh") object!.meshes.push(chunk.mesh);
  else if (chunk.kind === "slicerAngles") model.slicers.push(chunk.slicer);
  else if (chunk.kind === "image") model.image = chunk.image;
  else if (chunk.kind === "other") takeDrawing(model, chunk.id, chunk.bytes.subarray(8), flags);
}

function takeDrawing(model: DrawnModel, id: string, body: Uint8Array, flags: number): void {
  const object = model.objects.at(-1);
  const contour = object?.contours.at(-1);
  if (id === "VIEW") {
    const view = decodeView(body);
    if (typeof view === "number") model.currentView = view;
    else model.views.push({ view });
  } else if (id === "MCLP") {
    const last = model.views.at(-1);
    if (last) last.clips = decodeClips(body);
  } else if (object && id === "CLIP") object.clips = fixedClips(decodeClips(body), (flags & SEVERAL_CLIPS_BIT) !== 0);
  else if (object && id === "IMAT") object.material = decodeMaterial(body, (flags & MATERIAL_AS_BYTES_BIT) !== 0);
  else if (object && id === "OBST") object.store = decodeStore(body);
  else if (contour && id === "COST") contour.store = decodeStore(body);
}

/** Angles about x, y and z, then the centre. */
export function slicerNumbers({ angles, center }: ModSlicerAngles): string {
  return `${three(angles)} ${three(center)}`;
}

/** Names of a model's pixel size units, by their number in the header. */
export const UNITS: ReadonlyMap<number, string> = new Map([
  [0, "pixels"],
  [3, "km"],
  [1, "m"],
  [-2, "cm"],
  [-3, "mm"],
  [-6, "um"],
  [-9, "nm"],
  [-10, "A"],
  [-12, "pm"],
]);

/** Text of a file on a line of its own: it can begin no other. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}

const three = (values: ArrayLike<number>): string => Array.from(values, general).join(" ");

const DIGITS = 6;

/** A number as `printf("%g")` has it: six digits, halves to the even one, an exponent where it is below −4 or above 5. */
export function general(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const [mantissa, power] = rounded(Math.abs(value));
  const sign = value < 0 ? "-" : "";
  if (power < -4 || power >= DIGITS) {
    const exponent = `${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
    return `${sign}${plain(`${mantissa[0]}.${mantissa.slice(1)}`)}e${exponent}`;
  }
  if (power < 0) return `${sign}${plain(`0.${"0".repeat(-power - 1)}${mantissa}`)}`;
  return `${sign}${plain(`${mantissa.slice(0, power + 1)}.${mantissa.slice(power + 1)}`)}`;
}

/** Six digits and the power of ten of the first. JavaScript rounds halves up, C to the even digit. */
function rounded(value: number): [digits: string, power: number] {
  const [exact, exactPower] = value.toExponential(100).split("e");
  const digits = exact!.replace(".", "");
  const half = /^50*$/.test(digits.slice(DIGITS)) && Number(digits[DIGITS - 1]) % 2 === 0;
  if (half) return [digits.slice(0, DIGITS), Number(exactPower)];
  const [short, power] = value.toExponential(DIGITS - 1).split("e");
  return [short!.replace(".", ""), Number(power)];
}

/** Removes the zeros at the end of a fraction. */
const plain = (text: string): string => text.replace(/\.?0*$/, "");
