import { peekFolder } from "../formats/peek/peek.js";
import { fileMetadata, printDocument } from "../stations/harvest/records/file-metadata.js";
import { nameGiver, nameOfLocation } from "../stations/harvest/records/named-words.js";
import { objectSource, peekObject } from "../stations/harvest/records/object-source.js";
import { located } from "../stations/harvest/records/record.js";
import { folderOf } from "../stations/harvest/records/volume-folder.js";
import { existing, type Place } from "./places.js";

/** The document of `harvest inspect --json` for one file or volume. */
export async function factsOf(place: Place, text: string, exact: boolean, signal: AbortSignal): Promise<string> {
  const { key } = await existing(place, text, signal);
  const { store } = place;
  const isFile = (await store.stat(key, { signal })) !== undefined;
  const { images } = isFile
    ? await peekObject(objectSource(store, key, { name: key, signal }), { exact, signal })
    : await peekFolder(folderOf(store, `${key}/`, key, { signal }), { signal });
  const give = nameGiver();
  const records = images.map((facts) => {
    const location = images.length > 1 ? facts.name : key;
    return located(facts, give(nameOfLocation(location)), location);
  });
  return printDocument(fileMetadata(records));
}
