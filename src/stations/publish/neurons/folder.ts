import type { Store } from "../../../stores/store.js";

/** Files of a neuron's folder that its metadata name. Sizes in bytes; 0 for empty and absent files. */
export interface NeuronFolder {
  readonly name: string;
  readonly soma: number;
  readonly consensus: number;
  readonly dendrite: number;
}

const FILES: Readonly<Record<string, keyof Omit<NeuronFolder, "name">>> = {
  "soma.txt": "soma",
  "consensus.swc": "consensus",
  "dendrite.swc": "dendrite",
};

/** Names of the folders directly below a key, in the bucket's order. */
export async function folderNames(bucket: Store, key: string, signal: AbortSignal | undefined): Promise<string[]> {
  const names: string[] = [];
  for await (const entry of bucket.children(key, { signal })) {
    if (entry.key.endsWith("/")) names.push(entry.key.slice(key.length + 1, -1));
  }
  return names;
}

/** The folders of one date, in the bucket's order. One listing gives names and sizes of all their files. */
export async function neuronFolders(bucket: Store, key: string, signal: AbortSignal | undefined): Promise<NeuronFolder[]> {
  const folders: { -readonly [K in keyof NeuronFolder]: NeuronFolder[K] }[] = [];
  for await (const entry of bucket.list(`${key}/`, { signal })) {
    const [name, file, ...deeper] = entry.key.slice(key.length + 1).split("/");
    if (file === undefined) continue;
    if (folders.at(-1)?.name !== name) folders.push({ name: name!, soma: 0, consensus: 0, dendrite: 0 });
    const kind = deeper.length === 0 && Object.hasOwn(FILES, file) ? FILES[file] : undefined;
    if (kind) folders.at(-1)![kind] = entry.size;
  }
  return folders;
}
