import { inForm } from "../../src/arrays/plane/convert.js";
import {
  firstSample,
  geometryOf,
  isNamedTiltSeries,
  kindOf,
  planeFacts,
  sampleVolume,
  stackPages,
} from "../../src/arrays/plane/facts.js";
import { openPlanes, planeFile } from "../../src/arrays/plane/open.js";
import { type PlaneChoice, type PlaneSource, planeBytes, readPlane } from "../../src/arrays/plane/plane.js";
import { blockSource } from "../../src/core/blocks.js";
import type { RandomAccess } from "../../src/core/bytes.js";
import { asEmporiumError, EmporiumError, type ErrorRecord, toErrorRecord } from "../../src/core/errors.js";
import { peekFile } from "../../src/formats/peek/peek.js";
import { titlesOf } from "../../src/formats/registry.js";
import { encodeOverlay, type OverlayGround } from "../../src/model/overlay-bytes.js";
import type { OverlayLayer, VolumeFacts } from "../../src/model/page-api.js";
import { drawnVoxel } from "../../src/model/voxel-spacing.js";
import { anglesBeside, layersBeside, shapesBeside } from "./dropped-beside.js";

/** A thread that reads planes of one file which was dropped on the page. What it has read goes to the page and nowhere else. */

/** Questions to the thread. Each comes with a port: for its answer, and for any message that says that nobody waits for it. */
export type Question =
  | { readonly file: File; readonly beside: readonly File[] }
  | { readonly layer: string }
  | {
      readonly choice: PlaneChoice;
      readonly as: "native" | "f16" | "u8";
      readonly window?: readonly [low: number, high: number] | undefined;
    };
export type Reply = { readonly answer: unknown } | { readonly error: ErrorRecord };

/** A volume, and what was dropped with it. */
export interface DroppedVolume {
  readonly facts: VolumeFacts;
  readonly layers: readonly OverlayLayer[];
}

/** A plane as the server sends it. */
export interface CutPlane {
  readonly rows: number;
  readonly columns: number;
  readonly dtype: string;
  readonly bytes: ArrayBuffer;
}

/** A read of a disk through the browser costs about as much as this many bytes of it. */
const GAP_BYTES = 64 * 1024;

let planes: PlaneSource | undefined;
let ground: OverlayGround | undefined;
let beside: readonly RandomAccess[] = [];

addEventListener("message", ({ data, ports }: MessageEvent<Question>) => {
  const port = ports[0]!;
  const stop = new AbortController();
  port.onmessage = () => stop.abort();
  const send = (reply: Reply, transfer: Transferable[] = []) => port.postMessage(reply, transfer);
  const work =
    "file" in data
      ? open(data).then((answer) => send({ answer }))
      : "layer" in data
        ? shapesBeside(beside, data.layer, ground!).then((shapes) => {
            const answer = encodeOverlay(shapes).buffer;
            send({ answer }, [answer]);
          })
        : cut(data, stop.signal).then((answer) => send({ answer }, [answer.bytes]));
  work.catch((error: unknown) => send({ error: toErrorRecord(asEmporiumError(error)) }));
});

async function open({ file, beside: others }: Extract<Question, { file: unknown }>): Promise<DroppedVolume> {
  const source = fileSource(file);
  const known = await planeFile(source);
  // it says why what is not known is not
  const [peeked] = (await peekFile(source)).images;
  if (known === undefined || peeked === undefined) {
    throw new EmporiumError("FORMAT_UNSUPPORTED", `${file.name}: slices of ${peeked?.format ?? "this"} are not shown`, {
      place: { file: file.name },
      hint: `files of ${titlesOf()} can be dropped on the page`,
    });
  }
  planes = await openPlanes(source, known, { gapBytes: GAP_BYTES });
  const { voxelSizeAngstrom, originAngstrom } = geometryOf(peeked);
  const facts = planeFacts(planes);
  const [sections, rows, columns] = facts.shape;
  const [z, y, x] = drawnVoxel(voxelSizeAngstrom);
  const [oz = 0, oy = 0, ox = 0] = originAngstrom;
  ground = { sizeVoxels: [columns, rows, sections], voxelAngstrom: [x, y, z], originAngstrom: [ox, oy, oz] };
  beside = others.map(fileSource);
  const { angles, from, warnings } = await anglesBeside(beside, sections);
  const isTiltSeries = angles !== undefined || isNamedTiltSeries(file.name);
  const sample = await sampleVolume(planes);
  const told = {
    ...(voxelSizeAngstrom[2] !== undefined && {
      voxelSizeAngstrom: [{ value: voxelSizeAngstrom[2].toFixed(3), from: "header" }],
    }),
    ...(from !== undefined && { angles: [{ value: `${angles!.length} angles`, from }] }),
  };
  const shown: VolumeFacts = {
    ref: "dropped",
    etag: [file, ...others].map(({ name, size, lastModified }) => `${name} ${size} ${lastModified}`).join(),
    title: file.name,
    place: "",
    key: file.name,
    format: peeked.format,
    kind: kindOf(file.name, { ...facts, isTiltSeries, isTomogram: false }),
    ...facts,
    voxelSizeAngstrom: voxelSizeAngstrom.map((size) => size ?? null),
    originAngstrom: [...originAngstrom] as [number, number, number],
    limits: { ...sample.limits, from: "sample" },
    histogram: sample.histogram,
    isTiltSeries,
    angles,
    warnings: [...peeked.warnings, ...firstSample(peeked), ...warnings],
    pages: stackPages(peeked, facts.shape[0]),
    sources: told,
  };
  return { facts: shown, layers: await layersBeside(beside) };
}

async function cut({ choice, as, window }: Extract<Question, { choice: unknown }>, signal: AbortSignal): Promise<CutPlane> {
  // checks that it is not too large
  planeBytes(planes!, choice);
  const plane = await readPlane(planes!, choice, { signal });
  const { bytes, dtype } = inForm(plane, as === "u8" ? { as, low: window![0], high: window![1] } : { as });
  const whole = bytes.byteLength === bytes.buffer.byteLength ? bytes : bytes.slice();
  return { rows: plane.rows, columns: plane.columns, dtype, bytes: whole.buffer as ArrayBuffer };
}

/** Headers lie together; planes are larger than what is kept, and pass by. */
function fileSource(file: File): RandomAccess {
  const source: RandomAccess = {
    name: file.name,
    size: async () => file.size,
    async read({ offset, length }, { signal } = {}) {
      signal?.throwIfAborted();
      try {
        return new Uint8Array(await file.slice(offset, offset + length).arrayBuffer());
      } catch (cause) {
        // a browser reads the file that was dropped, and no other that has come to its place since
        throw new EmporiumError("SOURCE_CHANGED", `${file.name} has changed since it was dropped, or is gone`, {
          place: { file: file.name },
          hint: "drop it again",
          cause,
        });
      }
    },
  };
  return blockSource(source, { keptBytes: 2 ** 20 });
}
