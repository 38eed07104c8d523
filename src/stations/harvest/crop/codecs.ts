import { encodeBlosc } from "../../../arrays/kernels/blosc.js";
import { type CodecRegistry, defaultCodecs } from "../../../formats/zarr/codecs.js";

/** Blosc's number for shuffling bytes. */
const SHUFFLE = 1;

/**
 * Codecs for chunks that are written again. The usual one, Blosc with LZ4 and shuffled bytes, is this program's own, because the
 * library shuffles elements of four bytes only.
 */
export function writingCodecs(itemBytes: number): CodecRegistry {
  return {
    ...defaultCodecs,
    blosc: (config) => {
      const codec = defaultCodecs.blosc!(config);
      const own = config.cname === "lz4" && config.shuffle === SHUFFLE;
      return own ? { ...codec, encode: (plain) => encodeBlosc(plain, itemBytes) } : codec;
    },
  };
}
