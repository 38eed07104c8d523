import { encodeBlosc } from "../../../arrays/kernels/blosc.js";
import { type CodecRegistry, defaultCodecs } from "../../../formats/zarr/codecs.js";

/** Blosc's number for shuffling bytes. */
const SHUFFLE = 1;

/**
 * Codecs for chunks that are written again. LZ4 in Blosc with bytes shuffled, what nearly all volumes have, is this program's own: the library's
 * shuffle knows no size of elements but four bytes.
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
