/**
 * A check of one volume in a process of its own, as `blocks check` does it, but of so many MiB of blocks and no more: for bombs.test.ts.
 *
 *     node test/faults/bombs-sample.mjs LOCATION MEMORY_MIB SAMPLE_MIB
 */
import { checkVolume, openBlockVolume, readContext } from "../../dist/index.js";

const [location, memoryMiB, sampleMiB] = process.argv.slice(2);
const context = readContext({ memoryBytes: memoryMiB * 2 ** 20 });
const volume = await openBlockVolume(location, { context });
const { findings, blocks } = await checkVolume(volume, { sampleBytes: sampleMiB * 2 ** 20 });
await context.close();
console.log(`${location}: ${findings.length} findings in ${blocks} blocks`);
process.exit(findings.length > 0 ? 4 : 0); // the thread of HDF5 stays
