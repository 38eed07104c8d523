import fs from "node:fs";
import { EmporiumError } from "../../../core/errors.js";
import { formatBytes } from "../../../core/units.js";
import { answerJobs } from "../../../system/thread-side.js";
import { datasetsIn, type OpenDataset, openDataset } from "./hdf5-file.js";
import type { Hdf5Job, Hdf5Place, Hdf5Result } from "./hdf5-job.js";

/** The thread of the HDF5 library: the calling one goes on meanwhile, and the library gets no more memory than a job allows. */

/** Memory limit of the job at hand, in bytes, and whether the library was refused more. */
let heapMax = Number.POSITIVE_INFINITY;
let refused = false;
let heapBytes = 0;
const PAGE_BYTES = 65536;

// A filter decodes until its stream ends, whatever the chunk's size: the library is told that there is no more memory, as it would be on a small
// machine. No other WebAssembly is in this thread.
const grow = WebAssembly.Memory.prototype.grow;
WebAssembly.Memory.prototype.grow = function (this: WebAssembly.Memory, pages: number): number {
  const wanted = this.buffer.byteLength + pages * PAGE_BYTES;
  if (wanted > heapMax) {
    refused = true;
    throw new RangeError("no more memory for this job");
  }
  heapBytes = wanted;
  return grow.call(this, pages);
};

// The library writes pages about each fault to the process's own streams, past those of the thread (`silent`), and reports it as well.
const write = fs.writeSync;
const isStream = (fd: number) => fd === 1 || fd === 2;
fs.writeSync = ((fd: number, bytes: NodeJS.ArrayBufferView, offset?: number, length?: number, position?: number) =>
  isStream(fd) ? (length ?? bytes.byteLength) : write(fd, bytes, offset, length, position)) as typeof fs.writeSync;

const open = new Map<number, Promise<OpenDataset>>();

function opened(id: number, place: Hdf5Place): Promise<OpenDataset> {
  const dataset = open.get(id) ?? openDataset(place);
  open.set(id, dataset);
  dataset.catch(() => open.delete(id));
  return dataset;
}

async function done(job: Hdf5Job): Promise<Hdf5Result> {
  switch (job.kind) {
    case "peek": {
      const images = await datasetsIn(job.path, job.name);
      return { kind: "peek", images, heapBytes };
    }
    case "open": {
      const { facts } = await opened(job.id, job.place);
      return { kind: "open", facts, heapBytes };
    }
    case "read": {
      const dataset = await opened(job.id, job.place);
      return { kind: "read", ...dataset.read(job.cell), heapBytes };
    }
    case "close": {
      const dataset = open.get(job.id);
      open.delete(job.id);
      (await dataset?.catch(() => undefined))?.close();
      return { kind: "close", heapBytes };
    }
  }
}

answerJobs<Hdf5Job, Hdf5Result>(
  async (job) => {
    [heapMax, refused] = [job.heapBytes, false];
    try {
      return await done(job);
    } catch (error) {
      if (!refused || job.kind === "close") throw error;
      const name = job.kind === "peek" ? job.name : job.place.name;
      throw new EmporiumError("FORMAT_LIMIT", `${name}: the HDF5 library wants more than ${formatBytes(job.heapBytes)} for it`, {
        place: { file: name },
        hint: "check the file with h5dump, or write it again with h5repack: a chunk may contain more than its dataset says",
        cause: error,
      });
    }
  },
  (result) => (result.kind === "read" ? [result.plain.buffer] : []),
);
