import { runMetadataKey } from "../../../model/layout.js";
import { isFolder, readMetadata } from "../identifiers.js";
import { type Importer, passOver } from "./importer.js";
import { addMetadataTask } from "./metadata-task.js";

const KIND = "run";

/** The run's own metadata. */
export const run: Importer<null> = {
  kind: KIND,
  per: "run",
  needs: [],
  title: ({ location }) => `metadata of run ${location.run}`,
  isWanted: ({ selection }) => selection.metadata(KIND),
  find: async () => null,
  async plan(context) {
    const { location, item, target } = context;
    const entity = { kind: KIND, title: run.title(context) } as const;
    if (item.atTarget) {
      passOver(context, entity, "only referred to", item.place);
      return;
    }
    const key = runMetadataKey(location.dataset!, location.run!);
    // a run is of the deposition that brought it: another one that adds to it does not take it over, as the reference would
    const isThere = !context.compat && (await isFolder(target, context.entity.folder));
    const owner = isThere ? (await readMetadata(target.store, key))?.deposition_id : undefined;
    if (owner !== undefined && String(owner) !== context.depositionId) {
      passOver(context, entity, `part of deposition ${String(owner)}`, item.place);
      return;
    }
    addMetadataTask(context, { ...entity, key, configured: {}, measured: { run_name: location.run! }, place: item.place });
  },
};
