import { type Block, cutBlock } from "../../../../arrays/operators/block.js";
import { type Box, boxShape, ceilDiv, type Triple } from "../../../../core/box.js";
import { type JsonObject, printJson, printJsonLine } from "../../../../core/json.js";
import { encodeNpy } from "../../../../formats/npy.js";
import { chunkBoxes } from "../../../../formats/precomputed/grid.js";
import { encodeSafetensors } from "../../../../formats/safetensors.js";
import { encodeTar } from "../../../../formats/tar.js";
import type { SaveParams } from "./fields.js";

/** Behind the places of a file's name. */
export function suffixOf({ as }: SaveParams): string {
  return { npy: ".npy", safetensors: ".safetensors", webdataset: ".tar" }[as];
}

/**
 * The file of a block of the volume. The same voxels have the same bytes.
 *
 * @param values one of each tensor, all of the same box
 */
export function fileOf(values: readonly Block[], params: SaveParams): Uint8Array {
  const { as, tensors, block } = params;
  const { box } = values[0]!;
  const shape = boxShape(box);
  if (as === "npy") return encodeNpy(tensors[0]!.dtype, shape, bytesOf(values[0]!));
  if (as === "safetensors") {
    const saved = tensors.map(({ name, dtype }, at) => ({ name, dtype, shape, plain: bytesOf(values[at]!) }));
    return encodeSafetensors(saved, { start: box.start.join(",") });
  }
  const samples = [...chunkBoxes(shape, block)].map((own): Box => {
    const shifted = (corner: Triple) => corner.map((at, axis) => at + box.start[axis]!) as Triple;
    return { start: shifted(own.start), stop: shifted(own.stop) };
  });
  return encodeTar(
    samples.flatMap((own) =>
      sampleOf(
        values.map((value) => cutBlock(value, own)),
        params,
      ),
    ),
  );
}

/** A sample of WebDataset: its key has no dot, what is behind it are its fields. */
function sampleOf(values: readonly Block[], { block, tensors }: SaveParams) {
  const { box } = values[0]!;
  const { start } = box;
  const key = start.map((at, axis) => at / block[axis]!).join("-");
  const shape = boxShape(box);
  const facts = new TextEncoder().encode(printJsonLine({ start, shape }));
  const arrays = tensors.map(({ name, dtype }, at) => ({
    name: `${key}.${name}.npy`,
    body: encodeNpy(dtype, shape, bytesOf(values[at]!)),
  }));
  return [{ name: `${key}.json`, body: facts }, ...arrays];
}

const bytesOf = ({ data: { buffer, byteOffset, byteLength } }: Block) => new Uint8Array(buffer, byteOffset, byteLength);

/** Says what the files are. It is written last: where it is, all of them are. */
export function manifestOf(params: SaveParams): string {
  const { as, tensors, shape, block, file, voxelSizeNm, offsetNm } = params;
  const counts = shape.map((length, axis) => ceilDiv(length, file[axis]!));
  // as braces of a shell, which WebDataset takes
  const files = `${counts.map((count) => (count === 1 ? "0" : `{0..${count - 1}}`)).join(".")}${suffixOf(params)}`;
  const facts: JsonObject = { version: 1, as, tensors, shape, block, file, files, voxelSizeNm, offsetNm };
  return printJson(facts, { indent: 2 });
}
