const KiB = 1024;
const MiB = 1024 * KiB;
const GiB = 1024 * MiB;

/**
 * All limits in one place. An input that exceeds one is refused with a typed error before memory is allocated. Each may be raised by the
 * flag that its users document, never silently.
 */
export const LIMITS = {
  /** Configuration files: bytes, keys and entries of lists, nesting depth, expanded aliases. The largest public one has 150 kB and 4,000 lines. */
  configBytes: 16 * MiB,
  configKeys: 250_000,
  configDepth: 64,
  configAliases: 100,
  /** Run data maps and other tables that a configuration names. */
  tableBytes: 256 * MiB,
  /** One line, or one record with quoted line ends, of a text that is read as a stream: characters. */
  recordLength: 1024 * 1024,
  /** Regular expressions of a configuration: characters, and time on one subject. */
  regexLength: 1_000,
  regexTimeMs: 100,
  /** Names found by one glob. */
  globMatches: 10_000_000,
  /** One header or tag tree of a file. */
  headerBytes: 64 * MiB,
  /** Groups within groups of a tag tree, and its tags in all; pages of one TIFF. */
  tagDepth: 64,
  tagCount: 1_000_000,
  pageCount: 1_000_000,
  /** One decoded chunk. */
  chunkBytes: 512 * MiB,
  /**
   * A mesh file, which is read completely; one line of a text file. Memory that HDF5 may use in addition to its file: this, plus four times
   * the file.
   */
  meshBytes: 1 * GiB,
  meshLineBytes: 16 * MiB,
  hdf5MemoryBytes: 64 * MiB,
  /** Elements along one axis, and in total: the largest count that a float64 represents exactly. */
  axisLength: 2 ** 31 - 1,
  elements: 2 ** 53,
  /** Steps of some planes × rows in which a volume is converted: the list of them is in memory. */
  volumeSteps: 500_000,
  /** A JSON metadata document of an array or group. */
  metadataBytes: 32 * MiB,
  /** One bounded XML or JSON reply of a store (listings, errors). */
  replyBytes: 32 * MiB,
  /** Default limit for buffers (`--memory`), and the least that the volume writer can work with. */
  memoryBytes: 512 * MiB,
  memoryBytesMin: 64 * MiB,
  /** Multipart uploads: S3's own rules. */
  partBytesMin: 8 * MiB,
  partCount: 9_000,
  /** Bytes of finished objects that wait on scratch space to be sent to an object store. */
  unsentBytes: 1 * GiB,
  /** Requests in flight to one host. */
  requestsPerHost: 16,
} as const;
