import { expect, it } from "vitest";
import { memoryStore } from "../../../stores/memory/store.js";
import { checkedOf, type OwnerNote, writeNote } from "./owner-note.js";
import { isOfGraph } from "./owners.js";

it("is of a graph what one has begun or made, and nobody has changed; not what is anybody's, or nothing", async () => {
  const store = memoryStore();
  const text = (value: string) => new TextEncoder().encode(value);
  expect(await isOfGraph(store, "a.zarr/")).toBe(false);
  await store.write("a.zarr/0/c/0", text("chunk"));
  expect(await isOfGraph(store, "a.zarr/")).toBe(false);
  const note: OwnerNote = { graph: "g", location: "memory:/a.zarr", document: "zarr.json", parts: ["0/c/"] };
  await writeNote(store, "a.zarr/", { ...note, documents: { "zarr.json": checkedOf(text("{}")) } });
  expect(await isOfGraph(store, "a.zarr/")).toBe(true);
  await store.write("a.zarr/zarr.json", text("[]"));
  expect(await isOfGraph(store, "a.zarr/")).toBe(false);
});
