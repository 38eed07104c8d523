import type { BlockLevel, BlockVolume } from "../../../arrays/blocks/volume.js";
import { boxCodecs, describeZarr } from "../../../arrays/stream/source/zarr-volume.js";
import type { Box, Triple } from "../../../core/box.js";
import { readZarrBox } from "../../../formats/zarr/read.js";
import { readZarrV3Box } from "../../../formats/zarr/v3-read.js";
import { openLocation } from "../../../stores/url.js";

/** Opens the finest level of an OME-Zarr image, or a Zarr array, for reading by boxes. */
export async function openVolume(location: string, { anonymous }: { anonymous: boolean }): Promise<BlockVolume> {
  const { store, key } = await openLocation(location, { anonymous, readOnly: true });
  const { name, shape, meta, folder, voxelSizeAngstrom, documents } = await describeZarr(store, key);
  const lead = new Array<number>(meta.shape.length - 3).fill(0);
  const codecs = boxCodecs();
  const isV3 = "codecs" in meta;
  const chunks = meta.chunks.slice(-3) as Triple;
  const level: BlockLevel = {
    shape,
    dtype: meta.type.dtype,
    chunk: chunks,
    voxelSizeNm: voxelSizeAngstrom.map((size) =>
      size === undefined ? undefined : size / 10,
    ) as unknown as BlockLevel["voxelSizeNm"],
    offsetNm: [0, 0, 0],
    codec: "",
    read({ start, stop }: Box, { signal } = {}) {
      const box = { start: [...lead, ...start], stop: [...lead.map(() => 1), ...stop] };
      const read = (part: string, range?: { offset: number; length: number }) =>
        store.read(`${folder}/${part}`, range, { signal });
      if (!isV3) return readZarrBox(read, meta, box, { codecs, name, signal });
      const size = async (part: string) => (await store.stat(`${folder}/${part}`, { signal }))?.size;
      return readZarrV3Box({ read, size }, meta, box, { codecs, name, signal });
    },
  };
  return { name, identity: documents, levels: [level], close: async () => {} };
}
