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

/** The file of a block of the volume. The same voxels have the same bytes. */
export function fileOf(value: Block, params: SaveParams): Uint8Array {
  const { as, name, dtype, block } = params;
  const shape = boxShape(value.box);
  if (as === "npy") return encodeNpy(dtype, shape, bytesOf(value));
  if (as === "safetensors")
    return encodeSafetensors([{ name, dtype, shape, plain: bytesOf(value) }], { start: value.box.start.join(",") });
  const samples = [...chunkBoxes(shape, block)].map((own): Box => {
    const shifted = (corner: Triple) => corner.map((at, axis) => at + value.box.start[axis]!) as Triple;
    return { start: shifted(own.start), stop: shifted(own.stop) };
  });
  return encodeTar(samples.flatMap((box) => sampleOf(cutBlock(value, box), params)));
}

/** A sample of WebDataset: its key has no dot, what is behind it are its fields. */
function sampleOf(value: Block, { block, dtype, name }: SaveParams) {
  const { start } = value.box;
  const key = start.map((at, axis) => at / block[axis]!).join("-");
  const shape = boxShape(value.box);
  const facts = new TextEncoder().encode(printJsonLine({ start, shape }));
  return [
    { name: `${key}.json`, body: facts },
    { name: `${key}.${name}.npy`, body: encodeNpy(dtype, shape, bytesOf(value)) },
  ];
}

const bytesOf = ({ data: { buffer, byteOffset, byteLength } }: Block) => new Uint8Array(buffer, byteOffset, byteLength);

/** Says what the files are. It is written last: where it is, all of them are. */
export function manifestOf(params: SaveParams): string {
  const { as, name, dtype, shape, block, file, voxelSizeNm, offsetNm } = params;
  const counts = shape.map((length, axis) => ceilDiv(length, file[axis]!));
  // as braces of a shell, which WebDataset takes
  const files = `${counts.map((count) => (count === 1 ? "0" : `{0..${count - 1}}`)).join(".")}${suffixOf(params)}`;
  const facts: JsonObject = { version: 1, as, name, dtype, shape, block, file, files, voxelSizeNm, offsetNm };
  return printJson(facts, { indent: 2 });
}
